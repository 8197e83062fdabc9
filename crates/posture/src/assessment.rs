use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Check, Disclosure, NtlmNames, SeenBuild};

/// What follows from an [`Observation`](crate::Observation).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// The worst that was found of any front end; unknown in place of a good one where others may not have been met.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// Whether an Exchange server answers; unknown where nothing tells.
    pub exchange: Option<bool>,
    /// Front ends that answered, the worst first: one for each name (`X-FEServer`) seen, and for each
    /// address that told none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub front_ends: Vec<FrontEnd>,
    /// What else deserves attention, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What is known of one front end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrontEnd {
    /// Its NetBIOS name, from `X-FEServer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Addresses and ports over which it answered.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<SocketAddr>,
    /// The worst of its CVEs.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The most precise build that it disclosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<SeenBuild>,
    /// Product, cumulative update and update: `Exchange 2016 CU19 Mar21SU`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Product: `Exchange 2016`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Day of the release (`2021-03-02`), or its month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// Everything that disclosed a build, without repetition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosures: Vec<Disclosure>,
    /// Whether these agree; absent where fewer than two places told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosures_agree: Option<bool>,
    /// CVEs of the known chains, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cves: Vec<CveFinding>,
    /// Other CVEs whose fix the build lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_open: Vec<String>,
    /// Other CVEs of which the build does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_unknown: Vec<String>,
    /// What to install.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<Reason>,
    /// Virtual directories that were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<Directory>,
    /// Names in its NTLM challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ntlm: Option<NtlmNames>,
}

/// What is said of one CVE of a known chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CveFinding {
    /// `CVE-2021-34473`.
    pub id: String,
    /// The chain: `ProxyShell`.
    pub alias: String,
    /// The answer.
    pub verdict: CveVerdict,
    /// What the build alone says.
    pub status: FixStatus,
    /// Why.
    pub reason: Reason,
    /// The first build with the fix for the front end's cumulative update, or the product's newest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
    /// The update that brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kb: Option<String>,
    /// Requests whose answers decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Check>,
}

/// Whether a CVE can be exploited here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CveVerdict {
    /// The build has the fix.
    Fixed,
    /// The check was refused by Exchange, or stopped by Microsoft's mitigation.
    Guarded,
    /// Something before Exchange stopped the check.
    Filtered,
    /// It cannot be told.
    Unknown,
    /// The check succeeded; or the build lacks the fix, and nothing shows a guard.
    Vulnerable,
}

/// What a build says of a CVE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixStatus {
    /// The fix is there.
    Fixed,
    /// It is not.
    Open,
    /// The build does not tell, or is not known.
    Unknown,
}

/// A virtual directory as it answers without a log-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Directory {
    /// Its name: `EWS`.
    pub name: String,
    /// The request that was answered.
    pub check: Check,
    /// Status of HTTP; absent where nothing was answered.
    pub status: Option<u16>,
    /// Authentication schemes that it offers: `Negotiate`, `NTLM`, `Basic`, `Bearer`, `form`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<String>,
}

/// Something that deserves attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// How much.
    pub level: Level,
    /// What.
    pub what: Reason,
}

/// How much attention something deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Note,
    /// To be mended.
    Warning,
    /// To be mended now.
    Error,
}

/// A sentence as data: the report puts it into English or German. [`ALL`](crate::reasons::ALL) lists what there is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Which sentence.
    pub id: Cow<'static, str>,
    /// What stands in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<Cow<'static, str>, String>,
    /// The sentence; in JSON only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Reason {
    /// A sentence with its arguments.
    pub fn new<const N: usize>(id: &'static str, args: [(&'static str, String); N]) -> Self {
        Self {
            id: Cow::Borrowed(id),
            args: args
                .into_iter()
                .map(|(name, value)| (Cow::Borrowed(name), value))
                .collect(),
            text: None,
        }
    }
}

/// Verdicts, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What answers is no Exchange server.
    NotExchange,
    /// The mail domain lies with Exchange Online.
    NotAffected,
    /// Every CVE of the known chains is fixed.
    Fixed,
    /// No CVE of the known chains is open or unknown, and a check was refused where the build does not tell.
    Guarded,
    /// Nothing answered.
    Unreachable,
    /// Something before Exchange stops the checks, and nothing worse is known.
    Filtered,
    /// It cannot be told.
    Unknown,
    /// The build lacks fixes, and all that it lacks of the known chains is guarded here, or stopped before Exchange.
    Unpatched,
    /// A check succeeded, or the build lacks a fix that nothing guards.
    Vulnerable,
}

impl Verdict {
    /// All of them, from the best to the worst.
    pub const ALL: [Self; 9] = [
        Self::NotExchange,
        Self::NotAffected,
        Self::Fixed,
        Self::Guarded,
        Self::Unreachable,
        Self::Filtered,
        Self::Unknown,
        Self::Unpatched,
        Self::Vulnerable,
    ];

    /// Its name in outputs: `not_exchange`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotExchange => "not_exchange",
            Self::NotAffected => "not_affected",
            Self::Fixed => "fixed",
            Self::Guarded => "guarded",
            Self::Unreachable => "unreachable",
            Self::Filtered => "filtered",
            Self::Unknown => "unknown",
            Self::Unpatched => "unpatched",
            Self::Vulnerable => "vulnerable",
        }
    }

    /// Whether a CVE of the known chains is vulnerable, or open by build.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Unpatched | Self::Vulnerable)
    }

    /// Whether it could not be told how the target stands.
    pub const fn is_untold(self) -> bool {
        matches!(self, Self::Unreachable | Self::Filtered | Self::Unknown)
    }
}
