//! Attacks: who, when, in which steps; and the truth about each.

use super::kinds::{KINDS, Kind};
use super::prng::Prng;
use super::traffic::put;
use super::truth::{self, Outcome};
use crate::logs::iis::date;
use crate::logs::{Protocol, Request};

/// How times are written in the truth file.
pub const ISO: &str = "%Y-%m-%dT%H:%M:%SZ";

/// A stage of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Probe,
    MailboxList,
    LegacyDn,
    Sid,
    Powershell,
    Ssrf,
    RuleChange,
    Webshell,
    Scan,
}

impl Stage {
    /// Its name in the project's table of stages (`data/stages.csv`).
    fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::MailboxList => "mailbox_list",
            Self::LegacyDn => "legacy_dn",
            Self::Sid => "sid",
            Self::Powershell => "powershell",
            Self::Ssrf => "ssrf",
            Self::RuleChange => "rule_change",
            Self::Webshell => "webshell",
            Self::Scan => "scan",
        }
    }
}

/// An attack under way: each step moves its clock on.
#[derive(Debug)]
pub struct Campaign<'p> {
    pub prng: &'p mut Prng,
    pub client: String,
    /// A second address of the same people.
    pub other: String,
    pub agent: &'static str,
    pub user: &'static str,
    /// The domain in its made-up mail addresses.
    pub domain: String,
    now: i64,
    steps: Vec<(Stage, Request)>,
    webshells: Vec<String>,
}

impl<'p> Campaign<'p> {
    /// One that begins at `now` (Unix time).
    pub fn new(prng: &'p mut Prng, client: &str, agent: &'static str, domain: &str, now: i64) -> Self {
        Self {
            prng,
            client: client.to_owned(),
            other: String::new(),
            agent,
            user: "",
            domain: domain.to_owned(),
            now,
            steps: Vec::new(),
            webshells: Vec::new(),
        }
    }

    /// Its requests.
    pub fn into_requests(self) -> impl Iterator<Item = Request> {
        self.steps.into_iter().map(|(_, request)| request)
    }

    /// Lets some seconds pass.
    pub fn wait(&mut self, low: u64, high: u64) {
        self.now += self.prng.between(low, high) as i64;
    }

    /// One request, a second or more after the one before.
    pub fn send(
        &mut self,
        stage: Stage,
        method: &'static str,
        stem: &str,
        query: &str,
        status: u16,
    ) -> &mut Request {
        self.wait(1, 4);
        let mut request = Request::default();
        request.reset(self.now, self.prng.guid());
        request.method = method;
        request.protocol = protocol(stem);
        request.stem.push_str(stem);
        request.query.push_str(query);
        request.user.push_str(self.user);
        request.client.push_str(&self.client);
        request.agent.push_str(self.agent);
        request.status = status;
        request.taken = self.prng.between(10, 1_500) as u32;
        if status == 404 {
            request.win32 = 2;
        }
        self.steps.push((stage, request));
        &mut self.steps.last_mut().unwrap_or_else(|| unreachable!()).1
    }

    /// Uses the script at `stem`: at first it is not there yet.
    pub fn webshell(&mut self, stem: &str, count: u64) {
        self.send(Stage::Webshell, "GET", stem, "", 404);
        self.wait(5, 60);
        self.send(Stage::Webshell, "GET", stem, "", 200);
        for _ in 0..count {
            self.wait(1, 300);
            self.send(Stage::Webshell, "POST", stem, "", 200);
        }
        self.webshells.push(stem.to_owned());
    }

    /// A name for a script, such as nobody ships.
    pub fn script_name(&mut self) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz";
        let mut name: String = (0..8).map(|_| char::from(self.prng.pick(LETTERS))).collect();
        name.push_str(".aspx");
        name
    }
}

fn protocol(stem: &str) -> Protocol {
    let stem = stem.to_ascii_lowercase();
    [
        ("/autodiscover", Protocol::Autodiscover),
        ("/ecp/", Protocol::Ecp),
        ("/owa/", Protocol::Owa),
        ("/ews/", Protocol::Ews),
    ]
    .into_iter()
    .find_map(|(prefix, protocol)| stem.starts_with(prefix).then_some(protocol))
    .unwrap_or_default()
}

