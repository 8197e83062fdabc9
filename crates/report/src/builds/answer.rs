use imker_exchange::{
    Build, Closing, Fix, Install, Release, Support, cves, first_fix, fix, fix_of_three_parts, install,
    is_superseded, last_update, nearest, product, release, releases,
};
use imker_posture::{FixStatus, SeenBuild};
use jiff::civil::Date;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use crate::because::because;
use crate::json::{Escaping, schema_of};
use crate::language::{Language, Texts};

/// All that the tables tell of one build. As JSON, absent things are `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BuildAnswer {
    /// The build, without padding: `15.1.2176.9`; three parts where no more were given.
    pub build: SeenBuild,
    /// `Exchange 2016`.
    pub product: Option<String>,
    /// The cumulative update: `CU19`, `RTM`; 2010: `SP3`.
    pub cu: Option<String>,
    /// The update for it: `Mar21SU`. Absent where the build is the cumulative update itself, is not listed, or has three
    /// parts only.
    pub update: Option<String>,
    /// When it was released: `2021-03-02`, or its month.
    pub date: Option<String>,
    /// The article of the knowledge base.
    pub kb: Option<String>,
    /// Whether exactly this build is listed.
    pub listed: bool,
    /// The day that age and support refer to.
    #[schemars(with = "String")]
    pub as_of: Date,
    /// Days from the release to that day; from the first of the month where no day is known.
    pub age_days: Option<i32>,
    /// What Microsoft does for the product.
    pub support: Option<SupportAnswer>,
    /// CVEs and advisories, by id.
    pub cves: Vec<CveAnswer>,
    /// What to install.
    pub install: Option<InstallAnswer>,
}

/// Microsoft's support for a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SupportAnswer {
    /// `supported`, `paid_only` or `ended`.
    pub state: &'static str,
    /// The last day of support; absent where none is announced.
    pub end: Option<String>,
    /// The last day of paid updates.
    pub paid_until: Option<String>,
    /// The cumulative updates that paid updates are made for.
    pub paid_for: Vec<String>,
    /// The newest update for this cumulative update, or that itself.
    pub last_update: Option<Named>,
    /// Whether the product got newer updates than this cumulative update.
    pub cu_superseded: bool,
}

/// What a build says of a CVE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CveAnswer {
    /// `CVE-2021-34473`.
    pub id: String,
    /// The chain of attacks that it is part of: `ProxyShell`.
    pub alias: Option<String>,
    /// Whether the build has the fix.
    pub status: FixStatus,
    /// Why, as a sentence.
    pub reason: String,
    /// The first build with the fix: for the build's cumulative update or, where that got none, for the newest that did.
    pub fixed_in: Option<String>,
    /// The update that brings it.
    pub kb: Option<String>,
}

/// What to install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InstallAnswer {
    /// The newest cumulative update of the product with the newest update that everybody gets; absent where it is there
    /// already.
    pub newest: Option<Named>,
    /// A newer update, for those who pay for Extended Security Updates.
    pub paid: Option<Named>,
    /// A newer one that a single source names, which could not be checked.
    pub unverified: Option<Named>,
    /// The newest release of the product to move on to, where support has ended.
    pub move_to: Option<Named>,
    /// The least that closes ProxyShell, where it is open.
    pub minimum: Option<Named>,
    /// Whether that is for the cumulative update that is there.
    pub minimum_is_for_this_cu: bool,
    /// The least that closes every known chain that is open.
    pub closes_all: Option<ClosingAnswer>,
}

/// The least that closes chains of attacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClosingAnswer {
    /// The release.
    #[serde(flatten)]
    pub release: Named,
    /// The chains: `ProxyShell`.
    pub chains: Vec<&'static str>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    /// `Exchange 2016 CU19 May21SU`.
    pub release: String,
    /// Its build.
    pub build: String,
    /// Its article of the knowledge base.
    pub kb: Option<String>,
    /// When it was released.
    pub date: String,
}

