//! From sources to targets: without duplicates, without those who must not be asked, in a random order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use ipnet::IpNet;

use super::lines::{self, Kind, Lines};
use super::nmap::{self, NmapError};
use super::shuffle::{Shuffle, Shuffled};
use super::summary::{UNASKED_HOSTS, UNASKED_RANGE};
use super::{
    BadLine, BadTarget, Entry, Exclusions, Host, Permission, Reach, Reaches, Seed, Summary, Target, WhyBad,
    entry,
};

/// Targets that are taken, duplicates included.
const MOST: u64 = 1 << 28;
/// Lines that are kept for showing, of those that name no target.
const SHOWN: usize = 20;

/// Where targets are named.
pub enum Source {
    /// One host, `host:port`, URL, address or network.
    Argument(String),
    /// A list or nmap's XML, which is told by its content.
    File(PathBuf),
    /// The same, from elsewhere: standard input.
    Input {
        /// What messages call it.
        name: String,
        /// The bytes.
        read: Box<dyn Read + Send>,
    },
}

impl Source {
    /// Standard input.
    pub fn stdin() -> Self {
        Self::Input {
            name: "standard input".into(),
            read: Box::new(io::stdin()),
        }
    }
}

/// How targets are gathered.
#[derive(Debug, Clone)]
pub struct Gathering<'a> {
    /// Who must not be asked.
    pub exclusions: &'a Exclusions,
    /// Kinds of addresses that are asked. Names are looked up later: their addresses are to be held to it then.
    pub reaches: Reaches,
    /// Whether somebody gave permission for what needs one; without it, gathering ends where it would be needed.
    pub authorised: bool,
    /// The order.
    pub seed: Seed,
}

/// Why nobody is asked.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// An argument names no target.
    #[error(transparent)]
    Argument(#[from] BadTarget),
    /// A source cannot be read.
    #[error("{name}: {error}")]
    Read {
        /// The source.
        name: String,
        /// What the system says.
        error: io::Error,
    },
    /// A source is neither a list nor nmap's XML.
    #[error("{name}: UTF-16; save it as UTF-8 (PowerShell: Out-File -Encoding utf8)")]
    Utf16 {
        /// The source.
        name: String,
    },
    /// A source is XML, but not nmap's, or broken.
    #[error("{name}: {error}")]
    Nmap {
        /// The source.
        name: String,
        /// What is wrong with it.
        error: NmapError,
    },
    /// Permission is needed.
    #[error("{0}: say with --authorised who gave permission to ask them")]
    NotAuthorised(Permission),
    /// More targets than are taken.
    #[error("more than {MOST} targets: ask them in several scans")]
    TooMany,
    /// Temporary files cannot be written or read.
    #[error("temporary files in {}: {error}", std::env::temp_dir().display())]
    Temporary {
        /// What the system says.
        error: io::Error,
    },
}

impl Gathering<'_> {
    /// Reads all sources to their end.
    ///
    /// # Errors
    /// A source cannot be read, an argument names no target, or permission is needed. Lines that name no target are
    /// counted in the [`Summary`] instead.
    pub fn gather(&self, sources: impl IntoIterator<Item = Source>) -> Result<Targets, GatherError> {
        let mut gatherer = Gatherer {
            how: self,
            shuffle: Shuffle::new(self.seed),
            pushed: 0,
            pushed_in_vain: 0,
            range: None,
            summary: Summary::default(),
        };
        for source in sources {
            gatherer.source(source)?;
        }
        let Gatherer {
            shuffle,
            pushed,
            pushed_in_vain,
            range,
            mut summary,
            ..
        } = gatherer;
        let mut not_asked = 0;
        let each = |text: &str| {
            if pushed_in_vain == 0 {
                return;
            }
            if let Ok(target) = text.parse()
                && let Some(reach) = self.leaves_out(&target)
            {
                not_asked += 1;
                summary.leave_out(target, reach);
            }
        };
        let shuffled = shuffle
            .finish(each)
            .map_err(|error| GatherError::Temporary { error })?;
        summary.left_out_shown.sort_unstable();
        summary.targets = shuffled.remaining();
        summary.asked = summary.targets - not_asked;
        summary.duplicates = pushed - pushed_in_vain - summary.asked;
        let many = (summary.asked > UNASKED_HOSTS).then_some(Permission::Hosts(summary.asked));
        let permission = range.map(Permission::Range).or(many);
        match permission {
            Some(permission) if !self.authorised => Err(GatherError::NotAuthorised(permission)),
            _ => Ok(Targets {
                shuffled,
                remaining: summary.asked,
                summary,
                permission,
                exclusions: self.exclusions.clone(),
                reaches: self.reaches,
                place: 0,
                text: String::new(),
            }),
        }
    }

    fn leaves_out(&self, target: &Target) -> Option<Option<Reach>> {
        left_out(target, self.exclusions, self.reaches)
    }
}

struct Gatherer<'a> {
    how: &'a Gathering<'a>,
    shuffle: Shuffle,
    pushed: u64,
    /// Those of them that are left out.
    pushed_in_vain: u64,
    range: Option<IpNet>,
    summary: Summary,
}