/// An attack with all its requests in order of time.
#[derive(Debug)]
pub struct Attack {
    pub truth: truth::Attack,
    pub requests: Vec<Request>,
}

/// Attacks of `kinds` in random order, the first and the last well within the `span` seconds from `start`.
pub fn plan(kinds: &[&Kind], start: i64, span: i64, prng: &mut Prng) -> Vec<Attack> {
    let mut kinds = kinds.to_vec();
    prng.shuffle(&mut kinds);
    // A webshell that answers after somebody got through is rightly taken for theirs: this one comes before.
    kinds.sort_by_key(|kind| kind.name != "webshell");
    let mut addresses = addresses(prng).into_iter();
    let slot = span * 8 / 10 / kinds.len().max(1) as i64;
    let mut attacks = Vec::with_capacity(kinds.len());
    for (index, kind) in kinds.into_iter().enumerate() {
        let begin = start + span / 20 + slot * index as i64 + prng.below(slot.max(1) as u64 / 2 + 1) as i64;
        let mut domain = (prng.pick(&["foo", "evil", "a", "zdi", "test", "corp"])).to_owned();
        put(&mut domain, format_args!("{}.example.com", prng.below(100)));
        let client = addresses.next().unwrap_or_default();
        let mut campaign = Campaign::new(prng, &client, "python-requests/2.25.1", &domain, begin);
        campaign.other = addresses.next().unwrap_or_default();
        (kind.run)(&mut campaign);
        attacks.push(finish(kind, campaign));
    }
    attacks.sort_by_key(|attack| attack.requests.first().map(|request| request.second));
    attacks
}

/// Kinds by name: `none`, `all`, or names with commas between.
pub fn kinds(names: &str) -> Result<Box<[&'static Kind]>, String> {
    match names {
        "none" => Ok(Box::default()),
        "all" => Ok(KINDS.iter().collect()),
        _ => names
            .split(',')
            .map(|name| {
                KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
                    let known: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
                    format!(
                        "no attack is called `{name}`; known: none, all, {}",
                        known.join(", ")
                    )
                })
            })
            .collect(),
    }
}

/// Attackers' addresses; ordinary clients use other parts of the documentation ranges.
fn addresses(prng: &mut Prng) -> Vec<String> {
    let mut addresses: Vec<String> = (1..=254).map(|host| format!("192.0.2.{host}")).collect();
    addresses.extend((128..=254).map(|host| format!("203.0.113.{host}")));
    addresses.extend((1..=60).map(|host| format!("2001:db8:bad:{host:x}::{:x}", host * 7)));
    prng.shuffle(&mut addresses);
    addresses
}

fn finish(kind: &Kind, campaign: Campaign<'_>) -> Attack {
    let Campaign {
        mut steps, webshells, ..
    } = campaign;
    steps.sort_by_key(|(_, request)| request.second);
    let mut clients: Vec<String> = Vec::new();
    let mut stages: Vec<(Stage, truth::Stage)> = Vec::new();
    for (stage, request) in &steps {
        if !clients.contains(&request.client) {
            clients.push(request.client.clone());
        }
        let outcome = Outcome::of(request.status);
        let time = date(request.second, ISO);
        match stages.iter_mut().find(|(known, _)| known == stage) {
            Some((_, known)) => {
                known.count += 1;
                known.outcome = known.outcome.max(outcome);
                known.last = time;
            }
            None => stages.push((
                *stage,
                truth::Stage {
                    name: stage.name().to_owned(),
                    count: 1,
                    outcome,
                    first: time.clone(),
                    last: time,
                },
            )),
        }
    }
    Attack {
        truth: truth::Attack {
            kind: kind.name.to_owned(),
            chains: kind.chains.iter().map(|&chain| chain.to_owned()).collect(),
            clients,
            verdict: kind.verdict,
            webshells,
            stages: stages.into_iter().map(|(_, stage)| stage).collect(),
            lines: Vec::with_capacity(steps.len()),
        },
        requests: steps.into_iter().map(|(_, request)| request).collect(),
    }
}
