//! Matches for the outputs that show every match.

use std::sync::Arc;

use imker_detect::{Classified, Outcome, Place, ServerId, Sighting, Vantage};
use imker_event::{Text, WebRequest};
use imker_sigma::{Rule, RuleIndex};

use super::{HOSTILE, RuleNamed, rule_powershell, rule_probe, rule_webshell, time};

/// Two matches for the streams: one of an attack, one hostile in every field.
pub fn sightings() -> [(Sighting, Option<Classified>); 2] {
    let mut request = WebRequest::new(
        time("2021-08-12 04:12:33"),
        "GET",
        "/autodiscover/autodiscover.json",
    );
    request.client = Some("203.0.113.7".parse().unwrap());
    request.uri_query =
        Some("@example.org/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@example.org".into());
    request.user_agent = Some("python-requests/2.25.1".into());
    request.status = Some(200);
    request.server_address = Some("192.0.2.5".parse().unwrap());
    request.server_port = Some(443);
    let classified = Classified {
        chain: "ProxyShell".into(),
        stage: "probe".into(),
        outcome: Outcome::Succeeded,
        client: Some("203.0.113.7".parse().unwrap()),
    };
    let place = Place {
        file: "logs/EX01/W3SVC1/u_ex210812.log".into(),
        line: 1042,
        offset: 325_104,
    };
    let line: Text = "2021-08-12 04:12:33 192.0.2.5 GET /autodiscover/autodiscover.json ...".into();
    let first = Sighting {
        request,
        rules: vec![RuleIndex(0), RuleIndex(1)],
        server: ServerId(0),
        vantage: Vantage::FrontEnd,
        place,
        line,
    };
    [(first, Some(classified)), (hostile_sighting(HOSTILE), None)]
}

/// A match in which every text is `text`.
pub fn hostile_sighting(text: &str) -> Sighting {
    let mut request = WebRequest::new(time("2021-08-13 11:00:00"), text, text);
    let some = || Some(Text::from(text));
    request.uri_query = some();
    request.username = some();
    request.user_agent = some();
    request.referer = some();
    request.host = some();
    request.request_id = some();
    request.forwarded_for = some();
    let place = Place {
        file: Arc::from(text),
        line: 1,
        offset: 0,
    };
    Sighting {
        request,
        rules: vec![RuleIndex(2)],
        server: ServerId(1),
        vantage: Vantage::HttpErr,
        place,
        line: text.into(),
    }
}

/// The rules of [`sightings`].
pub fn rules() -> Vec<Rule> {
    let rule = |named: RuleNamed| Rule {
        id: named.id,
        title: named.title,
        author: named.author,
        level: named.level,
        status: Some("test".to_owned()),
        description: None,
        tags: vec![
            "attack.initial-access".to_owned(),
            "attack.t1190".to_owned(),
            "cve.2021-34473".to_owned(),
        ],
        references: vec!["https://example.org/advisory".to_owned()],
        false_positives: Vec::new(),
        license: Some("DRL-1.1".to_owned()),
        origin: named.origin,
        source: named.source,
    };
    vec![rule(rule_probe()), rule(rule_powershell()), rule(rule_webshell())]
}
