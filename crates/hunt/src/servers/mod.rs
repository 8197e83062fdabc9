//! Which server a log belongs to. What each file tells is gathered; names are settled when all is read.

mod place;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use imker_detect::{LogKind, ServerId, Vantage};

use crate::scan::Traits;
pub(crate) use place::{Folder, LogPlace};

/// The most clues that are told apart; a forged log could name a server of its own with every file.
const CLUES_MAX: usize = 50_000;

/// What a file tells about its server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct Clue {
    /// The name that the user gave.
    pub(crate) given: Option<String>,
    /// `ServerHostName` or `s-computername`.
    pub(crate) host: Option<String>,
    /// A folder's name.
    pub(crate) folder: Option<Arc<str>>,
    /// The folder that holds one server's logs.
    pub(crate) root: Arc<str>,
    /// Whether that is sure.
    pub(crate) structured: bool,
    /// `s-ip`.
    pub(crate) address: Option<IpAddr>,
}

impl Clue {
    pub(crate) fn new(given: Option<&str>, place: &LogPlace, traits: &Traits) -> Self {
        Self {
            given: given.map(str::to_owned),
            host: traits.host.as_deref().map(str::to_owned),
            folder: place.name.clone(),
            root: place.root.clone(),
            structured: place.structured,
            address: traits.address,
        }
    }

    fn is_named(&self) -> bool {
        self.given.is_some() || self.host.is_some() || self.folder.is_some()
    }
}

/// The site or protocol that a log is of, and where it stands.
pub(crate) fn source(kind: LogKind, place: &LogPlace, traits: &Traits) -> (Arc<str>, Vantage) {
    match kind {
        LogKind::HttpErr => ("".into(), Vantage::HttpErr),
        LogKind::HttpProxy => {
            let protocol = || traits.protocol.as_deref().map(Arc::from);
            let source = place.source.clone().or_else(protocol);
            (source.unwrap_or_default(), Vantage::Proxy)
        }
        LogKind::Iis => {
            let is_site = |name: &&str| place::is_site(name);
            let on_a_site = || place.source.clone().filter(|source| place::is_site(source));
            let by_row = || {
                Some(
                    traits
                        .site
                        .as_deref()
                        .filter(is_site)?
                        .to_ascii_uppercase()
                        .into(),
                )
            };
            let by_port = || match traits.port? {
                81 | 444 => Some("W3SVC2".into()),
                80 | 443 => Some("W3SVC1".into()),
                _ => None,
            };
            let source: Arc<str> = on_a_site().or_else(by_row).or_else(by_port).unwrap_or_default();
            let is_back_end =
                &*source == "W3SVC2" || (&*source != "W3SVC1" && matches!(traits.port, Some(81 | 444)));
            let vantage = if is_back_end {
                Vantage::BackEnd
            } else {
                Vantage::FrontEnd
            };
            (source, vantage)
        }
    }
}

/// Clues gathered so far.
#[derive(Debug, Default)]
pub(crate) struct Clues {
    ids: HashMap<Clue, u32>,
    list: Vec<Clue>,
}

impl Clues {
    /// A number for a clue, the same for the same clue.
    pub(crate) fn id(&mut self, clue: Clue) -> ServerId {
        let clue = if self.list.len() < CLUES_MAX || self.ids.contains_key(&clue) {
            clue
        } else {
            Clue::default()
        };
        let next = self.list.len() as u32;
        ServerId(*self.ids.entry(clue).or_insert_with_key(|clue| {
            self.list.push(clue.clone());
            next
        }))
    }

    /// Settles names: the servers in order, and the server of each clue.
    pub(crate) fn settle(&self) -> (Vec<Arc<str>>, Vec<ServerId>) {
        let mut groups = Groups::new(self.list.len());
        self.join_by_name(&mut groups);
        self.join_by_root(&mut groups);
        self.join_by_address(&mut groups);
        self.name(&mut groups)
    }

    fn join_by_name(&self, groups: &mut Groups) {
        let mut first: HashMap<(bool, String), usize> = HashMap::new();
        for (at, clue) in self.list.iter().enumerate() {
            let key = match clue {
                Clue {
                    given: Some(given), ..
                } => (true, given.clone()),
                Clue { host: Some(host), .. } => (false, host_key(host)),
                Clue {
                    folder: Some(folder), ..
                } => (false, host_key(folder)),
                _ => continue,
            };
            groups.join(*first.entry(key).or_insert(at), at);
        }
    }

