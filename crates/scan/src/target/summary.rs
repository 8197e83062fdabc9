//! What became of all that was named, and what of it needs somebody's permission.

use std::collections::BTreeMap;
use std::fmt;

use ipnet::IpNet;

use super::{BadTarget, Reach, Target};

/// Hosts that may be asked without saying who gave permission.
pub(super) const UNASKED_HOSTS: u64 = 256;
/// Addresses of a network that may be asked without saying who gave permission: an IPv4 /28.
pub(super) const UNASKED_RANGE: u32 = 16;

/// Targets that are kept for the result, of those that are not asked.
const LEFT_OUT_SHOWN: usize = 1000;

/// What needs somebody's permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// A network with more than 16 addresses (IPv4 /28, IPv6 /124).
    Range(IpNet),
    /// More than 256 targets.
    Hosts(u64),
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(network) => write!(f, "{network} has more than {UNASKED_RANGE} addresses"),
            Self::Hosts(count) => write!(f, "{count} hosts are more than {UNASKED_HOSTS}"),
        }
    }
}

/// A line that names no target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The source.
    pub source: String,
    /// The line, from 1; of nmap's XML, the host.
    pub line: u64,
    /// What is wrong.
    pub bad: BadTarget,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.source, self.line, self.bad)
    }
}

/// A target that is not asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The target.
    pub target: Target,
    /// What its address is for, where that is the reason; otherwise it must not be asked.
    pub reach: Option<Reach>,
}

/// What became of all that was named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Different targets, those left out included.
    pub targets: u64,
    /// Those of them that are to be asked.
    pub asked: u64,
    /// Lines and arguments beyond the first for a target that is to be asked.
    pub duplicates: u64,
    /// Different targets that must not be asked.
    pub excluded: u64,
    /// Different addresses that are not asked for what they are for.
    pub left_out: BTreeMap<Reach, u64>,
    /// Targets of these two kinds, 1,000 at most, in order.
    pub left_out_shown: Vec<LeftOut>,
    /// Lines and hosts that name no target.
    pub bad: u64,
    /// The first of these.
    pub shown: Vec<BadLine>,
    /// First lines that name a table's columns.
    pub headings: u64,
    /// Hosts of nmap's XML that are not up.
    pub down: u64,
    /// Hosts of nmap's XML without an open port for HTTP or HTTPS.
    pub without_web: u64,
}

impl Summary {
    /// Counts a target that is not asked: for what its address is for, or because it must not be.
    pub(super) fn leave_out(&mut self, target: Target, reach: Option<Reach>) {
        match reach {
            Some(reach) => *self.left_out.entry(reach).or_default() += 1,
            None => self.excluded += 1,
        }
        if self.left_out_shown.len() < LEFT_OUT_SHOWN {
            self.left_out_shown.push(LeftOut { target, reach });
        }
    }
}
