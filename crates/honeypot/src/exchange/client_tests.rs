//! Real clients at the site, over a listener on loopback; TLS is left out, the site takes the connection for one with it.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use imker_event::{Saw, Scheme};
use tokio::sync::watch;

use super::testing::site;
use crate::connection::{AdmissionLimits, ConnectionRecorder, Socket};
use crate::http::{KeepNothing, Limits};
use crate::listener;
use crate::sensor::{Endpoint, Established, Establishing, Sensor, Tls};
use crate::site::NoDetection;
use crate::store::Store;
use crate::testing::{MemoryStore, Running};

/// Stands in for TLS: hands the socket through.
struct WithoutTls;

impl Tls for WithoutTls {
    fn establish<'t>(&'t self, socket: Socket, _: &'t ConnectionRecorder) -> Establishing<'t> {
        Box::pin(async {
            Ok(Established {
                stream: Box::new(socket),
                http2: false,
            })
        })
    }
}

fn serve(build: &str) -> Running {
    let listener = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let store = Arc::new(MemoryStore::default());
    let sensor = Sensor::new(
        "sensor".into(),
        Arc::clone(&store) as Arc<dyn Store>,
        Arc::new(KeepNothing),
        Arc::new(NoDetection),
        Limits::default(),
        AdmissionLimits::default(),
    );
    let endpoint = Endpoint {
        trusted: Vec::new(),
        host: "host".into(),
        persona: "persona".into(),
        site: Arc::new(site(build)),
        tls: Some(Arc::new(WithoutTls)),
        proxy_protocol: false,
    };
    let (stop, stopped) = watch::channel(false);
    let served = tokio::spawn(listener::serve(
        listener,
        Arc::new(sensor),
        Arc::new(endpoint),
        stopped,
    ));
    Running {
        address,
        store,
        stop,
        served,
    }
}

fn saw(running: &Running) -> Vec<Saw> {
    let events = running.store.events.lock().unwrap();
    events.iter().map(|event| event.saw.clone()).collect()
}

/// The request of Kevin Beaumont's `http-vuln-exchange-proxyshell.nse`, and what that script makes of the status.
#[tokio::test]
async fn published_check_for_proxyshell() {
    for (build, says) in [
        ("15.1.2176.9", "vulnerable"),
        ("15.2.792.10", "vulnerable"),
        ("15.0.1497.48", "patched"),
        ("15.2.1748.43", "unknown"),
        ("15.2.2562.53", "unknown"),
    ] {
        let running = serve(build);
        let answer = running
            .exchange(
                b"GET /autodiscover/autodiscover.json?@test.com/owa/?&Email=autodiscover/autodiscover.json%3F@test.com HTTP/1.1\r\n\
                  User-Agent: Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)\r\n\
                  Host: 192.0.2.10\r\nConnection: close\r\n\r\n",
            )
            .await;
        let status = answer.split(' ').nth(1).unwrap();
        let said = match status {
            "302" => "vulnerable",
            "400" => "patched",
            _ => "unknown",
        };
        assert_eq!(said, says, "{build}: {answer}");
    }
}

#[tokio::test]
async fn curl_logs_on_by_ntlm_and_is_refused() {
    let running = serve("15.2.1748.43");
    let url = format!("http://{}/ews/exchange.asmx", running.address);
    let arguments = ["-s", "-i", "--ntlm", "-u", "EXAMPLE\\j.doe:inert", &url];
    let Some(printed) = Running::run("curl", &arguments).await else {
        return;
    };
    let statuses: Vec<_> = printed.lines().filter(|line| line.starts_with("HTTP/")).collect();
    assert_eq!(statuses, ["HTTP/1.1 401 Unauthorized"; 2], "{printed}");
    running.events(1).await;
    let seen = saw(&running);
    assert!(
        seen.iter()
            .any(|saw| matches!(saw, Saw::NtlmAuthenticate(message) if message.challenge.is_some()))
    );
    let credentials = seen.iter().find_map(|saw| match saw {
        Saw::Credentials(credentials) => Some(credentials),
        _ => None,
    });
    let credentials = credentials.unwrap();
    assert_eq!(
        (credentials.scheme, credentials.username.as_str()),
        (Scheme::Ntlm, "j.doe")
    );
}

#[tokio::test]
async fn curl_posts_the_form() {
    let running = serve("15.1.2176.9");
    let url = format!("http://{}/owa/auth.owa", running.address);
    let form =
        "destination=https://mail.example.org/owa/&flags=4&username=EXAMPLE%5Cj.doe&password=inert&isUtf8=1";
    let Some(printed) = Running::run("curl", &["-s", "-i", "-d", form, &url]).await else {
        return;
    };
    assert!(
        printed.starts_with("HTTP/1.1 302 Found\r\n") && printed.contains("&reason=2&url=https%3a%2f%2f"),
        "{printed}"
    );
    running.events(1).await;
    assert!(
        saw(&running)
            .iter()
            .any(|saw| matches!(saw, Saw::Credentials(credentials) if credentials.scheme == Scheme::Forms))
    );
}

#[tokio::test]
async fn nmap_takes_it_for_exchange() {
    let running = serve("15.1.2176.9");
    let port = running.address.port().to_string();
    let arguments = [
        "-Pn",
        "-n",
        "-sV",
        "-p",
        &port,
        "--script",
        "http-ntlm-info,http-methods,http-server-header",
        "--script-args",
        "http-ntlm-info.root=/ews/",
        "127.0.0.1",
    ];
    let Some(printed) = Running::run("nmap", &arguments).await else {
        return;
    };
    for line in [
        "Microsoft IIS httpd 10.0",
        "NetBIOS_Computer_Name: EX01",
        "DNS_Computer_Name: EX01.corp.example.org",
        "Product_Version: 10.0.17763",
        // As published scans of Exchange servers have it.
        "Supported Methods: GET HEAD POST OPTIONS",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
}
