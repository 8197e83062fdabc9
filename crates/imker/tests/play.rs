//! What `imker honeypot` tells whoever runs it: checks before the start, errors at the start, the state afterwards.

#![cfg(all(unix, feature = "honeypot"))]
#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A configuration of one host; `more` follows it.
fn configured(folder: &Path, listens: &str, more: &str) {
    let domain = "sensor = \"test\"\ndata = \"data\"\n[[domain]]\ndns_domain = \"corp.example.org\"\n\
                  netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
                  external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
                  seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n\
                  [spool]\nmin_free = 0\n";
    let host = format!("[[host]]\nname = \"EX01\"\npersona = \"exchange-2016-cu19-mar21su\"\n{listens}\n");
    fs::write(folder.join("honeypot.toml"), format!("{domain}{host}{more}")).unwrap();
}

/// Exit status, and what it wrote to either output.
fn imker(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_imker"))
        .current_dir(folder)
        .arg("honeypot")
        .args(arguments)
        .output()
        .unwrap();
    let written = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(written).unwrap())
}

/// A port that is free on all of 127.0.0.0/8.
fn free_port() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.local_addr().unwrap().port()
}

struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn play(folder: &Path, address: SocketAddr) -> Playing {
    let child = Command::new(env!("CARGO_BIN_EXE_imker"))
        .current_dir(folder)
        .arg("honeypot")
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut playing = Playing(child);
    let patience = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(address).is_err() {
        let ended = playing.0.try_wait().unwrap().is_some();
        let log = fs::read_to_string(folder.join("log")).unwrap();
        assert!(!ended && Instant::now() < patience, "it does not listen: {log}");
        thread::sleep(Duration::from_millis(50));
    }
    playing
}

fn until(folder: &Path, arguments: &[&str], fitting: impl Fn(&str) -> bool) -> (Option<i32>, String) {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let shown = imker(folder, arguments);
        if fitting(&shown.1) {
            return shown;
        }
        assert!(Instant::now() < patience, "{arguments:?} shows {shown:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_status_tells_of_sinks_that_are_down_and_of_a_sensor_that_is_not_running() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let address: SocketAddr = format!("127.0.0.9:{}", free_port()).parse().unwrap();
    let receiver = free_port();
    let listens = format!(
        "addresses = [\"127.0.0.9\"]\nhttps = []\nhttp = [{}]",
        address.port()
    );
    let sink = format!("[[sink]]\nkind = \"syslog\"\naddress = \"127.0.0.1:{receiver}\"\ntls = false\n");
    configured(folder, &listens, &sink);
    let playing = play(folder, address);

    for _ in 0..5 {
        drop(TcpStream::connect(address).unwrap());
    }
    let (code, shown) = until(folder, &["status"], |shown| {
        shown.contains("in trouble since") && shown.contains("view: 0 events behind")
    });
    assert_eq!(code, Some(2), "{shown}");
    let count = |shown: &str, line: usize| {
        let line = shown.lines().nth(line).unwrap();
        let number = line.trim_start_matches("syslog: ").split(' ').next().unwrap();
        number.parse::<u64>().unwrap()
    };
    assert!(shown.starts_with("sensor: running\n"), "{shown}");
    // All of the record is still to be delivered, however long the sink has been waiting.
    assert_eq!(count(&shown, 1), count(&shown, 4), "{shown}");

    let listener = TcpListener::bind(("127.0.0.1", receiver)).unwrap();
    let taking =
        thread::spawn(move || std::io::copy(&mut listener.accept().unwrap().0, &mut std::io::sink()));
    let (code, shown) = until(folder, &["status"], |shown| {
        shown.contains("syslog: 0 events behind")
    });
    assert_eq!((code, shown.contains("in trouble")), (Some(0), false), "{shown}");
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.contains("delivers again"), "{log}");

    drop(playing);
    taking.join().unwrap().unwrap();
    let (code, shown) = imker(folder, &["status"]);
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.starts_with("sensor: not running\n"), "{shown}");
    // As a power cut may leave it: the rest is told nevertheless.
    fs::write(folder.join("data/sinks.json"), "").unwrap();
    let (code, shown) = imker(folder, &["status"]);
    assert_eq!(code, Some(2), "{shown}");
    assert!(
        shown.contains(" events, ") && shown.contains("data/sinks.json: EOF") && shown.contains("delete it"),
        "{shown}"
    );
}

#[test]
fn a_restart_splits_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let address: SocketAddr = format!("127.0.0.10:{}", free_port()).parse().unwrap();
    let listens = format!(
        "addresses = [\"127.0.0.10\"]\nhttps = []\nhttp = [{}]",
        address.port()
    );
    configured(folder, &listens, "");
    let check =
        "/autodiscover/autodiscover.json?@test.com/owa/?&Email=autodiscover/autodiscover.json%3F@test.com";
    let mut playing = None;
    for run in 1..=3 {
        // The one before is killed first.
        drop(playing.take());
        playing = Some(play(folder, address));
        let mut client = TcpStream::connect(address).unwrap();
        write!(
            client,
            "GET {check} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        std::io::copy(&mut client, &mut std::io::sink()).unwrap();
        let requests = ["events", "--kind", "web-request", "--format", "csv"];
        until(folder, &requests, |shown| shown.lines().count() == run + 1);
    }
    // Where the view is behind, another line says so.
    let is_one = |shown: &str| shown.lines().count() == 2;
    until(folder, &["sessions", "--format", "csv"], is_one);
    until(
        folder,
        &["events", "--kind", "stage-reached", "--format", "csv"],
        is_one,
    );
}

