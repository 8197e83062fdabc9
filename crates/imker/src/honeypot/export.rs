//! Sources and attacks for other systems.

use std::path::{Path, PathBuf};

use imker_honeypot::config::Config;
use imker_intel::{Options, Policy, select};
use imker_report::export::{self, Producer, SetName};
use ipnet::IpNet;
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, miette};

use super::args::{DEFAULT_CONFIG, ExportArguments, ExportForm, StoreArguments, Tlp};
use super::evaluate::{Evaluated, evaluate};
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};
use crate::values::{duration, network, stretch};

/// Evaluates, selects and writes.
pub fn export(arguments: &ExportArguments) -> Result<Exit> {
    let now = Timestamp::now();
    let mut options = Options::new(now);
    options.sources = usize::MAX;
    let age = duration("--max-age", &arguments.max_age)?;
    let since = arguments.since.as_deref().unwrap_or(&arguments.max_age);
    (options.since, options.until) = stretch(Some(since), arguments.until.as_deref(), now)?;
    let inputs: Vec<&Path> = arguments.events.iter().map(PathBuf::as_path).collect();
    output::keep_out_of_inputs(&[("--output", arguments.output.as_deref())], &inputs)?;
    let allowed = arguments.allow.iter().map(|text| {
        network(text).ok_or_else(|| {
            miette!(
                help = "an address or a network, as in 192.0.2.0/24",
                "--allow {text}: not a network"
            )
        })
    });
    let mut policy = Policy {
        allowed: allowed.collect::<Result<_>>()?,
        age,
        ..Policy::default()
    };
    if let Some(config) = configuration(&arguments.store, &arguments.events)? {
        spare_own(&config, &mut policy);
    }
    let set: SetName = arguments.set.parse().into_diagnostic()?;
    let producer = Producer {
        name: arguments.producer.clone(),
        tlp: tlp(arguments.tlp),
    };
    let mut out = Output::open(arguments.output.as_deref())?;
    let Evaluated {
        evaluation,
        own,
        exit,
    } = evaluate(&arguments.events, &arguments.store, options, &mut |_| None)?;
    for address in own {
        policy.allowed.push(address.into());
        policy.hidden.push(address.to_string());
    }
    let selection = select(&evaluation, &policy);
    let written = match arguments.form {
        ExportForm::Stix => export::stix(&selection, &producer, &mut out),
        ExportForm::Misp => export::misp(&selection, &producer, &mut out),
        ExportForm::Csv => export::csv(&selection, &mut out),
        ExportForm::Blocklist => export::blocklist(&selection, &mut out),
        ExportForm::Ipset => export::ipset(&selection, &set, &mut out),
        ExportForm::Nftables => export::nftables(&selection, &set, &mut out),
    };
    written.map_err(WriteError)?;
    out.close()?;
    let left = selection.left_out;
    output::note(&format!(
        "sources exported: {}; left out: {} in private, loopback or other special networks, which never are, {} in own \
         or allowed networks, {} not seen for {}, {} without an attack, {} \
         dropped because there were more sources than an evaluation keeps\n",
        selection.sources.len(),
        left.special,
        left.allowed,
        left.old,
        arguments.max_age,
        left.low_score,
        left.not_listed
    ));
    Ok(exit)
}

/// The configuration, where one is at hand: events of other sensors need none.
fn configuration(store: &StoreArguments, events: &[PathBuf]) -> Result<Option<Config>> {
    let by_default = store.config == Path::new(DEFAULT_CONFIG);
    if store.data.is_some() || by_default && !events.is_empty() && !store.config.exists() {
        output::note(
            "note: no configuration was read: own networks are those of sensors, proxies and --allow\n",
        );
        return Ok(None);
    }
    Config::load(&store.config).map(Some).into_diagnostic()
}

/// Leaves out what the configuration says is the operator's own.
fn spare_own(config: &Config, policy: &mut Policy) {
    policy.allowed.extend(&config.privacy.own_networks);
    policy.hidden.extend(config.privacy.own_domains.iter().cloned());
    for host in &config.hosts {
        let persona = &host.persona;
        let listens = host.listens.iter().map(|place| place.address.ip());
        policy.allowed.extend(
            listens
                .filter(|address| !address.is_unspecified())
                .map(IpNet::from),
        );
        policy.allowed.extend(&host.trusted_proxies);
        let names = [&persona.external_name, &persona.dns_domain, &persona.dns_forest];
        policy.hidden.extend(names.map(|name| name.to_string()));
        let mail = persona
            .mailboxes
            .first()
            .and_then(|mailbox| mailbox.address.split_once('@'));
        policy.hidden.extend(mail.map(|(_, domain)| domain.to_owned()));
    }
}

fn tlp(tlp: Tlp) -> export::Tlp {
    match tlp {
        Tlp::Clear => export::Tlp::Clear,
        Tlp::Green => export::Tlp::Green,
        Tlp::Amber => export::Tlp::Amber,
        Tlp::Red => export::Tlp::Red,
    }
}
