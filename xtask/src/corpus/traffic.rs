//! Ordinary requests to an Exchange server, in the proportions of a real one.

use std::fmt::{Arguments, Write as _};

use super::noise;
use super::people::Person;
use super::prng::Prng;
use crate::logs::{Protocol, Request};

/// What a request is about, with its share in 1000.
const KINDS: [(Kind, u16); 12] = [
    (Kind::Mapi, 380),
    (Kind::ActiveSync, 200),
    (Kind::Ews, 130),
    (Kind::Owa, 100),
    (Kind::Rpc, 50),
    (Kind::Autodiscover, 50),
    (Kind::Health, 50),
    (Kind::AddressBook, 12),
    (Kind::Oab, 8),
    (Kind::PowerShell, 7),
    (Kind::Ecp, 7),
    (Kind::Noise, 6),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Mapi,
    ActiveSync,
    Ews,
    Owa,
    Rpc,
    Autodiscover,
    Health,
    AddressBook,
    Oab,
    PowerShell,
    Ecp,
    Noise,
}

/// An endless source of ordinary requests.
#[derive(Debug)]
pub struct Traffic {
    prng: Prng,
    people: Vec<Person>,
    /// The server's build, which stands in some paths.
    build: &'static str,
    shares: [u16; KINDS.len()],
}

impl Traffic {
    /// Requests of `people` to a server of `build`.
    pub fn new(prng: Prng, people: Vec<Person>, build: &'static str) -> Self {
        Self {
            prng,
            people,
            build,
            shares: KINDS.map(|(_, share)| share),
        }
    }

    /// Overwrites `request` with the next one, received at `second`.
    pub fn next(&mut self, second: i64, request: &mut Request) {
        let Self {
            prng,
            people,
            build,
            shares,
        } = self;
        request.reset(second, prng.guid());
        request.taken = prng.between(2, 90) as u32;
        let person = &people[prng.below(people.len() as u64) as usize];
        match KINDS[prng.weighted(shares)].0 {
            Kind::Mapi => mapi(person, "/mapi/emsmdb/", prng, request),
            Kind::AddressBook => mapi(person, "/mapi/nspi/", prng, request),
            Kind::ActiveSync => active_sync(person, prng, request),
            Kind::Ews => ews(person, prng, request),
            Kind::Owa => owa(person, build, prng, request),
            Kind::Rpc => rpc(person, prng, request),
            Kind::Autodiscover => autodiscover(person, prng, request),
            Kind::Health => health(prng, request),
            Kind::Oab => oab(person, prng, request),
            Kind::PowerShell => powershell(prng, request),
            Kind::Ecp => ecp(person, build, prng, request),
            Kind::Noise => noise::fill(prng, request),
        }
    }
}