    /// Logs below one folder are one server's when at most one of them is told.
    fn join_by_root(&self, groups: &mut Groups) {
        let mut roots: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, clue) in self
            .list
            .iter()
            .enumerate()
            .filter(|(_, clue)| clue.given.is_none())
        {
            roots.entry(&clue.root).or_default().push(at);
        }
        for members in roots.values() {
            let told = |at: &&usize| self.list[**at].host.is_some();
            let hosts: BTreeSet<_> = members
                .iter()
                .filter_map(|at| self.list[*at].host.as_deref().map(host_key))
                .collect();
            let addresses: BTreeSet<_> = members.iter().filter_map(|at| self.list[*at].address).collect();
            let one = hosts.len() <= 1
                && (members
                    .iter()
                    .any(|at| self.list[*at].structured || self.list[*at].folder.is_some())
                    || (hosts.len() == 1 && addresses.len() <= 1));
            if one {
                let to = *members.iter().find(told).unwrap_or(&members[0]);
                members.iter().for_each(|at| groups.join(to, *at));
            }
        }
    }

    /// An address that is told together with one name belongs to that server wherever it is told without any.
    fn join_by_address(&self, groups: &mut Groups) {
        let mut named = vec![false; self.list.len()];
        // Names of logs are surer than those of folders.
        let mut holders: [HashMap<IpAddr, BTreeSet<usize>>; 2] = Default::default();
        for (at, clue) in self.list.iter().enumerate() {
            let root = groups.root(at);
            named[root] |= clue.is_named();
        }
        for (at, clue) in self.list.iter().enumerate() {
            let root = groups.root(at);
            if let (true, Some(address)) = (named[root], clue.address) {
                let by_folder = clue.given.is_none() && clue.host.is_none() && clue.folder.is_some();
                let holders = &mut holders[usize::from(by_folder)];
                holders.entry(address).or_default().insert(root);
            }
        }
        let holders = |address: &IpAddr| holders.iter().find_map(|holders| holders.get(address));
        let mut nameless: HashMap<IpAddr, usize> = HashMap::new();
        let mut found: Vec<(usize, &BTreeSet<usize>)> = Vec::new();
        for (at, clue) in self.list.iter().enumerate() {
            let root = groups.root(at);
            let Some(address) = clue.address.filter(|_| !named[root]) else {
                continue;
            };
            match holders(&address) {
                Some(of) => found.push((at, of)),
                None => groups.join(*nameless.entry(address).or_insert(at), at),
            }
        }
        let mut by_group: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (at, of) in found {
            by_group.entry(groups.root(at)).or_default().extend(of);
        }
        for (group, of) in by_group {
            if let (1, Some(server)) = (of.len(), of.first()) {
                groups.join(*server, group);
            }
        }
    }

    fn name(&self, groups: &mut Groups) -> (Vec<Arc<str>>, Vec<ServerId>) {
        // The best kind of name wins, among equals the first in order.
        let mut names: BTreeMap<usize, (u8, String)> = BTreeMap::new();
        for (at, clue) in self.list.iter().enumerate() {
            let name = match clue {
                Clue {
                    given: Some(name), ..
                } => (0, name.clone()),
                Clue { host: Some(name), .. } => (1, name.clone()),
                Clue {
                    folder: Some(name), ..
                } => (2, name.to_string()),
                Clue {
                    address: Some(address),
                    ..
                } => (3, address.to_string()),
                _ => (4, "unknown".to_owned()),
            };
            let best = names.entry(groups.root(at)).or_insert_with(|| name.clone());
            if name < *best {
                *best = name;
            }
        }
        let all: BTreeSet<&str> = names.values().map(|(_, name)| &**name).collect();
        let all: Vec<Arc<str>> = all.into_iter().map(Arc::from).collect();
        let of = (0..self.list.len())
            .map(|at| {
                let name = &*names[&groups.root(at)].1;
                ServerId(
                    all.binary_search_by(|probe| (**probe).cmp(name))
                        .unwrap_or_default() as u32,
                )
            })
            .collect();
        (all, of)
    }
}

