//! What tests share: a small rule book and lines of made-up logs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use imker_event::WebRequest;
use imker_sigma::{Level, Origin, Rule, RuleIndex};
use jiff::Timestamp;

use crate::model::{Place, ServerId, Sighting, Vantage};
use crate::rulebook::RuleBook;
use crate::tables::Tables;

const STAGES: &str = "chain,stage,order,kind,title_en
ProxyShell,probe,1,probe,
ProxyShell,sid,4,exploit,
ProxyShell,powershell,5,exploit,
ProxyNotShell,probe,1,probe,
ProxyNotShell,powershell,2,exploit,
Webshell,webshell,1,webshell,
";

const CHAINS: &str = "rule,chain,stage
probe-owa,ProxyShell,probe
sid,ProxyShell,sid
powershell,ProxyShell,powershell
webshell,Webshell,webshell
";

/// Rules of the tests, by place.
pub(crate) const PROBE: u32 = 0;
pub(crate) const SID: u32 = 1;
pub(crate) const POWERSHELL: u32 = 2;
pub(crate) const WEBSHELL: u32 = 3;
pub(crate) const SCANNER: u32 = 4;
pub(crate) const NORMAL: u32 = 5;
pub(crate) const INDICATOR: u32 = 6;
pub(crate) const STRANGER: u32 = 7;

pub(crate) fn rule(id: &str, level: Level, tags: &[&str]) -> Rule {
    Rule {
        id: id.into(),
        title: format!("Title of {id}"),
        author: Some("A. Author".into()),
        level,
        status: Some("test".into()),
        description: None,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        references: Vec::new(),
        false_positives: Vec::new(),
        license: None,
        origin: Origin::BuiltIn,
        source: format!("rules/{id}.yml"),
    }
}

pub(crate) fn rules() -> Vec<Rule> {
    let mut rules = vec![
        rule("probe-owa", Level::High, &["attack.t1595.002", "cve.2021-34473"]),
        rule("sid", Level::High, &["attack.t1190", "cve.2021-34473"]),
        rule(
            "powershell",
            Level::Critical,
            &["attack.t1190", "cve.2021-34473", "cve.2021-34523"],
        ),
        rule("webshell", Level::High, &["attack.t1505.003"]),
        rule("scanner-agent", Level::Low, &["attack.t1595"]),
        rule("nspi", Level::Informational, &["imker.normal.mapi-nspi"]),
        rule("indicator/address/203.0.113.99", Level::Medium, &[]),
        rule("stranger", Level::Medium, &["attack.t1190"]),
    ];
    rules[INDICATOR as usize].origin = Origin::Indicator;
    rules[INDICATOR as usize].source = "list.csv".into();
    rules[STRANGER as usize].origin = Origin::User;
    rules
}

pub(crate) fn book(rules: &[Rule]) -> RuleBook {
    RuleBook::new(rules, Tables::parse(STAGES, CHAINS).unwrap(), |_| true)
}

/// A logged line in the making.
#[derive(Debug, Clone)]
pub(crate) struct Line(pub Sighting);

/// A line of server 0's front end, over 443, from 203.0.113.7, on 2021-08-12 at `clock` (`10:00:00`).
pub(crate) fn line(clock: &str, url: &str, status: u16, rules: &[u32]) -> Line {
    line_on("2021-08-12", clock, url, status, rules)
}

pub(crate) fn line_on(day: &str, clock: &str, url: &str, status: u16, rules: &[u32]) -> Line {
    let time: Timestamp = format!("{day}T{clock}Z").parse().unwrap();
    let (stem, query) = url
        .split_once('?')
        .map_or((url, None), |(stem, query)| (stem, Some(query)));
    let mut request = WebRequest::new(time, "GET", stem);
    request.uri_query = query.map(Into::into);
    request.status = Some(status);
    request.server_port = Some(443);
    request.client = Some("203.0.113.7".parse().unwrap());
    let number = u64::from(time.as_second().unsigned_abs() as u32);
    Line(Sighting {
        line: format!("{time} {url} {status}").as_str().into(),
        request,
        rules: rules.iter().map(|rule| RuleIndex(*rule)).collect(),
        server: ServerId(0),
        vantage: Vantage::FrontEnd,
        place: Place {
            file: "W3SVC1/u_ex210812.log".into(),
            line: number,
            offset: number * 100,
        },
    })
}

impl Line {
    pub fn at(mut self, vantage: Vantage) -> Self {
        let file = match vantage {
            Vantage::FrontEnd => "W3SVC1/u_ex210812.log",
            Vantage::Proxy => "HttpProxy/Autodiscover/HttpProxy_2021081210-1.LOG",
            Vantage::BackEnd => "W3SVC2/u_ex210812.log",
            Vantage::HttpErr => "HTTPERR/httperr1.log",
        };
        self.0.vantage = vantage;
        self.0.place.file = file.into();
        self.0.request.server_port = match vantage {
            Vantage::Proxy => None,
            Vantage::BackEnd => Some(444),
            _ => Some(443),
        };
        self
    }

    pub fn from(mut self, client: &str) -> Self {
        self.0.request.client = Some(client.parse().unwrap());
        self
    }

    pub fn on(mut self, server: u32) -> Self {
        self.0.server = ServerId(server);
        self.0.place.file = format!("server{server}/{}", self.0.place.file).into();
        self
    }

    pub fn file(mut self, file: &str) -> Self {
        self.0.place.file = file.into();
        self
    }

    pub fn number(mut self, line: u64) -> Self {
        self.0.place.line = line;
        self
    }

    pub fn id(mut self, id: &str) -> Self {
        self.0.request.request_id = Some(id.into());
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut WebRequest)) -> Self {
        change(&mut self.0.request);
        self
    }
}

pub(crate) fn servers(count: usize) -> Vec<Arc<str>> {
    (0..count)
        .map(|number| format!("EX{:02}", number + 1).into())
        .collect()
}
