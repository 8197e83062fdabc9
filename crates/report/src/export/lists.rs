//! Lists of addresses for firewalls. Nothing in them but addresses, numbers and names that were checked.

use std::io;
use std::str::FromStr;

use imker_intel::{Selected, Selection};

/// The name of a set or table in a firewall: a letter, then letters, digits, `_` or `-`; 28 characters at most, so that
/// a suffix still fits into what the kernel allows an IP set (31).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetName(String);

/// A text that is no [`SetName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a set is a letter, then up to 27 letters, digits, `_` or `-`")]
pub struct BadSetName;

impl FromStr for SetName {
    type Err = BadSetName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        if begins && text.len() <= 28 && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadSetName)
        }
    }
}

impl Default for SetName {
    /// `imker`.
    fn default() -> Self {
        Self("imker".to_owned())
    }
}

/// Writes one address a line, behind comments that begin with `#`.
pub fn blocklist(selection: &Selection<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    head(selection, "as plain list", out)?;
    for source in &selection.sources {
        writeln!(out, "{}", source.address)?;
    }
    Ok(())
}

/// Writes commands for `ipset restore`: the sets `<name>4` and `<name>6`, made where they are not there, in which each
/// address expires by itself, after 2,147,483 seconds at the latest. Loading it again prolongs them.
///
/// What the sets are made with never changes: the kernel takes a set that is there already only as the same.
pub fn ipset(selection: &Selection<'_>, name: &SetName, out: &mut dyn io::Write) -> io::Result<()> {
    let SetName(name) = name;
    head(selection, "for `ipset restore`", out)?;
    longest(selection, "ipset", IPSET_LONGEST, out)?;
    write!(
        out,
        "# A set blocks nothing by itself; what blocks its addresses, once after it was loaded for the first time:\n\
         #   iptables -I INPUT -m set --match-set {name}4 src -j DROP\n\
         #   ip6tables -I INPUT -m set --match-set {name}6 src -j DROP\n"
    )?;
    for (suffix, family) in [("4", "inet"), ("6", "inet6")] {
        writeln!(
            out,
            "create {name}{suffix} hash:ip family {family} maxelem 262144 timeout 604800 -exist"
        )?;
    }
    for source in &selection.sources {
        let suffix = if source.address.is_ipv4() { "4" } else { "6" };
        let timeout = seconds(selection, source).min(IPSET_LONGEST);
        writeln!(
            out,
            "add {name}{suffix} {} timeout {timeout} -exist",
            source.address
        )?;
    }
    Ok(())
}

/// The longest timeout that the kernel's IP sets take, in seconds.
const IPSET_LONGEST: i64 = 2_147_483;

/// The longest timeout that `nft` takes, in seconds: eight digits, about three years.
const NFT_LONGEST: i64 = 99_999_999;

/// Writes commands for `nft -f`: the table `inet <name>` with the sets `attackers4` and `attackers6`, in which each
/// address expires by itself. Loading it replaces what was in these sets, in one transaction.
pub fn nftables(selection: &Selection<'_>, name: &SetName, out: &mut dyn io::Write) -> io::Result<()> {
    let SetName(name) = name;
    head(selection, "for `nft -f`", out)?;
    longest(selection, "nft", NFT_LONGEST, out)?;
    write!(
        out,
        "# A set blocks nothing by itself; what blocks its addresses, once after it was loaded for the first time:\n\
         #   nft 'add chain inet {name} input {{ type filter hook input priority -10; }}'\n\
         #   nft add rule inet {name} input ip saddr @attackers4 drop\n\
         #   nft add rule inet {name} input ip6 saddr @attackers6 drop\n"
    )?;
    writeln!(out, "add table inet {name}")?;
    for (set, kind, is_v4) in [
        ("attackers4", "ipv4_addr", true),
        ("attackers6", "ipv6_addr", false),
    ] {
        writeln!(
            out,
            "add set inet {name} {set} {{ type {kind}; flags interval, timeout; }}"
        )?;
        writeln!(out, "flush set inet {name} {set}")?;
        let of_family: Vec<_> = selection
            .sources
            .iter()
            .filter(|source| source.address.is_ipv4() == is_v4)
            .collect();
        for part in of_family.chunks(1000) {
            writeln!(out, "add element inet {name} {set} {{")?;
            for source in part {
                let timeout = seconds(selection, source).min(NFT_LONGEST);
                writeln!(out, "\t{} timeout {timeout}s,", source.address)?;
            }
            writeln!(out, "}}")?;
        }
    }
    Ok(())
}

/// How long an entry still holds, from the evaluation on.
fn seconds(selection: &Selection<'_>, source: &Selected<'_>) -> i64 {
    let left = source.expires.duration_since(selection.evaluation.created);
    left.as_secs().max(1)
}

/// Says so where entries end earlier than they were to.
fn longest(
    selection: &Selection<'_>,
    program: &str,
    longest: i64,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let is_longer = |source| seconds(selection, source) > longest;
    if selection.sources.iter().any(is_longer) {
        writeln!(
            out,
            "# {program} takes no timeout above {longest} seconds ({} days): entries that were to hold longer end then.",
            longest / 86_400
        )?;
    }
    Ok(())
}

fn head(selection: &Selection<'_>, form: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let (evaluation, left) = (selection.evaluation, selection.left_out);
    writeln!(
        out,
        "# Imker: addresses that attacked honeypots, {form}, as of {}: {}.",
        evaluation.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        selection.sources.len()
    )?;
    writeln!(
        out,
        "# Left out: {} in private, loopback or other special networks, {} in own or allowed networks, {} too old, \
         {} of low score, {} dropped because there were more sources than an evaluation keeps.",
        left.special, left.allowed, left.old, left.low_score, left.not_listed
    )
}
