//! From what was observed to verdicts.
//!
//! One front end is assessed by itself; the worst decides for the target, unless it is a good one and others may not have
//! been met. Nothing depends on the order of visits.

mod builds;
mod certificates;
mod cves;
mod findings;
mod front_ends;
mod install;
mod location;
mod probes;
mod signs;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Assessment, FrontEnd, Observation, Reason, Verdict};
pub use signs::OWN_HEADERS;
use signs::Signs;

/// From where was asked, which decides what counts as exposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vantage {
    /// From outside: what answers is exposed to everybody.
    #[default]
    Internet,
    /// From within the network.
    Internal,
}

/// What follows from an observation and the tables of builds and fixes.
///
/// Where no Exchange server is seen, it is told apart why:
///
/// - nothing was answered at all: [`Verdict::Unreachable`], or [`Verdict::Unknown`] where this machine or TLS is to
///   blame, or an answer that is broken or too slow;
/// - every answer was 401, 403, 429 or 451, or the connection was cut: [`Verdict::Filtered`], for something refuses to
///   talk before it is known what stands behind it; likewise where some connections were cut and all other answers
///   are those of the next point;
/// - the logon page is not there, or another page, and nothing else is refused, led elsewhere or left unanswered:
///   [`Verdict::NotExchange`], unless an address is missing. NTLM alone is no sign of Exchange: any IIS may offer it;
/// - all else is [`Verdict::Unknown`], a redirect to elsewhere among it: a log-on before Exchange hides it.
pub fn assess(observation: &Observation, vantage: Vantage) -> Assessment {
    let (exchange, verdict, reason) = match signs::of_observation(observation) {
        Signs::Exchange => return of_exchange(observation, vantage),
        Signs::ExchangeOnline(build) => {
            // Anybody can claim such a build; a check that succeeds outweighs it.
            let assessment = of_exchange(observation, vantage);
            if assessment.verdict == Verdict::Vulnerable {
                return assessment;
            }
            let reason = Reason::new("host-exchange-online", [("build", build.to_string())]);
            (Some(true), Verdict::NotAffected, reason)
        }
        Signs::Online(reason) => (Some(true), Verdict::NotAffected, reason),
        Signs::Other(reason) => (Some(false), Verdict::NotExchange, reason),
        Signs::Unreachable(reason) => (None, Verdict::Unreachable, reason),
        Signs::Blocked(reason) => (None, Verdict::Filtered, reason),
        Signs::Untold(reason) => (None, Verdict::Unknown, reason),
    };
    let concerned = !matches!(verdict, Verdict::NotExchange | Verdict::NotAffected);
    Assessment {
        verdict,
        reason,
        exchange,
        front_ends: Vec::new(),
        findings: if concerned {
            findings::of_target(observation)
        } else {
            Vec::new()
        },
    }
}

fn of_exchange(observation: &Observation, vantage: Vantage) -> Assessment {
    let on = TimeZone::UTC.to_datetime(observation.started).date();
    let groups = front_ends::groups(observation);
    let mut front_ends: Vec<FrontEnd> = groups.iter().map(|group| group.assessed(on)).collect();
    front_ends.sort_by(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.name.cmp(&b.name)));
    let (verdict, reason) = match front_ends.first() {
        Some(worst) => (worst.verdict, worst.reason.clone()),
        None => (
            Verdict::Unknown,
            Reason::new("host-untold", [("answers", String::new())]),
        ),
    };
    let is_good = matches!(verdict, Verdict::Fixed | Verdict::Guarded);
    let (verdict, reason) = match signs::untold_part(observation).filter(|_| is_good) {
        Some(untold) => (Verdict::Unknown, untold),
        None => (verdict, reason),
    };
    let findings = findings::of_exchange(observation, on, &groups, &front_ends, vantage);
    Assessment {
        verdict,
        reason,
        exchange: Some(true),
        front_ends,
        findings,
    }
}

#[cfg(test)]
#[path = "assess/testing.rs"]
mod testing;

#[cfg(test)]
#[path = "assess/table_tests.rs"]
mod table_tests;

#[cfg(test)]
#[path = "assess/signs_tests.rs"]
mod signs_tests;

#[cfg(test)]
#[path = "assess/install_tests.rs"]
mod install_tests;

#[cfg(test)]
#[path = "assess/findings_tests.rs"]
mod findings_tests;

#[cfg(test)]
#[path = "assess/property_tests.rs"]
mod property_tests;