impl BuildAnswer {
    /// What the tables tell of a build on a day. Reasons are in `language`.
    pub fn new(seen: SeenBuild, as_of: Date, language: Language) -> Self {
        let texts = &Texts::new(language);
        let [major, minor, number] = seen.three_parts();
        // For three parts, the least that can be there.
        let build = match seen {
            SeenBuild::Whole(build) => build,
            SeenBuild::ThreeParts(parts) => releases()
                .map(|release| release.build)
                .find(|build| build.0.starts_with(&parts))
                .unwrap_or(Build([major, minor, number, 0])),
        };
        let listed = match seen {
            SeenBuild::Whole(build) => release(build),
            SeenBuild::ThreeParts(_) => None,
        };
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            build: seen,
            product: product(build).map(|product| product.name.clone()),
            cu: nearest(build).map(|release| release.cumulative_update.clone()),
            update: listed.and_then(|release| told(&release.update)),
            date: listed.map(|release| release.date.clone()),
            kb: listed.and_then(|release| told(&release.kb)),
            listed: listed.is_some(),
            as_of,
            age_days: listed.and_then(|release| release.age(as_of)),
            support: product(build).map(|product| SupportAnswer {
                state: match product.support(as_of) {
                    Support::Supported => "supported",
                    Support::PaidOnly => "paid_only",
                    Support::Ended => "ended",
                },
                end: product.support_end.clone(),
                paid_until: product.paid_until.clone(),
                paid_for: product.paid_for.clone(),
                last_update: last_update(build, as_of).map(Named::from),
                cu_superseded: is_superseded(build, as_of),
            }),
            cves: cves().map(|cve| answer(texts, seen, build, cve)).collect(),
            install: install(build, as_of).map(|install| InstallAnswer::new(&install, build)),
        }
    }

    /// CVEs of the known chains.
    pub fn chained(&self) -> impl Iterator<Item = &CveAnswer> {
        self.cves.iter().filter(|cve| cve.alias.is_some())
    }

    /// Whether a CVE of a known chain is open.
    pub fn is_open(&self) -> bool {
        self.chained().any(|cve| cve.status == FixStatus::Open)
    }

    /// Whether the tables do not tell of a CVE of a known chain, or know neither the build nor its cumulative update.
    pub fn is_unknown(&self) -> bool {
        self.cu.is_none() || self.chained().any(|cve| cve.status == FixStatus::Unknown)
    }

    /// JSON schema of an answer (draft 2020-12), committed as `docs/schema/imker-builds-lookup-1.schema.json`.
    pub fn schema() -> Schema {
        schema_of::<Self>("imker-builds-lookup-1")
    }

    /// Writes it as indented JSON.
    pub fn json(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let formatter = Escaping(serde_json::ser::PrettyFormatter::new());
        let mut serializer = serde_json::Serializer::with_formatter(&mut *out, formatter);
        self.serialize(&mut serializer)?;
        out.write_all(b"\n")
    }
}

impl InstallAnswer {
    fn new(install: &Install, build: Build) -> Self {
        let cumulative_update = nearest(build).map(|release| &release.cumulative_update);
        Self {
            newest: install.newest.map(Named::from),
            paid: install.paid.map(Named::from),
            unverified: install.unverified.map(Named::from),
            move_to: install.move_to.map(Named::from),
            minimum: install.minimum.map(Named::from),
            minimum_is_for_this_cu: install
                .minimum
                .is_some_and(|release| Some(&release.cumulative_update) == cumulative_update),
            closes_all: install.closes_all.as_ref().map(ClosingAnswer::from),
        }
    }
}

impl From<&Closing> for ClosingAnswer {
    fn from(closing: &Closing) -> Self {
        Self {
            release: Named::from(closing.release),
            chains: closing.chains.clone(),
        }
    }
}

impl From<&Release> for Named {
    fn from(release: &Release) -> Self {
        Self {
            release: release.to_string(),
            build: release.build.to_string(),
            kb: Some(release.kb.clone()).filter(|kb| !kb.is_empty()),
            date: release.date.clone(),
        }
    }
}

fn answer(texts: &Texts, seen: SeenBuild, build: Build, cve: imker_exchange::Cve) -> CveAnswer {
    let first = first_fix(build, cve.id);
    let fix = match seen {
        SeenBuild::Whole(build) => fix(build, cve.id),
        SeenBuild::ThreeParts(parts) => fix_of_three_parts(parts, cve.id),
    };
    let first_build = first.map(|first| match first.kb {
        Some(kb) => format!("{} ({kb})", first.build),
        None => first.build.to_string(),
    });
    let say = |id, build: String| texts.say_with(id, [("build", build.into())]);
    let (status, reason) = match (fix, first_build) {
        (Fix::Unknown(why), _) => (FixStatus::Unknown, because(texts, &why)),
        (Fix::Fixed, Some(build)) if first.is_some_and(|first| first.own) => {
            (FixStatus::Fixed, say("builds-fixed-own", build))
        }
        (Fix::Fixed, Some(build)) => (FixStatus::Fixed, say("builds-fixed-newer", build)),
        (Fix::Fixed, None) => (FixStatus::Fixed, texts.say("builds-fixed-never")),
        (Fix::Open, Some(build)) if first.is_some_and(|first| first.own) => {
            (FixStatus::Open, say("builds-open-own", build))
        }
        (Fix::Open, build) => (
            FixStatus::Open,
            say("builds-open-newer", build.unwrap_or_default()),
        ),
    };
    CveAnswer {
        id: cve.id.to_owned(),
        alias: cve.chain.map(str::to_owned),
        status,
        reason,
        fixed_in: first.map(|first| first.build.to_string()),
        kb: first.and_then(|first| first.kb).map(str::to_owned),
    }
}
