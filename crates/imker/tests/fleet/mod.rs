//! Servers that `imker honeypot` plays, a name server, and `imker scan` to ask them with.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Personas, and the verdict on each.
pub const HOSTS: [(&str, &str, &str); 5] = [
    ("127.0.0.1", "exchange-2016-cu19-mar21su", "vulnerable"),
    ("127.0.0.2", "exchange-2019-cu14-oct25su", "fixed"),
    ("127.0.0.3", "exchange-2013-cu23-mar23su", "fixed"),
    ("127.0.0.4", "exchange-2016-cu23-oct25su", "fixed"),
    ("127.0.0.5", "exchange-se-rtm", "fixed"),
];

/// A process that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct Fleet {
    _honeypot: Running,
    pub folder: tempfile::TempDir,
    pub https: u16,
}

/// A port that is free on all of 127.0.0.0/8.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub fn wait_for(address: SocketAddr, child: &mut Child, log: &Path) {
    let patience = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(address).is_err() {
        let ended = child.try_wait().unwrap().is_some();
        let log = fs::read_to_string(log).unwrap();
        assert!(!ended && Instant::now() < patience, "it does not listen: {log}");
        thread::sleep(Duration::from_millis(50));
    }
}

impl Fleet {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (https, http) = (free_port(), free_port());
        let mut config = "sensor = \"test\"\ndata = \"data\"\n[[domain]]\ndns_domain = \"corp.example.org\"\n\
             netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
             external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
             seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n[spool]\nmin_free = 0\n"
            .to_owned();
        for (at, (address, persona, _)) in HOSTS.iter().enumerate() {
            config += &format!(
                "[[host]]\nname = \"EX0{}\"\npersona = \"{persona}\"\naddresses = [\"{address}\"]\nhttps = [{https}]\n\
                 http = [{http}]\n",
                at + 1
            );
        }
        fs::write(folder.path().join("honeypot.toml"), config).unwrap();
        let log = folder.path().join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_imker"))
            .args(["honeypot", "--config"])
            .arg(folder.path().join("honeypot.toml"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        wait_for(SocketAddr::from(([127, 0, 0, 5], https)), &mut child, &log);
        Self {
            _honeypot: Running(child),
            folder,
            https,
        }
    }

    pub fn target(&self, host: usize) -> String {
        format!("{}:{}", HOSTS[host].0, self.https)
    }

    pub fn all(&self) -> Vec<String> {
        (0..HOSTS.len()).map(|host| self.target(host)).collect()
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Targets that the honeypot was asked for, by the address that was asked, with the number of PS-OWA checks.
    pub fn checks_seen(&self) -> BTreeMap<String, usize> {
        let output = Command::new(env!("CARGO_BIN_EXE_imker"))
            .args(["honeypot", "events", "--format", "jsonl", "--data"])
            .arg(self.folder.path().join("data"))
            .output()
            .unwrap();
        let mut seen = BTreeMap::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            if event["url"]["query"]
                .as_str()
                .is_some_and(|query| query.contains("invalid/owa/"))
            {
                let address = event["destination"]["ip"].as_str().unwrap().to_owned();
                *seen.entry(address).or_default() += 1;
            }
        }
        seen
    }
}

pub fn scan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_imker"))
        .arg("scan")
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

pub fn shown(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn rows(jsonl: &str) -> BTreeMap<String, Value> {
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        (row["target"].as_str().unwrap().to_owned(), row)
    };
    jsonl.lines().map(row).collect()
}

/// A name server on a loopback address, ended with the test.
pub struct NameServer {
    _dnsmasq: Running,
    /// Read no further, but open: the server writes there.
    _said: BufReader<ChildStderr>,
    pub at: String,
}

impl NameServer {
    /// `None`, which is told, where there is no dnsmasq.
    pub fn start(records: &[&str]) -> Option<Self> {
        for _ in 0..5 {
            let at = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let started = Command::new("dnsmasq")
                .args([
                    "--no-daemon",
                    "--no-resolv",
                    "--no-hosts",
                    "--conf-file=/dev/null",
                ])
                .args(["--bind-interfaces", "--listen-address=127.0.0.1", "--pid-file="])
                .args([
                    "--log-facility=-",
                    "--local=/org/",
                    "--local=/com/",
                    "--local=/net/",
                ])
                .arg(format!("--port={}", at.port()))
                .args(records)
                .stderr(Stdio::piped())
                .spawn();
            let Ok(mut process) = started else {
                imker_testing::not_installed("dnsmasq");
                return None;
            };
            let mut said = BufReader::new(process.stderr.take().unwrap());
            let dnsmasq = Running(process);
            let mut line = String::new();
            while said.read_line(&mut line).unwrap() > 0 && !line.contains("started") {}
            if line.contains("started") {
                return Some(Self {
                    _dnsmasq: dnsmasq,
                    _said: said,
                    at: at.to_string(),
                });
            }
        }
        panic!("dnsmasq does not start");
    }
}
