use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule's place in its [`RuleSet`](crate::RuleSet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RuleIndex(pub u32);

/// Who brought a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Shipped with Imker, under `rules/`.
    BuiltIn,
    /// Added by the user.
    User,
    /// Made from an indicator that the user gave; not a rule anyone wrote.
    Indicator,
}

/// Severity, as the Sigma specification orders it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For context, not for alarm.
    Informational,
    /// Notable.
    Low,
    /// Worth a look.
    Medium,
    /// Urgent.
    High,
    /// Certain and urgent.
    Critical,
}

/// What a rule says of itself. Output that shows a match names id, title, author and source:
/// the Detection Rule License 1.1 asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rule {
    /// UUID; for rules without one, a name made from the source.
    pub id: String,
    /// Title.
    pub title: String,
    /// Author or authors, as written.
    pub author: Option<String>,
    /// Severity; rules without one are [`Level::Medium`].
    pub level: Level,
    /// `stable`, `test`, `experimental`, ...
    pub status: Option<String>,
    /// What it detects.
    pub description: Option<String>,
    /// Tags, such as `attack.t1190` or `cve.2021-34473`.
    pub tags: Vec<String>,
    /// Links.
    pub references: Vec<String>,
    /// Known causes of false alarms.
    pub false_positives: Vec<String>,
    /// Licence named in the rule.
    pub license: Option<String>,
    /// Who brought it.
    pub origin: Origin,
    /// File, or name of the built-in file.
    pub source: String,
}

impl Rule {
    /// CVE ids from the tags, as in `CVE-2021-34473`.
    pub fn cves(&self) -> impl Iterator<Item = String> + '_ {
        self.tags.iter().filter_map(|tag| {
            let id = tag.strip_prefix("cve.")?;
            Some(format!("CVE-{}", id.replace('.', "-").to_ascii_uppercase()))
        })
    }

    /// MITRE ATT&CK technique ids from the tags, as in `T1505.003`.
    pub fn techniques(&self) -> impl Iterator<Item = String> + '_ {
        self.tags.iter().filter_map(|tag| {
            let id = tag.strip_prefix("attack.t")?;
            id.starts_with(|c: char| c.is_ascii_digit())
                .then(|| format!("T{id}"))
        })
    }
}
