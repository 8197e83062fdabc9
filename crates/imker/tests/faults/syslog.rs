//! A real rsyslogd that goes down and comes up again: it reads every event at least once.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::sensor::{Place, ask, free_port, path_of, record, signal, wait_for};

/// Each message is written as it came before the next is read, so that what is lost is lost on the way.
const RECEIVER: &str = r#"
global(workDirectory="{folder}" maxMessageSize="64k" {tls})
main_queue(queue.type="Direct")
module(load="imtcp" {driver})
template(name="raw" type="string" string="%rawmsg%\n")
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="keep")
ruleset(name="keep") { action(type="omfile" file="{folder}/received" template="raw") }
"#;

struct Rsyslogd {
    process: Child,
    folder: PathBuf,
}

impl Rsyslogd {
    fn start(folder: &Path) -> Self {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(folder.join("log"))
            .unwrap();
        let process = Command::new("rsyslogd")
            .arg("-n")
            .arg("-f")
            .arg(folder.join("conf"))
            .arg("-i")
            .arg(folder.join("pid"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let folder = folder.to_owned();
        Self { process, folder }
    }

    fn received(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("received")).unwrap_or_default()).into_owned()
    }

    fn end(&mut self, name: &str) {
        signal(&self.process, name);
        wait_for("rsyslogd ends", || self.process.try_wait().unwrap().is_some());
    }
}

impl Drop for Rsyslogd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(module: Option<&str>) {
    if Command::new("rsyslogd")
        .arg("-v")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        return imker_testing::left_out("there is no rsyslogd");
    }
    let port = free_port();
    let tls = module.is_some();
    let place = Place::new("");
    let folder = place.path("rsyslog");
    fs::create_dir(&folder).unwrap();
    if tls {
        certify(&folder);
    }
    let (global, driver) = match module {
        None => (String::new(), String::new()),
        Some(name) => (
            "DefaultNetstreamDriverCAFile=\"{folder}/certificate.pem\" \
             DefaultNetstreamDriverCertFile=\"{folder}/certificate.pem\" DefaultNetstreamDriverKeyFile=\"{folder}/key.pem\""
                .to_owned(),
            format!("StreamDriver.Name=\"{name}\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\""),
        ),
    };
    let config = RECEIVER
        .replace("{tls}", &global)
        .replace("{driver}", &driver)
        .replace("{port}", &port.to_string())
        .replace("{folder}", folder.to_str().unwrap());
    fs::write(folder.join("conf"), config).unwrap();
    let ca = if tls {
        "ca = \"rsyslog/certificate.pem\"\n"
    } else {
        ""
    };
    place.configure(&format!(
        "[[sink]]\nkind = \"syslog\"\naddress = \"localhost:{port}\"\ntls = {tls}\nmax_message = \"60K\"\n{ca}"
    ));

    let mut rsyslogd = Rsyslogd::start(&folder);
    let sensor = place.play();
    let stop = Arc::new(AtomicBool::new(false));
    let load = {
        let (stop, address) = (stop.clone(), place.http());
        thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            let mut asked = 0;
            while !stop.load(Ordering::Relaxed) {
                assert!(ask(&mut stream, &path_of(&format!("load-{asked}"))).is_some());
                asked += 1;
                thread::sleep(Duration::from_millis(1));
            }
        })
    };
    wait_for("rsyslogd receives", || rsyslogd.received().contains("load-"));
    for end in ["in order", "stalled and killed", "in order"] {
        thread::sleep(Duration::from_secs(2));
        if end == "in order" {
            rsyslogd.end("TERM");
        } else {
            // It reads nothing for a while, so that sockets fill, and then loses what it did not read.
            signal(&rsyslogd.process, "STOP");
            thread::sleep(Duration::from_secs(3));
            rsyslogd.end("KILL");
        }
        thread::sleep(Duration::from_secs(2));
        rsyslogd = Rsyslogd::start(&folder);
    }
    thread::sleep(Duration::from_secs(1));
    stop.store(true, Ordering::Relaxed);
    load.join().unwrap();
    let (recorded, _) = record(&place.path("disk/data"));
    let last = format!("id=\"test-{}\"", recorded.last().unwrap().sequence);
    wait_for("the last event arrives", || rsyslogd.received().contains(&last));
    sensor.stop();
    rsyslogd.end("TERM");

    let (recorded, missing) = record(&place.path("disk/data"));
    assert_eq!(missing, []);
    let received = rsyslogd.received();
    let (mut seen, mut repeated, mut highest) = (BTreeSet::new(), 0, 0);
    for line in received.lines().filter(|line| !line.is_empty()) {
        // What a broken connection cut comes again in full.
        let Some(sequence) = whole(line) else { continue };
        if !seen.insert(sequence) {
            repeated += 1;
            continue;
        }
        assert!(sequence > highest, "{sequence} comes first after {highest}");
        highest = sequence;
    }
    let all: BTreeSet<u64> = recorded.iter().map(|event| event.sequence).collect();
    let lost: Vec<_> = all.difference(&seen).collect();
    assert!(
        lost.is_empty(),
        "{} of {} events never arrived: {lost:?}",
        lost.len(),
        all.len()
    );
    assert_eq!(seen, all);
    println!(
        "{} events, each read by rsyslogd, {repeated} repetitions",
        all.len()
    );
}

/// The sequence number of a message that is whole.
fn whole(line: &str) -> Option<u64> {
    let sequence = line.split("id=\"test-").nth(1)?.split('"').next()?.parse().ok()?;
    let document = &line[line.find("] {")? + 2..];
    serde_json::from_str::<serde_json::Value>(document).ok()?;
    Some(sequence)
}

/// A certificate for `localhost`, which is its own authority.
fn certify(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
}

#[test]
fn rsyslogd_gets_every_event_over_tcp() {
    run(None);
}

#[test]
fn rsyslogd_gets_every_event_over_tls() {
    let modules =
        ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(|folder| format!("/usr/lib/{folder}/rsyslog"));
    let folders = modules
        .into_iter()
        .chain(["/usr/lib64/rsyslog".to_owned(), "/usr/lib/rsyslog".to_owned()]);
    if !folders
        .into_iter()
        .any(|folder| Path::new(&folder).join("lmnsd_ossl.so").exists())
    {
        return imker_testing::left_out("rsyslogd lacks its module for OpenSSL (package rsyslog-openssl)");
    }
    run(Some("ossl"));
}
