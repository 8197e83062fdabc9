//! What `imker honeypot` tells whoever runs it: checks before the start, errors at the start, the state afterwards.

#![cfg(all(unix, feature = "honeypot"))]
#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

use std::fs;
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
    let events = imker(folder, &["events", "--format", "jsonl"]).1.lines().count();
    assert!(events >= 5, "{events}");
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
    assert_eq!(count(&shown, 1), count(&shown, 3), "{shown}");

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
}