impl Gatherer<'_> {
    fn source(&mut self, source: Source) -> Result<(), GatherError> {
        match source {
            Source::Argument(text) => {
                let entry: Entry = text.parse()?;
                if let Entry::Network(network) = entry
                    && entry::size(&network).is_none()
                {
                    return Err(BadTarget::new(&text, WhyBad::TooLarge).into());
                }
                self.entry(entry)
            }
            Source::File(path) => {
                let name = path.display().to_string();
                match File::open(&path) {
                    Ok(file) => self.read(&name, BufReader::new(file)),
                    Err(error) => Err(GatherError::Read { name, error }),
                }
            }
            Source::Input { name, read } => self.read(&name, BufReader::new(read)),
        }
    }

    fn read(&mut self, name: &str, mut read: impl BufRead) -> Result<(), GatherError> {
        let unreadable = |error| GatherError::Read {
            name: name.into(),
            error,
        };
        match lines::kind(&mut read).map_err(unreadable)? {
            Kind::Utf16 => Err(GatherError::Utf16 { name: name.into() }),
            Kind::Xml => self.nmap(name, read),
            Kind::Lines => {
                let mut lines = Lines::new(read);
                while let Some((number, line)) = lines.next().map_err(unreadable)? {
                    let entry = match line {
                        Ok(heading) if number == 1 && lines::is_heading(heading) => {
                            self.summary.headings += 1;
                            continue;
                        }
                        Ok(text) => match text.parse() {
                            Ok(Entry::Network(network)) if entry::size(&network).is_none() => {
                                Err(BadTarget::new(text, WhyBad::TooLarge))
                            }
                            entry => entry,
                        },
                        Err(why) => Err(BadTarget::new("", why)),
                    };
                    match entry {
                        Ok(entry) => self.entry(entry)?,
                        Err(bad) => self.bad(name, number, bad),
                    }
                }
                Ok(())
            }
        }
    }

    fn nmap(&mut self, name: &str, read: impl BufRead) -> Result<(), GatherError> {
        let mut hosts = nmap::Hosts::new(read);
        let broken = |error| GatherError::Nmap {
            name: name.into(),
            error,
        };
        while let Some(host) = hosts.next().map_err(broken)? {
            if !host.up {
                self.summary.down += 1;
                continue;
            }
            match host.targets() {
                Ok(targets) if targets.is_empty() => self.summary.without_web += 1,
                Ok(targets) => targets.into_iter().try_for_each(|target| self.target(&target))?,
                Err(bad) => self.bad(name, host.number, bad),
            }
        }
        Ok(())
    }

    fn bad(&mut self, source: &str, line: u64, bad: BadTarget) {
        self.summary.bad += 1;
        if self.summary.shown.len() < SHOWN {
            self.summary.shown.push(BadLine {
                source: source.into(),
                line,
                bad,
            });
        }
    }

    fn entry(&mut self, entry: Entry) -> Result<(), GatherError> {
        let network = match entry {
            Entry::Target(target) => return self.target(&target),
            Entry::Network(network) => network,
        };
        if entry::size(&network).is_none_or(|size| size > UNASKED_RANGE) {
            if !self.how.authorised {
                return Err(GatherError::NotAuthorised(Permission::Range(network)));
            }
            self.range.get_or_insert(network);
        }
        entry::addresses(&network).try_for_each(|address| self.target(&Host::Address(address).into()))
    }

    /// Who is left out keeps a place in the order, so that somebody can be excluded while a scan is under way.
    fn target(&mut self, target: &Target) -> Result<(), GatherError> {
        self.pushed_in_vain += u64::from(self.how.leaves_out(target).is_some());
        if self.pushed == MOST {
            return Err(GatherError::TooMany);
        }
        self.pushed += 1;
        self.shuffle
            .push(&target.to_string())
            .map_err(|error| GatherError::Temporary { error })
    }
}

/// Whether a target is left out: for what its address is for, or (`None` within) because it must not be asked.
fn left_out(target: &Target, exclusions: &Exclusions, reaches: Reaches) -> Option<Option<Reach>> {
    if let Host::Address(address) = target.host {
        let reach = Reach::of(address);
        if !reaches.contains(reach) {
            return Some(Some(reach));
        }
    }
    exclusions.excludes(&target.host).then_some(None)
}

/// Targets in their order with their places in it, each once, without those who are left out. Memory holds a few of them, a temporary file the rest.
pub struct Targets {
    shuffled: Shuffled,
    remaining: u64,
    summary: Summary,
    permission: Option<Permission>,
    exclusions: Exclusions,
    reaches: Reaches,
    place: u64,
    text: String,
}

impl Targets {
    /// What became of all that was named.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What needed permission.
    pub fn permission(&self) -> Option<Permission> {
        self.permission
    }

    /// How many are still to come.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// The same for the same targets and seed, and only for these: whether a scan can be resumed with them.
    pub fn fingerprint(&self) -> u128 {
        self.shuffled.fingerprint()
    }
}

impl Iterator for Targets {
    type Item = io::Result<(u64, Target)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.shuffled.next_into(&mut self.text) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
            let place = self.place;
            self.place += 1;
            match self.text.parse::<Target>() {
                Ok(target) if left_out(&target, &self.exclusions, self.reaches).is_some() => {}
                Ok(target) => {
                    self.remaining -= 1;
                    return Some(Ok((place, target)));
                }
                Err(bad) => return Some(Err(io::Error::new(io::ErrorKind::InvalidData, bad))),
            }
        }
    }
}
