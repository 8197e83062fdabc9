//! nmap with our script for ProxyShell, at the options with which it is fastest.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::{COLUMNS, Truth, rate, row, write_targets};
use crate::bench::child::{Cost, Program};
use crate::farm::plan;
use crate::project;

/// Sets of options that are tried, all without looking for hosts and names first. The script's threads are bounded by nmap's
/// group of hosts, its sockets by parallelism.
const OPTIONS: [&[&str]; 6] = [
    &["-T5"],
    &["-T5", "--min-hostgroup", "256"],
    &["-T5", "--min-hostgroup", "2048", "--max-hostgroup", "4096"],
    &[
        "-T5",
        "--min-hostgroup",
        "2048",
        "--max-hostgroup",
        "4096",
        "--min-parallelism",
        "256",
    ],
    &[
        "-T5",
        "--min-hostgroup",
        "2048",
        "--max-hostgroup",
        "4096",
        "--min-parallelism",
        "1024",
        "--max-parallelism",
        "1024",
        "--max-retries",
        "0",
        "--script-timeout",
        "30s",
    ],
    &[
        "-T5",
        "-sT",
        "--min-hostgroup",
        "2048",
        "--max-hostgroup",
        "4096",
        "--min-rate",
        "10000",
        "--max-retries",
        "0",
        "--script-timeout",
        "30s",
    ],
];

/// What the script asks.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Both checks for ProxyShell, as `imker scan` does, but not the logon page.
    BothChecks,
    /// One request a host, which is the least that other scripts for ProxyShell make.
    OneRequest,
}

impl Work {
    pub const fn name(self) -> &'static str {
        match self {
            Self::BothChecks => "both checks",
            Self::OneRequest => "one request",
        }
    }

    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::BothChecks => &[],
            Self::OneRequest => &["--script-args", "http-exchange-proxyshell.quick"],
        }
    }
}

/// Tries all, prints a row for each, and returns what the fastest took of those whose answers are right.
pub fn fastest(work: Work, folder: &Path, port: u16, hosts: u32, truth: &Truth) -> Result<Cost> {
    let (list, found) = (folder.join("nmap.txt"), folder.join("nmap.xml"));
    write_targets(&list, plan::servers(hosts).map(|address| address.to_string()))?;
    let script = project::root().join("contrib/nmap/http-exchange-proxyshell.nse");
    println!(
        "\n| nmap -Pn -n, {} | {COLUMNS} | wrong |\n|---|{}",
        work.name(),
        "---:|".repeat(7)
    );
    let mut best: Option<Cost> = None;
    for options in OPTIONS {
        let program = Program::new("nmap", ["nmap", "-Pn", "-n", "-p", &port.to_string(), "--script"])
            .with(&script)
            .with("-oX")
            .with(&found)
            .with("-iL")
            .with(&list);
        let program = options
            .iter()
            .chain(work.arguments())
            .fold(program, |program, option| program.with(*option));
        let cost = program.cost().wrap_err("nmap does not run")?;
        let wrong = wrong(&fs::read_to_string(&found).into_diagnostic()?, hosts, truth);
        println!("| {} | {} | {wrong} |", options.join(" "), row(hosts, cost));
        let faster = best.is_none_or(|best| rate(hosts, cost) > rate(hosts, best));
        if wrong == 0 && faster {
            best = Some(cost);
        }
    }
    best.ok_or_else(|| miette!("nmap was right with no options"))
}

/// Hosts of which nmap's XML does not say what is true.
fn wrong(xml: &str, hosts: u32, truth: &Truth) -> usize {
    let mut vulnerable = Vec::new();
    for host in xml.split("<host ").skip(1) {
        let address = host
            .split("addr=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let address = address.and_then(|address| address.parse::<Ipv4Addr>().ok());
        if host.contains("<elem key=\"state\">VULNERABLE</elem>") {
            vulnerable.extend(address);
        }
    }
    plan::servers(hosts)
        .filter(|address| truth[address].proxy_shell != vulnerable.contains(address))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nmap_missed_is_counted() {
        let config = plan::config("data".as_ref()).unwrap_or_else(|error| panic!("{error}"));
        let truth: Truth = plan::servers(50)
            .map(|address| (address, plan::truth(&config, address)))
            .collect();
        let open: Vec<_> = truth.iter().filter(|(_, truth)| truth.proxy_shell).collect();
        assert!(open.len() > 5);
        let xml = open.iter().fold("<nmaprun>".to_owned(), |xml, (address, _)| {
            xml + &format!("<host starttime=\"1\"><address addr=\"{address}\"/><elem key=\"state\">VULNERABLE</elem></host>")
        });
        assert_eq!(wrong(&xml, 50, &truth), 0);
        assert_eq!(wrong("<nmaprun></nmaprun>", 50, &truth), open.len());
    }
}
