//! A sensor at work, and what is left of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use imker_event::{Gap, Recorded, Saw, ecs};
use imker_spool::{Entry, read_only};

const CONFIG: &str = r#"
sensor = "test"
data = "disk/data"
[[domain]]
dns_domain = "corp.example.org"
netbios_domain = "EXAMPLE"
organisation = "Example"
mail_domain = "example.org"
external_name = "mail.example.org"
language = "en-US"
time_zone = "UTC"
users = 5
seed = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
[[host]]
name = "EX01"
persona = "exchange-2016-cu19-mar21su"
addresses = ["127.0.0.1"]
"#;

/// Where a sensor is played, time and again.
pub struct Place {
    pub folder: tempfile::TempDir,
    /// Where it speaks HTTP over TLS, and HTTP.
    ports: (u16, u16),
}

impl Place {
    /// A sensor with a sink that writes JSON lines; `more` is added to its configuration.
    pub fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("disk")).unwrap();
        let place = Self {
            folder,
            ports: (free_port(), free_port()),
        };
        place.configure(more);
        place
    }

    /// Changes what is added to the configuration.
    pub fn configure(&self, more: &str) {
        let (https, http) = self.ports;
        let jsonl = "[[sink]]\nkind = \"jsonl\"\nfolder = \"jsonl\"\nmasked = false\n";
        let config = format!("{CONFIG}https = [{https}]\nhttp = [{http}]\n{jsonl}{more}");
        fs::write(self.path("honeypot.toml"), config).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn http(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.ports.1).into()
    }

    pub fn https(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.ports.0).into()
    }

    pub fn play(&self) -> Sensor {
        self.play_by(Command::new(env!("CARGO_BIN_EXE_imker")))
    }

    /// Plays it by a command that runs `imker`, or what follows its name.
    pub fn play_by(&self, mut command: Command) -> Sensor {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        command
            .args(["honeypot", "--config"])
            .arg(self.path("honeypot.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut sensor = Sensor(command.spawn().unwrap());
        wait_for("it listens", || {
            let ended = sensor.0.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "{}",
                fs::read_to_string(self.path("log")).unwrap()
            );
            TcpStream::connect(self.http()).is_ok()
        });
        sensor
    }

    /// Runs `imker honeypot` with these arguments and gives what it prints.
    pub fn imker(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imker"));
        command
            .arg("honeypot")
            .args(arguments)
            .arg("--config")
            .arg(self.path("honeypot.toml"));
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is in the JSON lines.
    pub fn json_lines(&self) -> Vec<Recorded> {
        self.read_json_lines().into_iter().map(Result::unwrap).collect()
    }

    fn read_json_lines(&self) -> Vec<Result<Recorded, ecs::LineError>> {
        let entries = fs::read_dir(self.path("jsonl")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let lines = |file: PathBuf| ecs::Reader::new(BufReader::new(fs::File::open(file).unwrap()));
        let lines = files.into_iter().flat_map(lines);
        lines.map(|line| line.map(|document| document.recorded)).collect()
    }

    /// Waits until the JSON lines hold a request whose query begins with a marker.
    pub fn wait_for_json_line(&self, marker: &str) {
        wait_for("the JSON lines hold it", || {
            // The last line may be written just now.
            let whole: Vec<_> = self
                .read_json_lines()
                .into_iter()
                .filter_map(Result::ok)
                .collect();
            let found = markers(&whole);
            found.keys().any(|query| query.split('&').next() == Some(marker))
        });
    }
}

/// A process that is killed when it is dropped.
pub struct Sensor(pub Child);

impl Sensor {
    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        signal(&self.0, "TERM");
        wait_for("it stops", || self.0.try_wait().unwrap().is_some());
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(90);
    while !holds() {
        assert!(Instant::now() < patience, "not so: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A path whose query says which request it is.
pub fn path_of(marker: &str) -> String {
    format!("/owa/healthcheck.htm?n={marker}")
}

/// Asks for a path on a connection that stays open; none where no whole answer comes.
pub fn ask(stream: &mut (impl Read + Write), path: &str) -> Option<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: mail.example.org\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let (mut answer, mut block) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut block) {
            Ok(read) if read > 0 => answer.extend_from_slice(&block[..read]),
            _ => return None,
        }
        let head = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|at| at + 4);
        let length = head.and_then(|head| {
            let text = String::from_utf8_lossy(&answer[..head]);
            Some(
                head + text
                    .split("Content-Length: ")
                    .nth(1)?
                    .lines()
                    .next()?
                    .parse::<usize>()
                    .ok()?,
            )
        });
        if length.is_some_and(|length| answer.len() >= length) {
            return Some(());
        }
    }
}

/// Asks with these markers on one connection; each must be answered.
pub fn ask_all(place: &Place, markers: impl IntoIterator<Item = String>) {
    let mut stream = TcpStream::connect(place.http()).unwrap();
    for marker in markers {
        assert!(
            ask(&mut stream, &path_of(&marker)).is_some(),
            "{marker} is not answered"
        );
    }
}

/// What is recorded in a data folder, and the ranges that are missing.
pub fn record(data: &Path) -> (Vec<Recorded>, Vec<(u64, u64)>) {
    let mut reader = read_only(&data.join("spool"), 1).unwrap();
    let (mut events, mut missing, mut last) = (Vec::new(), Vec::new(), 0);
    while let Some(entry) = reader.try_next().unwrap() {
        assert!(entry.sequence() > last, "{last} before {entry:?}");
        last = entry.sequence();
        match entry {
            Entry::Payload { sequence, bytes } => {
                let event = serde_json::from_slice(&bytes).unwrap();
                events.push(Recorded { sequence, event });
            }
            Entry::Missing { first, last } => missing.push((first, last)),
        }
    }
    (events, missing)
}

/// How often each request is there.
pub fn markers(events: &[Recorded]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for recorded in events {
        if let Saw::WebRequest(received) = &recorded.event.saw
            && let Some(query) = &received.request.uri_query
            && let Some(marker) = query.as_str().strip_prefix("n=")
        {
            *found.entry(marker.to_owned()).or_default() += 1;
        }
    }
    found
}

/// All losses that were told.
pub fn gaps(events: &[Recorded]) -> Vec<Gap> {
    let gap = |recorded: &Recorded| match &recorded.event.saw {
        Saw::Gap(gap) => Some(gap.clone()),
        _ => None,
    };
    events.iter().filter_map(gap).collect()
}

/// Each of these requests, once.
pub fn once(markers: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    markers.into_iter().map(|marker| (marker, 1)).collect()
}

/// `<label>-<from>` to `<label>-<until - 1>`
pub fn numbered(label: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("{label}-{number}")).collect()
}

/// Requests of all sessions in the local view.
pub fn requests_in_view(place: &Place) -> u64 {
    let sessions = place.imker(&["sessions", "--format", "jsonl"]);
    let requests = |line: &str| {
        let session: serde_json::Value = serde_json::from_str(line).unwrap();
        session.pointer("/activity/requests").unwrap().as_u64().unwrap()
    };
    sessions.lines().map(requests).sum()
}