/// A host's name without its domain, letter case aside.
fn host_key(name: &str) -> String {
    if name.parse::<IpAddr>().is_ok() {
        return name.to_owned();
    }
    name.split('.').next().unwrap_or(name).to_lowercase()
}

/// Clues that belong together.
struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self {
            parent: (0..count).collect(),
        }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.parent[left.max(right)] = left.min(right);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(clues: Vec<Clue>) -> Vec<String> {
        let mut all = Clues::default();
        let ids: Vec<_> = clues.into_iter().map(|clue| all.id(clue)).collect();
        let (names, of) = all.settle();
        ids.iter()
            .map(|id| names[of[id.0 as usize].0 as usize].to_string())
            .collect()
    }

    fn clue(host: &str, root: &str, structured: bool, address: &str) -> Clue {
        Clue {
            host: (!host.is_empty()).then(|| host.to_owned()),
            root: root.into(),
            structured,
            address: address.parse().ok(),
            ..Clue::default()
        }
    }

    #[test]
    fn a_host_name_holds_for_all_logs_of_its_folder() {
        let logs = vec![
            clue("", "/e", true, "192.0.2.1"),
            clue("EX01", "/e", true, ""),
            clue("", "/f", true, "192.0.2.2"),
        ];
        assert_eq!(names(logs), ["EX01", "EX01", "192.0.2.2"]);
    }

    #[test]
    fn two_host_names_in_a_folder_are_two_servers() {
        let logs = vec![
            clue("EX01", "/e", false, "192.0.2.1"),
            clue("ex02.example.org", "/e", false, "192.0.2.2"),
            clue("", "/e", false, "192.0.2.2"),
        ];
        assert_eq!(names(logs), ["EX01", "ex02.example.org", "ex02.example.org"]);
    }

    #[test]
    fn an_address_leads_to_the_server_that_it_is_told_with() {
        let folder = |name: &str, address: &str| Clue {
            folder: Some(name.into()),
            ..clue("", &format!("/e/{name}"), true, address)
        };
        let logs = vec![
            folder("EX01", "192.0.2.1"),
            folder("EX02", "192.0.2.2"),
            clue("", "/x", false, "192.0.2.2"),
            clue("", "/y", false, "192.0.2.3"),
        ];
        assert_eq!(names(logs.clone()), ["EX01", "EX02", "EX02", "192.0.2.3"]);
        // Two servers claim it.
        let mut claimed = logs.clone();
        claimed.push(folder("EX03", "192.0.2.2"));
        assert_eq!(names(claimed)[2], "192.0.2.2");
        // What a log says comes before the folder's name.
        let mut told = logs;
        told.push(clue("EX04", "/z", false, "192.0.2.2"));
        assert_eq!(names(told), ["EX01", "EX02", "EX04", "192.0.2.3", "EX04"]);
    }

    #[test]
    fn a_given_name_comes_before_all_others() {
        let given = Clue {
            given: Some("mail".into()),
            ..clue("EX01", "/e", true, "")
        };
        assert_eq!(names(vec![given, clue("EX01", "/f", true, "")]), ["mail", "EX01"]);
    }

    #[test]
    fn folders_and_hosts_of_one_name_are_one_server() {
        let folder = Clue {
            folder: Some("ex01".into()),
            ..clue("", "/e/ex01", true, "192.0.2.9")
        };
        assert_eq!(
            names(vec![folder, clue("EX01", "/f", false, "")]),
            ["EX01", "EX01"]
        );
        assert_eq!(names(vec![Clue::default()]), ["unknown"]);
    }

    #[test]
    fn the_order_of_files_does_not_matter() {
        let logs = vec![
            clue("", "/a", false, "192.0.2.1"),
            clue("EX01", "/b", false, "192.0.2.1"),
            clue("", "/c", true, "192.0.2.7"),
            clue("EX09", "/c", true, ""),
        ];
        let mut reversed = logs.clone();
        reversed.reverse();
        let mut expected = names(logs);
        expected.reverse();
        assert_eq!(names(reversed), expected);
    }
}
