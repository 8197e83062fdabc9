//! What happened to EX01 and EX02 from 10 to 13 August 2021. All of it is invented.

use super::servers::{EX01, EX02, Server};
use crate::corpus::attack::{Campaign, Stage};
use crate::corpus::kinds;
use crate::corpus::prng::Prng;
use crate::logs::Request;

/// Tuesday, 10 August 2021, 00:00 UTC.
pub const START: i64 = 1_628_553_600;
pub const DAYS: i64 = 4;

/// EX01 is down while the administrator installs the update.
pub const PATCH_FROM: i64 = at(13, 18, 5);
pub const PATCH_TO: i64 = at(13, 21, 20);

const ATTACKER: &str = "192.0.2.45";
/// Uses the webshell that the attacker left.
const VISITOR: &str = "203.0.113.210";
const WEBSHELL: &str = "/aspnet_client/qzkwvbtn.aspx";
const DOMAIN: &str = "evil.example.com";

/// A time in August 2021 (UTC).
const fn at(day: i64, hour: i64, minute: i64) -> i64 {
    START + (day - 10) * 86_400 + hour * 3_600 + minute * 60
}

/// Requests that stand out, each with the server that it was sent to.
pub fn requests(prng: &mut Prng) -> Vec<(&'static Server, Request)> {
    let mut told = Vec::new();
    for (server, begin, client, agent, act) in SCENES {
        let mut campaign = Campaign::new(prng, client, agent, DOMAIN, begin);
        act(&mut campaign);
        told.extend(campaign.into_requests().map(|request| (server, request)));
    }
    told
}

type Scene = (
    &'static Server,
    i64,
    &'static str,
    &'static str,
    fn(&mut Campaign<'_>),
);

const CERT: &str = "Check+for+CVE-2021-34473";
const NUCLEI: &str = "Nuclei+-+Open-source+project+(github.com/projectdiscovery/nuclei)";
const PYTHON: &str = "python-requests/2.25.1";
const FIREFOX: &str = "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64;+rv:78.0)+Gecko/20100101+Firefox/78.0";

const SCENES: [Scene; 11] = [
    // A CERT asks both servers, and could have told.
    (&EX01, at(10, 2, 14), "203.0.113.200", CERT, probe_of_owa),
    (&EX02, at(10, 2, 15), "203.0.113.200", CERT, refused_probe),
    // Somebody's scanner finds the one server and not the other.
    (&EX01, at(11, 22, 40), "192.0.2.66", NUCLEI, kinds::probe),
    (&EX02, at(11, 22, 41), "192.0.2.66", NUCLEI, refused_probe),
    // The attack: refused by EX02, then through on EX01.
    (&EX02, at(12, 3, 9), ATTACKER, PYTHON, refused_chain),
    (&EX01, at(12, 3, 12), ATTACKER, PYTHON, chain_and_webshell),
    // Another address comes to use what was left behind, on two days.
    (&EX01, at(12, 14, 40), VISITOR, FIREFOX, use_webshell),
    (&EX01, at(13, 9, 2), VISITOR, FIREFOX, use_webshell),
    // Others try EX02 in vain.
    (&EX02, at(13, 5, 30), "2001:db8:bad:1::9", PYTHON, malformed_chain),
    // After the update and the clean-up both doors are shut.
    (&EX01, at(13, 21, 41), ATTACKER, PYTHON, refused_chain),
    (&EX01, at(13, 22, 10), VISITOR, FIREFOX, webshell_gone),
];

fn probe_of_owa(campaign: &mut Campaign<'_>) {
    campaign.send(
        Stage::Probe,
        "GET",
        kinds::JSON,
        &kinds::confused("test.example.com", "/owa/"),
        302,
    );
}

fn refused_probe(campaign: &mut Campaign<'_>) {
    for path in ["/owa/", "/mapi/nspi/"] {
        campaign.send(
            Stage::Probe,
            "GET",
            kinds::JSON,
            &kinds::confused("test.example.com", path),
            401,
        );
    }
}

fn refused_chain(campaign: &mut Campaign<'_>) {
    kinds::stopped(campaign, 401);
}

fn malformed_chain(campaign: &mut Campaign<'_>) {
    kinds::stopped(campaign, 400);
}

fn chain_and_webshell(campaign: &mut Campaign<'_>) {
    kinds::chain(campaign);
    campaign.webshell(WEBSHELL, 2);
}

fn use_webshell(campaign: &mut Campaign<'_>) {
    for _ in 0..9 {
        campaign.wait(5, 240);
        campaign.send(Stage::Webshell, "POST", WEBSHELL, "", 200);
    }
}

fn webshell_gone(campaign: &mut Campaign<'_>) {
    campaign.send(Stage::Webshell, "POST", WEBSHELL, "", 404);
}
