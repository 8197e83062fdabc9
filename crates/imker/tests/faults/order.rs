//! The order of system calls: what tells of a request is written and synced before the answer's first byte is sent.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::sensor::{Place, ask, path_of, wait_for};

/// A request, from the client's side.
struct Asked {
    marker: String,
    /// The client's port.
    port: u16,
    /// Just before the request was sent, in seconds since 1970.
    sent: f64,
}

/// A system call. Places are lines of the trace: strace stops a thread at each end of a call, so that what a call
/// brings about stands below its end.
struct Call {
    name: String,
    /// What its first argument is: a path, or `TCP:[<local>-><remote>]`.
    file: String,
    text: String,
    at: f64,
    begin: usize,
    end: usize,
    result: String,
}

#[test]
fn an_answer_is_sent_after_its_record_was_synced() {
    let works = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        return imker_testing::left_out("strace is missing, or this system permits no tracing (ptrace)");
    }
    let place = Place::new("");
    let trace = place.path("trace");
    let mut strace = Command::new("strace");
    // As the tracer's parent, so that signals reach the sensor.
    strace
        .args(["-D", "-f", "-ttt", "-yy", "-s", "1000000", "-o"])
        .arg(&trace);
    let traced = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice,\
                 fdatasync,fsync,sync_file_range,io_uring_enter";
    strace.args(["-e", &format!("trace={traced}")]);
    strace.arg(env!("CARGO_BIN_EXE_imker"));
    let sensor = place.play_by(strace);

    let clients: Vec<_> = (0..8)
        .map(|client| {
            let address = place.http();
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                let port = stream.local_addr().unwrap().port();
                let asked = (0..10).map(|number| {
                    let (marker, sent) = (format!("clear-{client}-{number}"), now());
                    assert!(ask(&mut stream, &path_of(&marker)).is_some());
                    Asked { marker, port, sent }
                });
                asked.collect::<Vec<_>>()
            })
        })
        .collect();
    let mut asked: Vec<_> = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    for number in 0..5 {
        asked.push(ask_over_tls(&place, format!("tls-{number}")));
    }
    sensor.stop();
    wait_for("the trace is whole", || {
        fs::read_to_string(&trace)
            .unwrap()
            .lines()
            .last()
            .is_some_and(|line| line.contains("+++ exited"))
    });

    let calls = calls(&fs::read_to_string(&trace).unwrap());
    assert!(calls.iter().all(|call| !call.name.starts_with("io_uring")));
    let (mut least, mut seen) = (f64::MAX, 0);
    for asked in &asked {
        let written = calls
            .iter()
            .find(|call| call.file.ends_with(".seg") && call.text.contains(&format!("n={}", asked.marker)))
            .unwrap_or_else(|| panic!("{} is in no segment", asked.marker));
        let synced = calls
            .iter()
            .find(|call| call.name == "fdatasync" && call.file == written.file && call.begin > written.end)
            .unwrap();
        assert_eq!(synced.result, "0");
        let peer = format!("->127.0.0.1:{}]", asked.port);
        let sent: Vec<_> = calls
            .iter()
            .filter(|call| call.file.ends_with(&peer) && call.at >= asked.sent)
            .collect();
        let answer = sent
            .first()
            .unwrap_or_else(|| panic!("no answer to {}", asked.marker));
        assert!(
            answer.begin > synced.end,
            "{}: sent in line {}, synced in line {}",
            asked.marker,
            answer.begin,
            synced.end
        );
        least = least.min(answer.at - synced.at);
        seen += 1;
    }
    println!(
        "{seen} answers, each sent after the sync of its record had ended; {} calls traced",
        calls.len()
    );
    assert!(least > 0.0);
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

/// Asks with OpenSSL's client, well after the handshake, so that what is sent then is the answer.
fn ask_over_tls(place: &Place, marker: String) -> Asked {
    let mut client = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-noservername",
            "-connect",
            &place.https().to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(1500));
    let port = port_of(client.id());
    let sent = now();
    let mut stdin = client.stdin.take().unwrap();
    write!(
        stdin,
        "GET {} HTTP/1.1\r\nHost: mail.example.org\r\n\r\n",
        path_of(&marker)
    )
    .unwrap();
    stdin.flush().unwrap();
    let mut line = String::new();
    BufReader::new(client.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line:?}");
    client.kill().unwrap();
    client.wait().unwrap();
    Asked { marker, port, sent }
}

/// The local port of a process's one connection.
fn port_of(process: u32) -> u16 {
    let links = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let sockets: Vec<_> = links
        .filter_map(|link| {
            fs::read_link(link.unwrap().path())
                .ok()?
                .to_str()
                .map(str::to_owned)
        })
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let mut ports = table.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let is_ours = sockets
            .iter()
            .any(|socket| Some(&socket.as_str()) == fields.get(9));
        let port = fields.get(1)?.split(':').nth(1)?;
        u16::from_str_radix(port, 16).ok().filter(|_| is_ours)
    });
    ports.next().unwrap()
}

/// Reads `strace -f -ttt -yy`.
fn calls(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut unfinished: HashMap<&str, usize> = HashMap::new();
    for (place, line) in trace.lines().enumerate() {
        // Threads have a column of their own.
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let Some((at, rest)) = rest.trim_start().split_once(' ') else {
            continue;
        };
        let result = || {
            rest.rsplit_once(" = ")
                .map_or("", |(_, result)| result)
                .to_owned()
        };
        if rest.starts_with("<... ") {
            if let Some(call) = unfinished.remove(thread) {
                (calls[call].end, calls[call].result) = (place, result());
            }
            continue;
        }
        let Some((name, arguments)) = rest.split_once('(') else {
            continue;
        };
        if rest.ends_with("<unfinished ...>") {
            unfinished.insert(thread, calls.len());
        }
        // `12</a/path>` or `12<TCP:[local->remote]>`.
        let file = arguments.split_once('<').map_or("", |(_, file)| file);
        let end = if file.starts_with("TCP") {
            file.find("]>").map(|at| at + 1)
        } else {
            file.find('>')
        };
        calls.push(Call {
            name: name.to_owned(),
            file: file[..end.unwrap_or(0)].to_owned(),
            text: arguments.to_owned(),
            at: at.parse().unwrap_or(0.0),
            begin: place,
            end: if rest.ends_with("<unfinished ...>") {
                usize::MAX
            } else {
                place
            },
            result: result(),
        });
    }
    calls
}
