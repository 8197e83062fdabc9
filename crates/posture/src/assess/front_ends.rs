//! Which answers come from which front end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use jiff::civil::Date;

use super::location::Location;
use super::signs::is_exchange;
use super::{builds, cves, install};
use crate::{Answer, Check, Directory, Disclosure, FrontEnd, NtlmNames, Observation, Response};

/// One front end's answers.
pub(super) struct Group<'a> {
    observation: &'a Observation,
    /// Its NetBIOS name, in upper case as Windows writes it.
    pub name: Option<String>,
    /// By address and port.
    pub answers: BTreeMap<SocketAddr, Vec<&'a Answer>>,
}

/// Answers by `X-FEServer`. One without it belongs to the front ends named over the same connection. Connections without
/// any name belong to the only front end that is named at their address; where none or several are, those of an address
/// count as one by themselves if Exchange answers over them.
pub(super) fn groups(observation: &Observation) -> Vec<Group<'_>> {
    let mut named: BTreeMap<String, Group<'_>> = BTreeMap::new();
    let mut nameless: BTreeMap<SocketAddr, Vec<&Answer>> = BTreeMap::new();
    for visit in &observation.visits {
        let names: BTreeSet<String> = visit.answers.iter().filter_map(name).collect();
        for answer in &visit.answers {
            let own = name(answer);
            for name in &names {
                if own.as_ref().is_none_or(|own| own == name) {
                    let group = named
                        .entry(name.clone())
                        .or_insert_with(|| Group::new(observation));
                    group.answers.entry(visit.address).or_default().push(answer);
                }
            }
            if names.is_empty() {
                nameless.entry(visit.address).or_default().push(answer);
            }
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (address, mut answers) in nameless {
        let mut here = named
            .values_mut()
            .filter_map(|group| group.answers.get_mut(&address));
        match (here.next(), here.next()) {
            (Some(only), None) => only.append(&mut answers),
            _ if answers.iter().any(|answer| is_exchange(answer, observation)) => {
                let mut group = Group::new(observation);
                group.answers.insert(address, answers);
                groups.push(group);
            }
            _ => {}
        }
    }
    groups.extend(named.into_iter().map(|(name, mut group)| {
        group.name = Some(name);
        group
    }));
    groups
}

fn name(answer: &Answer) -> Option<String> {
    let name = answer.response.as_ref()?.header("X-FEServer")?.trim();
    (!name.is_empty()).then(|| name.to_ascii_uppercase())
}

impl<'a> Group<'a> {
    const fn new(observation: &'a Observation) -> Self {
        Self {
            observation,
            name: None,
            answers: BTreeMap::new(),
        }
    }

    /// Where a redirect leads that stays on the server.
    pub fn led_within(&self, response: &'a Response) -> Option<Location<'a>> {
        Location::of(response).filter(|location| location.stays(self.observation))
    }

    /// Of all addresses.
    pub fn answers(&self) -> impl Iterator<Item = &'a Answer> {
        self.answers.values().flatten().copied()
    }

    pub fn responses(&self) -> impl Iterator<Item = (Check, &'a Response)> {
        self.answers()
            .filter_map(|answer| Some((answer.check, answer.response.as_ref()?)))
    }

    /// Everything that disclosed a build, without repetition.
    pub fn disclosures(&self) -> Vec<Disclosure> {
        let mut all: Vec<Disclosure> = self
            .responses()
            .flat_map(|(_, response)| response.builds.clone())
            .collect();
        all.sort_by_key(|disclosure| (disclosure.place, disclosure.build));
        all.dedup();
        all
    }

    /// What follows for this front end.
    pub fn assessed(&self, on: Date) -> FrontEnd {
        let disclosures = self.disclosures();
        let candidates = builds::candidates(&disclosures);
        let known = builds::deciding(&candidates);
        let cves = cves::assess(self, known.as_ref());
        let (verdict, reason) = cves::verdict(&cves, known.as_ref());
        let fixes = known.map(|known| known.fixes());
        FrontEnd {
            name: self.name.clone(),
            addresses: self.answers.keys().copied().collect(),
            verdict,
            reason,
            build: known.map(|known| known.build),
            release: known.and_then(|known| known.release()),
            product: known.and_then(|known| known.product()),
            released: known.and_then(|known| known.released()),
            disclosures_agree: (disclosures.len() > 1).then_some(candidates.len() == 1),
            disclosures,
            cves,
            further_open: fixes
                .as_ref()
                .map(|fixes| fixes.further_open.clone())
                .unwrap_or_default(),
            further_unknown: fixes
                .as_ref()
                .map(|fixes| fixes.further_unknown.clone())
                .unwrap_or_default(),
            install: known.and_then(|known| install::to_install(&known, on)),
            directories: self.directories(),
            ntlm: self.ntlm(),
        }
    }

    fn directories(&self) -> Vec<Directory> {
        let mut directories: BTreeMap<Check, Directory> = BTreeMap::new();
        for answer in self.answers() {
            let Some(name) = answer.check.virtual_directory() else {
                continue;
            };
            let directory = directories.entry(answer.check).or_insert_with(|| Directory {
                name: name.to_owned(),
                check: answer.check,
                status: None,
                authentication: Vec::new(),
            });
            if let Some(response) = &answer.response {
                // Where visits differ, the lower status: what answers once is there.
                directory.status = Some(
                    directory
                        .status
                        .map_or(response.status, |status| status.min(response.status)),
                );
                directory.authentication.extend(schemes(response));
            }
        }
        let mut directories: Vec<Directory> = directories.into_values().collect();
        for directory in &mut directories {
            directory.authentication.sort_unstable();
            directory.authentication.dedup();
        }
        directories
    }

    /// The names of the fullest challenge.
    fn ntlm(&self) -> Option<NtlmNames> {
        let all = self
            .responses()
            .filter_map(|(_, response)| response.ntlm.as_ref());
        all.max_by_key(|names| {
            let text = format!("{names:?}");
            (std::cmp::Reverse(text.matches("None").count()), text)
        })
        .cloned()
    }
}

/// Schemes that an answer offers (RFC 9110, 11.6.1), and `form` for a redirect to OWA's logon page.
fn schemes(response: &Response) -> Vec<String> {
    const KNOWN: [&str; 5] = ["Negotiate", "NTLM", "Basic", "Bearer", "Digest"];
    let challenges = response
        .headers_named("WWW-Authenticate")
        .flat_map(|value| value.split(','));
    let mut schemes: Vec<String> = challenges
        .filter_map(|challenge| challenge.split_whitespace().next())
        .filter_map(|word| KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(word)))
        .map(str::to_owned)
        .collect();
    if Location::of(response).is_some_and(|location| location.is_logon()) {
        schemes.push("form".to_owned());
    }
    schemes
}
