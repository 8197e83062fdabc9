//! What the judgement over all servers says beyond those of the servers.

use imker_detect::{Judgement, Statement};

use crate::model::HuntReport;

/// Reasons that hold for the report as a whole, and what none of its logs can show: shown once, behind the servers.
pub(crate) struct Overall<'a> {
    pub reasons: Vec<&'a Statement>,
    pub cannot_show: Vec<&'a Statement>,
}

impl<'a> Overall<'a> {
    pub(crate) fn of(report: &'a HuntReport) -> Self {
        let findings = &report.findings;
        let beyond = |list: fn(&Judgement) -> &Vec<Statement>| {
            let told = |statement: &&Statement| {
                let mut servers = findings.servers.iter();
                servers.any(|server| list(&server.judgement).contains(statement))
            };
            let all = list(&findings.judgement).iter();
            all.filter(|statement| !told(statement)).collect()
        };
        Self {
            reasons: beyond(|one| &one.reasons),
            cannot_show: beyond(|one| &one.cannot_show),
        }
    }
}
