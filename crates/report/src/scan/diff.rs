//! What changed between two results.

mod read;
mod text;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::io;

use imker_posture::{SeenBuild, Verdict};
use schemars::{JsonSchema, Schema};
use serde::{Serialize, Serializer};
use serde_json::ser::PrettyFormatter;

use crate::json::{Escaping, schema_of};

pub use read::UnreadableResult;
pub use text::diff_text;

/// What changed, host by host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diff {
    /// `imker-scan-diff/1`.
    pub schema: &'static str,
    /// Hosts with each change.
    pub counts: BTreeMap<Change, u64>,
    /// Hosts without any.
    pub unchanged: u64,
    /// Hosts with one, those that became worse first.
    pub hosts: Vec<HostChange>,
}

/// A change of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is open, or in a worse way, or more CVEs are.
    Worse,
    /// The old result does not have it.
    New,
    /// It was told what it is, and now it could not be.
    Untold,
    /// The new result does not have it.
    Gone,
    /// It is no longer open, or in a less bad way, or fewer CVEs are.
    Better,
    /// The worst front end's build is another.
    BuildChanged,
    /// The certificate is another.
    CertificateChanged,
}

impl Change {
    /// All of them, in the order of outputs.
    pub const ALL: [Self; 7] = [
        Self::Worse,
        Self::New,
        Self::Untold,
        Self::Gone,
        Self::Better,
        Self::BuildChanged,
        Self::CertificateChanged,
    ];

    /// Its name in outputs: `build_changed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::New => "new",
            Self::Untold => "untold",
            Self::Gone => "gone",
            Self::Better => "better",
            Self::BuildChanged => "build_changed",
            Self::CertificateChanged => "certificate_changed",
        }
    }
}

/// A host that changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct HostChange {
    /// Its changes.
    pub changes: Vec<Change>,
    /// The target.
    pub target: Box<str>,
    /// How it was.
    pub old: Option<State>,
    /// How it is.
    pub new: Option<State>,
}

/// What is compared of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct State {
    /// Its verdict.
    pub verdict: Verdict,
    /// CVEs of the worst front end that are vulnerable or open by build.
    pub open: u16,
    /// The worst front end's build.
    pub build: Option<SeenBuild>,
    /// The first eight bytes of its certificate's SHA-256, in hexadecimal.
    #[serde(serialize_with = "hexadecimal")]
    #[schemars(with = "Option<String>")]
    pub certificate: Option<u64>,
}

impl State {
    /// How bad it is, where that could be told; what is not open is all alike.
    const fn severity(&self) -> Option<u8> {
        match self.verdict {
            Verdict::Vulnerable => Some(2),
            Verdict::Unpatched => Some(1),
            verdict if verdict.is_untold() => None,
            _ => Some(0),
        }
    }
}

fn hexadecimal<S: Serializer>(number: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    number
        .map(|number| format!("{number:016x}"))
        .serialize(serializer)
}

impl Diff {
    /// Whether a host became worse, or a new one is open.
    pub fn is_worse(&self) -> bool {
        let is_open = |host: &HostChange| host.new.is_some_and(|new| new.open > 0);
        self.hosts.iter().any(|host| match host.changes.first() {
            Some(Change::Worse) => true,
            Some(Change::New) => is_open(host),
            _ => false,
        })
    }

    /// Whether what was told of a host could not be told again.
    pub fn is_untold(&self) -> bool {
        self.counts.contains_key(&Change::Untold)
    }
}

/// Compares two results, JSON or JSON lines. Of the old one, a small digest of each host is kept.
pub fn diff(old: impl io::Read, new: impl io::Read) -> Result<Diff, UnreadableResult> {
    let mut known: HashMap<Box<str>, (State, bool)> = HashMap::new();
    read::hosts(old, "old", &mut |target, state| {
        known.insert(target, (state, false));
    })?;
    let mut hosts = Vec::new();
    let mut unchanged = 0;
    read::hosts(new, "new", &mut |target, state| {
        let old = known.get_mut(&target).map(|(old, seen)| {
            *seen = true;
            *old
        });
        let changes = changes(old, state);
        if changes.is_empty() {
            unchanged += 1;
            return;
        }
        let new = Some(state);
        hosts.push(HostChange {
            changes,
            target,
            old,
            new,
        });
    })?;
    let gone = known.into_iter().filter(|(_, (_, seen))| !seen);
    hosts.extend(gone.map(|(target, (old, _))| HostChange {
        changes: vec![Change::Gone],
        target,
        old: Some(old),
        new: None,
    }));
    hosts.sort_unstable();
    let mut counts = BTreeMap::new();
    for change in hosts.iter().flat_map(|host| &host.changes) {
        *counts.entry(*change).or_default() += 1;
    }
    Ok(Diff {
        schema: "imker-scan-diff/1",
        counts,
        unchanged,
        hosts,
    })
}

fn changes(old: Option<State>, new: State) -> Vec<Change> {
    let Some(old) = old else {
        return vec![Change::New];
    };
    let mut changes = Vec::new();
    match (old.severity(), new.severity()) {
        // Out of reach is not mended, and a build that is not disclosed any more is not another.
        (Some(_), None) => return vec![Change::Untold],
        (None, None) => {}
        (None, Some(0)) => changes.push(Change::Better),
        (None, Some(_)) => changes.push(Change::Worse),
        (Some(before), Some(now)) => match (now, new.open).cmp(&(before, old.open)) {
            Ordering::Greater => changes.push(Change::Worse),
            Ordering::Less => changes.push(Change::Better),
            Ordering::Equal => {}
        },
    }
    if old.build.is_some() && old.build != new.build {
        changes.push(Change::BuildChanged);
    }
    // A host that did not get as far as TLS has not lost its certificate.
    if old.certificate.is_some() && new.certificate.is_some() && old.certificate != new.certificate {
        changes.push(Change::CertificateChanged);
    }
    changes
}

/// JSON schema of the changes (draft 2020-12), committed as `docs/schema/imker-scan-diff-1.schema.json`.
pub fn diff_schema() -> Schema {
    schema_of::<Diff>("imker-scan-diff-1")
}

/// Writes the changes as JSON.
pub fn diff_json(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Escaping(PrettyFormatter::new()));
    diff.serialize(&mut serializer)?;
    out.write_all(b"\n")
}