/// Appends formatted text.
pub fn put(out: &mut String, text: Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

/// Who asks, from inside in `inside` of 100 cases.
fn asked_by(person: &Person, inside: u64, prng: &mut Prng, request: &mut Request) {
    request.client.push_str(if prng.chance(inside) {
        &person.inside
    } else {
        &person.outside
    });
    put(&mut request.user, format_args!("EXAMPLE\\{}", person.name));
}

/// The first leg of a logon: no user yet, 401.
fn challenge(prng: &mut Prng, request: &mut Request) {
    request.user.clear();
    request.status = 401;
    if prng.chance(60) {
        (request.substatus, request.win32) = (1, 2_148_074_254);
    }
    request.taken = prng.between(0, 16) as u32;
}

fn mapi(person: &Person, stem: &str, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::Mapi;
    request.method = "POST";
    request.stem.push_str(stem);
    put(
        &mut request.query,
        format_args!("MailboxId={}@example.org", person.mailbox),
    );
    request.agent.push_str(person.outlook);
    asked_by(person, 70, prng, request);
    if prng.chance(9) {
        return challenge(prng, request);
    }
    if prng.chance(80) {
        let call = prng.below(9_000);
        put(
            &mut request.query,
            format_args!(
                "&ClientRequestInfo=R:{{{}}}:{call};RT:{};CI:{{{}}}:{};CID:{{{}}}&ClientId={:016X}",
                prng.guid(),
                prng.pick(&["Execute", "NotificationWait", "Connect", "PING"]),
                person.mailbox,
                call * 10 + 1,
                prng.guid(),
                prng.next()
            ),
        );
    }
    if prng.chance(12) {
        request.taken = prng.between(20_000, 300_000) as u32;
    }
}

fn active_sync(person: &Person, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::Eas;
    request.method = if prng.chance(4) { "OPTIONS" } else { "POST" };
    request.stem.push_str("/Microsoft-Server-ActiveSync/default.eas");
    request.agent.push_str(person.device_agent);
    asked_by(person, 15, prng, request);
    let command = prng.pick(&[
        "Ping",
        "Ping",
        "Ping",
        "Sync",
        "Sync",
        "Sync",
        "FolderSync",
        "ItemOperations",
        "Search",
    ]);
    let separator = if prng.chance(50) { "EXAMPLE%5C" } else { "" };
    let domain = if separator.is_empty() {
        "%40example.org"
    } else {
        ""
    };
    put(
        &mut request.query,
        format_args!(
            "Cmd={command}&User={separator}{}{domain}&DeviceId={}&DeviceType={}",
            person.name, person.device, person.device_type
        ),
    );
    if prng.chance(6) {
        return challenge(prng, request);
    }
    if prng.chance(70) {
        put(
            &mut request.query,
            format_args!(
                "&Log=PrxTo%3aex01.example.org_V161_HH%3amail.example.org_SmtpAdrs%3a{}%40example.org_Hb{}_Erq1_Fc1_Cpo20031_Fet20093_As:AllowedG_Mbx%3aex01.example.org_Throttle0_Rto1_Budget:(D)Owner%3aSid_Ccs0",
                person.name,
                prng.between(470, 1770)
            ),
        );
    }
    if command == "Ping" {
        request.taken = prng.between(60_000, 900_000) as u32;
    } else if prng.chance(1) {
        (request.status, request.win32) = (500, 64);
    }
}

fn ews(person: &Person, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::Ews;
    request.method = "POST";
    request.stem.push_str(if prng.chance(80) {
        "/EWS/Exchange.asmx"
    } else {
        "/ews/exchange.asmx"
    });
    match prng.below(4) {
        0 => request
            .agent
            .push_str("Mac+OS+X/10.15.7+(19H1323)+CalendarAgent/930.5.1"),
        1 => request
            .agent
            .push_str("MacOutlook/16.52.21080801+(Intelx64+Mac+OS+X+10.15.7+(Build+19H1323))"),
        2 => put(&mut request.agent, format_args!("{}", person.outlook)),
        _ => request.agent.push_str("ExchangeServicesClient/15.01.2308.004"),
    }
    asked_by(person, 60, prng, request);
    if prng.chance(15) {
        challenge(prng, request);
    }
}

fn owa(person: &Person, build: &str, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::Owa;
    request.agent.push_str(person.browser);
    request.referer.push_str("https://mail.example.org/owa/");
    asked_by(person, 40, prng, request);
    match prng.below(100) {
        0..=44 => {
            request.method = "POST";
            request.stem.push_str("/owa/service.svc");
            let action = prng.pick(&[
                "GetConversationItems",
                "FindConversation",
                "GetItem",
                "UpdateItem",
                "GetReminders",
            ]);
            put(
                &mut request.query,
                format_args!("action={action}&EP=1&ID=-{}&AC=1", prng.between(1, 900)),
            );
        }
        45..=69 => {
            request.stem.push_str("/owa/ev.owa2");
            put(
                &mut request.query,
                format_args!(
                    "ns=PendingRequest&ev=PendingNotificationRequest&UA=0&cid={}&X-OWA-CANARY={:016x}{:016x}-{:016x}.&n={}",
                    prng.guid(),
                    prng.next(),
                    prng.next(),
                    prng.next(),
                    prng.below(500)
                ),
            );
        }
        70..=84 => {
            request.stem.push_str("/owa/service.svc/s/GetPersonaPhoto");
            put(
                &mut request.query,
                format_args!(
                    "email={}%40example.org&UA=0&size=HR64x64&sc={}",
                    person.name,
                    prng.next() >> 20
                ),
            );
            request.status = prng.pick(&[200, 304, 404]);
        }
        85..=93 => {
            let script = prng.pick(&[
                "boot.worldwide.0.mouse.js",
                "boot.worldwide.1.mouse.js",
                "preboot.js",
            ]);
            put(
                &mut request.stem,
                format_args!("/owa/prem/{build}/scripts/{script}"),
            );
            request.status = prng.pick(&[200, 304]);
        }
        94..=96 => {
            request.user.clear();
            request.stem.push_str("/owa/auth/logon.aspx");
            request
                .query
                .push_str("url=https%3a%2f%2fmail.example.org%2fowa%2f&reason=0");
            request.referer.clear();
        }
        97 => {
            request.method = "POST";
            request.user.clear();
            request.stem.push_str("/owa/auth.owa");
            request.status = 302;
        }
        _ => {
            request.user.clear();
            request.stem.push_str("/owa/");
            request.status = 302;
            request.referer.clear();
        }
    }
}

fn rpc(person: &Person, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::RpcHttp;
    request.method = if prng.chance(50) {
        "RPC_IN_DATA"
    } else {
        "RPC_OUT_DATA"
    };
    request.stem.push_str("/rpc/rpcproxy.dll");
    put(
        &mut request.query,
        format_args!("{}@example.org:6001&RequestId={}", person.mailbox, prng.guid()),
    );
    request.agent.push_str("MSRPC");
    asked_by(person, 60, prng, request);
    if prng.chance(15) {
        return challenge(prng, request);
    }
    request.taken = prng.between(1_000, 900_000) as u32;
    if prng.chance(10) {
        request.win32 = 64;
    }
}

fn autodiscover(person: &Person, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::Autodiscover;
    request.client.push_str(if prng.chance(50) {
        &person.inside
    } else {
        &person.outside
    });
    match prng.below(10) {
        // Outlook Mobile, Teams and Skype ask by JSON, which advisories make look like an attack.
        0 => {
            request.stem.push_str("/autodiscover/autodiscover.json");
            let protocol = prng.pick(&["ActiveSync", "AutodiscoverV1", "Ews"]);
            put(
                &mut request.query,
                format_args!(
                    "Email={}%40example.org&Protocol={protocol}&RedirectCount=1",
                    person.name
                ),
            );
            request.agent.push_str("Outlook-iOS/717.13.0");
        }
        1 => {
            put(
                &mut request.stem,
                format_args!("/autodiscover/autodiscover.json/v1.0/{}@example.org", person.name),
            );
            request.query.push_str("Protocol=AutodiscoverV1");
            if prng.chance(50) {
                request.query.push_str("&RedirectCount=1");
            }
            request.agent.push_str(person.outlook);
            request.status = if prng.chance(90) { 200 } else { 302 };
        }
        _ => {
            request.method = "POST";
            request
                .stem
                .push_str(prng.pick(&["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"]));
            request.agent.push_str(person.outlook);
            put(&mut request.user, format_args!("EXAMPLE\\{}", person.name));
            if prng.chance(40) {
                challenge(prng, request);
            }
        }
    }
}

fn health(prng: &mut Prng, request: &mut Request) {
    request.taken = prng.between(0, 9) as u32;
    let (stem, protocol) = prng.pick(&[
        ("/owa/", Protocol::Owa),
        ("/ews/", Protocol::Ews),
        ("/mapi/", Protocol::Mapi),
        ("/Microsoft-Server-ActiveSync/", Protocol::Eas),
        ("/Autodiscover/", Protocol::Autodiscover),
        ("/oab/", Protocol::Oab),
        ("/ecp/", Protocol::Ecp),
    ]);
    request.stem.push_str(stem);
    if prng.chance(60) {
        // The load balancer.
        request.stem.push_str("healthcheck.htm");
        request.client.push_str("10.20.1.5");
        return;
    }
    request
        .client
        .push_str(if prng.chance(50) { "127.0.0.1" } else { "::1" });
    request.protocol = protocol;
    request.agent.push_str("AMProbe/Local/ClientAccess");
    if prng.chance(50) {
        // The local part of a health mailbox's address is long.
        put(
            &mut request.user,
            format_args!(
                "HealthMailbox{:016x}{:016x}@example.org",
                prng.below(4),
                prng.below(4)
            ),
        );
    } else {
        challenge(prng, request);
    }
}

fn oab(person: &Person, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::Oab;
    let file = if prng.chance(60) {
        "oab.xml".to_owned()
    } else {
        format!("{}-data-1.lzx", person.mailbox)
    };
    put(
        &mut request.stem,
        format_args!("/OAB/8b3b1a4e-7d2f-4c6a-9e15-0a2f6c9d4b71/{file}"),
    );
    request.agent.push_str("Microsoft+BITS/7.8");
    request.status = prng.pick(&[200, 206, 304]);
    asked_by(person, 70, prng, request);
    if prng.chance(30) {
        challenge(prng, request);
    }
}

fn powershell(prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::PowerShell;
    request.method = "POST";
    request.port = prng.pick(&[80, 80, 443]);
    request.stem.push_str(if prng.chance(50) {
        "/powershell"
    } else {
        "/PowerShell/"
    });
    put(
        &mut request.query,
        format_args!(
            "clientApplication=ActiveMonitor;PSVersion=5.1.14393.4467&sessionID=Version_15.1_(Build_2307.14)={:016X}",
            prng.next()
        ),
    );
    request.agent.push_str("Microsoft+WinRM+Client");
    request
        .client
        .push_str(prng.pick(&["::1", "10.20.1.11", "10.20.4.20"]));
    request.user.push_str("EXAMPLE\\svc-monitor");
    request.taken = prng.between(20, 9_000) as u32;
}

fn ecp(person: &Person, build: &str, prng: &mut Prng, request: &mut Request) {
    request.protocol = Protocol::Ecp;
    request.agent.push_str(person.browser);
    request.referer.push_str("https://mail.example.org/ecp/");
    asked_by(person, 80, prng, request);
    let (method, stem, query) = prng.pick(&[
        ("GET", "/ecp/", ""),
        (
            "GET",
            "/ecp/default.aspx",
            "rfr=owa&p=organize%2Fautomaticreplies.slab&exsvurl=1",
        ),
        ("POST", "/ecp/DDI/DDIService.svc/GetList", "schema=MailboxService"),
        ("GET", "/ecp/PersonalSettings/HomePage.aspx", "showhelp=false"),
        ("POST", "/ecp/RulesEditor/InboxRules.svc/GetList", ""),
        ("GET", "/ecp/scripts/common.js", ""),
    ]);
    request.method = method;
    match stem.strip_prefix("/ecp/scripts/") {
        Some(script) => put(&mut request.stem, format_args!("/ecp/{build}/scripts/{script}")),
        None => request.stem.push_str(stem),
    }
    request.query.push_str(query);
    if method == "POST" {
        put(
            &mut request.query,
            format_args!(
                "{}msExchEcpCanary={:016x}.",
                if query.is_empty() { "" } else { "&" },
                prng.next()
            ),
        );
    } else if prng.chance(20) {
        request.user.clear();
        request.status = 302;
    }
}
