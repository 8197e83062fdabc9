#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::thread;

use super::*;
use crate::project;

/// A farm in this process; its port.
fn farm() -> (u16, Config) {
    let data = tempfile::tempdir().unwrap();
    let config = plan::config(data.path()).unwrap();
    let farm = Arc::new(Farm::new(&config).unwrap());
    let (send, port) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = listen::bind(0).unwrap();
            send.send(listener.local_addr().unwrap().port()).unwrap();
            farm.serve(&listener).await;
        });
    });
    (port.recv().unwrap(), config)
}

/// What our script makes of servers, by nmap's report.
pub(super) fn nmap(port: u16, arguments: &[&str], addresses: &[Ipv4Addr]) -> String {
    let script = project::root().join("contrib/nmap/http-exchange-proxyshell.nse");
    let output = Command::new("nmap")
        .args([
            "-Pn",
            "-n",
            "-sT",
            "-oX",
            "-",
            "-p",
            &port.to_string(),
            "--script",
        ])
        .arg(format!("+{}", script.display()))
        .args(arguments)
        .args(addresses.iter().map(ToString::to_string))
        .output()
        .unwrap();
    let xml = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !xml.contains("ERROR"), "{xml}");
    xml
}

#[test]
fn nmap_with_our_script_tells_what_is_true() {
    if Command::new("nmap").arg("--version").output().is_err() {
        return imker_testing::not_installed("nmap");
    }
    let (port, config) = farm();
    let addresses: Vec<_> = plan::servers(64).collect();
    for arguments in ["vulns.showall", "vulns.showall,http-exchange-proxyshell.quick"] {
        let xml = nmap(port, &["--script-args", arguments], &addresses);
        let hosts: Vec<_> = xml.split("<host ").skip(1).collect();
        assert_eq!(hosts.len(), addresses.len());
        for host in hosts {
            let address = host.split("addr=\"").nth(1).unwrap().split('"').next().unwrap();
            let truth = plan::truth(&config, address.parse().unwrap());
            let expected = match (&truth.exchange, truth.proxy_shell) {
                (Some(_), true) => "<elem key=\"state\">VULNERABLE</elem>",
                (Some(_), false) => "<elem key=\"state\">NOT VULNERABLE</elem>",
                (None, _) => "<elem key=\"verdict\">filtered</elem>",
            };
            assert!(host.contains(expected), "{truth:?}: {host}");
        }
    }
    // Only what is vulnerable is shown unless all is asked for.
    let xml = nmap(port, &[], &addresses);
    assert!(xml.contains(">VULNERABLE<") && !xml.contains("NOT VULNERABLE") && !xml.contains("filtered,"));
}

#[test]
fn the_script_asks_what_imker_scan_asks() {
    let script = project::root().join("contrib/nmap/http-exchange-proxyshell.nse");
    let script = std::fs::read_to_string(script).unwrap();
    let query = script.split("local QUERY = \"").nth(1).unwrap();
    let query = query.split('"').next().unwrap();
    for (check, place) in [
        (imker_posture::Check::PsOwa, "/owa/"),
        (imker_posture::Check::PsNspi, "/mapi/nspi/"),
    ] {
        // As Lua's string.format makes it.
        let asked = query.replacen("%s", place, 1).replace("%%", "%");
        assert_eq!(asked, check.request_target());
        assert!(script.contains(&format!("QUERY:format(\"{place}\")")));
    }
}
