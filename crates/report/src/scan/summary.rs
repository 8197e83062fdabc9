//! Hosts counted as they come, in bounded memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use imker_posture::{Assessment, CveVerdict, Observation, SeenBuild, Verdict};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Different builds that are counted each; a server can claim any.
const BUILDS: usize = 2000;

/// Different networks that are counted each.
const NETWORKS: usize = 65_536;

/// Hosts by verdict; verdicts that no host has are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdicts([u64; Verdict::ALL.len()]);

impl Verdicts {
    /// One host more.
    pub fn add(&mut self, verdict: Verdict) {
        if let Some(place) = Verdict::ALL.iter().position(|other| *other == verdict) {
            self.0[place] += 1;
        }
    }

    /// Hosts with this verdict.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.iter()
            .find(|(other, _)| *other == verdict)
            .map_or(0, |(_, count)| count)
    }

    /// Verdicts with their counts, from the worst to the best.
    pub fn iter(&self) -> impl Iterator<Item = (Verdict, u64)> + '_ {
        Verdict::ALL
            .into_iter()
            .zip(self.0)
            .rev()
            .filter(|(_, count)| *count > 0)
    }

    /// All hosts.
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Hosts with an open CVE.
    pub fn open(&self) -> u64 {
        self.iter()
            .filter(|(verdict, _)| verdict.is_open())
            .map(|(_, count)| count)
            .sum()
    }

    /// Hosts that could not be told.
    pub fn untold(&self) -> u64 {
        self.iter()
            .filter(|(verdict, _)| verdict.is_untold())
            .map(|(_, count)| count)
            .sum()
    }
}

impl Serialize for Verdicts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(verdict, count)| (verdict.name(), count)))
    }
}

impl JsonSchema for Verdicts {
    fn schema_name() -> Cow<'static, str> {
        "Verdicts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let count = generator.subschema_for::<u64>();
        let properties: serde_json::Map<String, serde_json::Value> = Verdict::ALL
            .iter()
            .map(|verdict| (verdict.name().to_owned(), count.clone().to_value()))
            .collect();
        json_schema!({
            "type": "object",
            "description": "Hosts by verdict; verdicts that no host has are left out.",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// All hosts, counted.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// Hosts.
    pub hosts: u64,
    /// By verdict.
    pub verdicts: Verdicts,
    /// By product: `Exchange 2016`.
    pub products: BTreeMap<String, Verdicts>,
    /// By build of the worst front end, in the builds' order.
    pub releases: Vec<ByRelease>,
    /// Hosts with further builds, beyond those counted each.
    pub releases_more: u64,
    /// By network of the first address: /24, or /48 of IPv6. Networks in which nothing answered are left out.
    pub networks: BTreeMap<String, Verdicts>,
    /// Hosts in further networks, beyond those counted each.
    pub networks_more: u64,
    /// Verdicts of each CVE of the known chains, the worst front end's of each host.
    pub cves: BTreeMap<String, BTreeMap<CveVerdict, u64>>,
    #[serde(skip)]
    places: BTreeMap<SeenBuild, usize>,
}

/// Hosts of one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ByRelease {
    /// The build.
    pub build: SeenBuild,
    /// What it is called.
    pub release: Option<String>,
    /// Its hosts.
    pub verdicts: Verdicts,
}

impl Summary {
    /// Counts one host.
    pub fn add(&mut self, observation: &Observation, assessment: &Assessment) {
        let verdict = assessment.verdict;
        self.hosts += 1;
        self.verdicts.add(verdict);
        if let Some(worst) = assessment.front_ends.first() {
            if let Some(product) = &worst.product {
                self.products.entry(product.clone()).or_default().add(verdict);
            }
            if let Some(build) = worst.build {
                self.add_build(build, worst.release.as_deref(), verdict);
            }
        }
        if !matches!(verdict, Verdict::Unreachable) {
            self.add_network(observation, verdict);
        }
        let mut worst: BTreeMap<&str, CveVerdict> = BTreeMap::new();
        for cve in assessment.front_ends.iter().flat_map(|front_end| &front_end.cves) {
            let known = worst.entry(&cve.id).or_insert(cve.verdict);
            *known = cve.verdict.max(*known);
        }
        for (id, verdict) in worst {
            let counts = match self.cves.get_mut(id) {
                Some(counts) => counts,
                None => self.cves.entry(id.to_owned()).or_default(),
            };
            *counts.entry(verdict).or_default() += 1;
        }
    }

    fn add_build(&mut self, build: SeenBuild, release: Option<&str>, verdict: Verdict) {
        if let Some(place) = self.places.get(&build) {
            return self.releases[*place].verdicts.add(verdict);
        }
        if self.places.len() == BUILDS {
            self.releases_more += 1;
            return;
        }
        let mut verdicts = Verdicts::default();
        verdicts.add(verdict);
        let place = self.releases.partition_point(|other| other.build < build);
        self.places
            .values_mut()
            .filter(|other| **other >= place)
            .for_each(|other| *other += 1);
        self.places.insert(build, place);
        let release = release.map(str::to_owned);
        self.releases.insert(
            place,
            ByRelease {
                build,
                release,
                verdicts,
            },
        );
    }

    fn add_network(&mut self, observation: &Observation, verdict: Verdict) {
        let Some(visit) = observation.visits.first() else {
            return;
        };
        let network = network(visit.address.ip());
        let full = self.networks.len() == NETWORKS;
        match self.networks.get_mut(&network) {
            Some(verdicts) => verdicts.add(verdict),
            None if full => self.networks_more += 1,
            None => self.networks.entry(network).or_default().add(verdict),
        }
    }
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}