#[test]
fn a_check_opens_what_playing_would_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let listens = format!(
        "addresses = [\"127.0.0.9\"]\nhttps = [{}]\nhttp = []",
        free_port()
    );
    let sinks = "[[sink]]\nkind = \"w3c\"\nfolder = \"iis\"\n\
                 [[sink]]\nkind = \"webhook\"\nurl = \"https://example.org/a-secret\"\n";
    configured(folder, &listens, sinks);
    let (code, shown) = imker(folder, &["--check"]);
    assert_eq!(code, Some(0), "{shown}");
    for told in [
        "sensor test, recording to data\n",
        "  sink w3c: IIS logs in iis\n",
        "  sink webhook: webhook at https://example.org, passwords masked\n",
        "kept: events 90 days, credentials 30 days, payloads 90 days\n",
        "record: 30 days (the shorter of events and credentials, for it cannot forget a part), at most 10G\n",
    ] {
        assert!(shown.contains(told), "{shown}");
    }
    assert!(shown.ends_with("OK: this can be played.\n"), "{shown}");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);

    let text = fs::read_to_string(folder.join("honeypot.toml")).unwrap();
    let text = text.replace("min_free = 0", "min_free = \"1000000G\"");
    fs::write(folder.join("honeypot.toml"), text).unwrap();
    for arguments in [&["--check"][..], &[]] {
        let (code, shown) = imker(folder, arguments);
        assert_eq!((code, shown.contains("panicked")), (Some(2), false), "{shown}");
        assert!(
            shown.contains("bytes of its disk are free") || arguments.is_empty(),
            "{shown}"
        );
    }
    for made in ["data", "iis"] {
        fs::remove_dir_all(folder.join(made)).unwrap();
    }

    fs::write(folder.join("file"), "").unwrap();
    let sinks = "[geoip]\nasn = \"asn.mmdb\"\n\
                 [[sink]]\nkind = \"w3c\"\nfolder = \"file/iis\"\n\
                 [[sink]]\nkind = \"webhook\"\nurl = \"https://example.org/\"\nca = \"webhook.pem\"\n\
                 [[sink]]\nkind = \"syslog\"\naddress = \"example.org:6514\"\nca = \"syslog.pem\"\n";
    let listens = "addresses = [\"127.0.0.9\", \"192.0.2.7\"]\nhttp = []\n\
                   certificate = { pem = \"chain.pem\", key = \"key.pem\" }\nresources = \"none\"";
    configured(folder, listens, sinks);
    let (code, shown) = imker(folder, &["--check"]);
    assert_eq!((code, shown.contains("OK")), (Some(2), false), "{shown}");
    for told in [
        "file/iis: Not a directory",
        "asn.mmdb: cannot be used as a GeoIP database: ",
        "sink webhook: webhook.pem: No such file",
        "sink syslog: syslog.pem: No such file",
        "chain.pem: No such file or directory (os error 2) (name one that exists)\n",
        "static files: none: No such file",
        "honeypot.toml, line 18: EX01.corp.example.org cannot listen on 192.0.2.7:443: ",
    ] {
        assert!(shown.contains(told), "{told} is missing in {shown}");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}

#[test]
fn what_stops_the_start_is_told_with_its_place_and_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let taken = TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap();
    let listener = TcpListener::bind(taken).unwrap();
    let listens = |address: &str, port: u16| {
        configured(
            folder,
            &format!("addresses = [\"{address}\"]\nhttps = []\nhttp = [{port}]"),
            "",
        );
        imker(folder, &[])
    };
    let (code, shown) = listens("127.0.0.9", taken.port());
    assert_eq!(code, Some(2), "{shown}");
    assert!(
        shown.contains("honeypot.toml, line 18: EX01.corp.example.org cannot listen on 127.0.0.9:")
            && shown.contains("another program or sensor listens there"),
        "{shown}"
    );
    drop(listener);
    let (code, shown) = listens("192.0.2.7", 8080);
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("this machine has no such address"), "{shown}");

    configured(folder, "addresses = [\"127.0.0.9\"]\nhttp = [104430]", "");
    let shown = imker(folder, &[]).1;
    assert!(
        shown.contains("line 19: ") && shown.contains("expected a whole number from 0 to 65535"),
        "{shown}"
    );

    let written = imker(folder, &["init", "--output", "honeypot.toml"]);
    assert!(written.1.contains("help: name another file"), "{written:?}");
}
