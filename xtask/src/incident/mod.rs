//! `cargo xtask incident`: writes `examples/incident`, the logs of two servers around an invented attack.
//!
//! Each request is told by every log that would have seen it: the front end's IIS, HttpProxy, and the IIS of
//! the back end that answered, which may be the other server's.

mod servers;
mod story;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use zip::write::SimpleFileOptions;

use self::servers::{EX01, EX02, PATCHED, Server};
use self::story::{DAYS, PATCH_FROM, PATCH_TO, START};
use crate::corpus::people::people;
use crate::corpus::prng::Prng;
use crate::corpus::{Clock, Traffic};
use crate::logs::http_proxy::{self, Build, Proxied};
use crate::logs::iis::{self, Stamp, date};
use crate::logs::{Protocol, Request, http_err};

/// Ordinary requests to each server.
const REQUESTS: i64 = 680;
const MAILBOXES: usize = 40;
const SEED: u64 = 34_473;

/// Files by path below the incident's folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Where the incident is kept in the project.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/incident")
}

/// Replaces the servers' folders below `folder`; what else is there stays.
pub fn write(folder: &Path) -> io::Result<Files> {
    let files = files()?;
    for server in [&EX01, &EX02] {
        match fs::remove_dir_all(folder.join(server.name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for (path, bytes) in &files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, bytes)?;
    }
    Ok(files)
}

/// The files, made anew.
pub fn files() -> io::Result<Files> {
    let mut prng = Prng::new(SEED);
    let mut logs = Logs::default();
    for (server, request) in story::requests(&mut prng) {
        logs.add(server, &request, &mut prng);
    }
    for server in [&EX01, &EX02] {
        ordinary(server, &mut prng, &mut logs);
    }
    let mut files = logs.files();
    files.insert(
        "EX01/Windows/System32/LogFiles/HTTPERR/httperr1.log".into(),
        http_errors(&mut prng),
    );
    pack(&mut files, "EX02/inetpub/logs/LogFiles/W3SVC1/u_ex210810", zipped)?;
    pack(
        &mut files,
        "EX02/inetpub/logs/LogFiles/W3SVC2/u_ex210810",
        gzipped,
    )?;
    Ok(files)
}

fn ordinary(server: &'static Server, prng: &mut Prng, logs: &mut Logs) {
    let people = people(MAILBOXES, &mut Prng::new(SEED));
    let mut traffic = Traffic::new(Prng::new(prng.next()), people, server.build_text);
    let mut clock = Clock::new(START, DAYS * 86_400, REQUESTS, Prng::new(prng.next()));
    let mut request = Request::default();
    loop {
        let second = clock.next();
        if second >= START + DAYS * 86_400 {
            return;
        }
        traffic.next(second, &mut request);
        if *server == EX01 && (PATCH_FROM..PATCH_TO).contains(&second) {
            continue;
        }
        logs.add(server, &request, prng);
    }
}

/// One log file: a site's day, or a protocol's day under one build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Log {
    server: &'static str,
    plain_head: bool,
    day: i64,
    kind: LogKind,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum LogKind {
    Iis { site: &'static str },
    HttpProxy { protocol: &'static str, build: Build },
}

/// Lines with their times in milliseconds, by log.
#[derive(Debug, Default)]
struct Logs(BTreeMap<Log, Vec<(i64, Vec<u8>)>>);

impl Logs {
    /// Writes `request` to every log that saw it.
    fn add(&mut self, server: &'static Server, request: &Request, prng: &mut Prng) {
        let milliseconds = prng.below(1000) as u16;
        let time = request.second * 1000 + i64::from(milliseconds);
        let mut line = Vec::new();
        iis::append_line(request, server.address, &mut Stamp::default(), &mut line);
        self.push(server, LogKind::Iis { site: "W3SVC1" }, time, line);

        let back_end = back_end(server, request);
        if let Some(protocol) = http_proxy::folder(request.protocol) {
            let build = if request.second < PATCH_TO {
                server.build
            } else {
                PATCHED
            };
            let proxied = Proxied {
                server: server.name,
                build,
                target: back_end.as_ref().map(|(target, _)| (target.host, request.status)),
                milliseconds,
                bytes_sent: if request.status == 200 {
                    prng.between(300, 60_000) as u32
                } else {
                    0
                },
            };
            let mut row = Vec::new();
            http_proxy::append_row(request, &proxied, &mut row);
            self.push(server, LogKind::HttpProxy { protocol, build }, time, row);
        }
        if let Some((target, request)) = back_end {
            let mut line = Vec::new();
            iis::append_line(&request, target.address, &mut Stamp::default(), &mut line);
            self.push(target, LogKind::Iis { site: "W3SVC2" }, time, line);
        }
    }

    fn push(&mut self, server: &Server, kind: LogKind, time: i64, line: Vec<u8>) {
        let day = time.div_euclid(86_400_000);
        let log = Log {
            server: server.name,
            plain_head: server.plain_head,
            day,
            kind,
        };
        self.0.entry(log).or_default().push((time, line));
    }

    fn files(self) -> Files {
        self.0.into_iter().map(|(log, lines)| log.file(lines)).collect()
    }
}

impl Log {
    fn file(&self, mut lines: Vec<(i64, Vec<u8>)>) -> (String, Vec<u8>) {
        lines.sort_by_key(|&(time, _)| time);
        let first = lines.first().map_or(0, |(time, _)| time / 1000);
        let mut out = Vec::new();
        let path = match self.kind {
            LogKind::Iis { site } => {
                iis::append_head(first, &mut out);
                format!(
                    "{}/inetpub/logs/LogFiles/{site}/{}",
                    self.server,
                    date(first, "u_ex%y%m%d.log")
                )
            }
            LogKind::HttpProxy { protocol, build } => {
                http_proxy::append_head(first, build, self.plain_head, &mut out);
                let name = date(first, "HttpProxy_%Y%m%d%H-1.LOG");
                format!("{}/Exchange/Logging/HttpProxy/{protocol}/{name}", self.server)
            }
        };
        let mut before = first;
        for (time, line) in lines {
            let second = time / 1000;
            if self.server == EX01.name && before < PATCH_FROM && second >= PATCH_TO {
                // The update restarted IIS.
                iis::append_head(second, &mut out);
            }
            before = second;
            out.extend_from_slice(&line);
        }
        (path, out)
    }
}

/// What the back end's IIS saw of `request`; `None` where the front end answered itself.
fn back_end(server: &'static Server, request: &Request) -> Option<(&'static Server, Request)> {
    let confused = request
        .query
        .strip_prefix('@')
        .filter(|_| matches!(request.status, 200 | 302 | 500));
    let mut seen = request.clone();
    let target = if let Some(rest) = confused {
        // The front end took away what it believed to be Autodiscover's address: the rest is the path.
        let path = &rest[rest.find('/')?..];
        let (stem, query) = path.split_once('?').unwrap_or((path, ""));
        seen.stem = stem.to_owned();
        seen.query = query.to_owned();
        seen.user = "NT+AUTHORITY\\SYSTEM".to_owned();
        server
    } else if request.protocol != Protocol::None && !request.user.is_empty() && request.status < 400 {
        // Half of the mailboxes are on either server.
        let number: u32 = request.user.bytes().map(u32::from).sum();
        if number.is_multiple_of(2) { &EX01 } else { &EX02 }
    } else {
        return None;
    };
    if *target == EX01 && (PATCH_FROM..PATCH_TO).contains(&request.second) {
        return Some((&EX02, at_back_end(server, seen)));
    }
    Some((target, at_back_end(server, seen)))
}

fn at_back_end(front_end: &Server, mut seen: Request) -> Request {
    seen.client = front_end.address.to_owned();
    seen.port = 444;
    seen.referer.clear();
    seen
}

fn http_errors(prng: &mut Prng) -> Vec<u8> {
    const REST: [&str; 4] = [
        "- - - - - - Timer_ConnectionIdle -",
        "- - - - - - Timer_ConnectionIdle -",
        "HTTP/1.1 GET /%c0%ae%c0%ae/ - 400 - URL -",
        "- - - - 400 - Verb -",
    ];
    let mut out = Vec::new();
    http_err::append_head(START + 60, &mut out);
    let mut second = START + 60;
    let mut down = false;
    while second < START + DAYS * 86_400 {
        let client = format!("198.51.100.{}", prng.between(128, 254));
        let port = prng.between(49_152, 65_535);
        if !down && second >= PATCH_FROM {
            down = true;
            for minute in 0..12 {
                let rest = "HTTP/1.1 GET /owa/healthcheck.htm - 503 1 AppOffline MSExchangeOWAAppPool";
                let second = PATCH_FROM + minute * 60;
                http_err::append_line(
                    second,
                    "10.20.1.5",
                    port + minute as u64 % 7,
                    EX01.address,
                    rest,
                    &mut out,
                );
            }
            second = PATCH_TO;
        }
        http_err::append_line(second, &client, port, EX01.address, prng.pick(&REST), &mut out);
        second += prng.between(600, 7_200) as i64;
    }
    out
}

type Pack = fn(&str, &[u8]) -> io::Result<(&'static str, Vec<u8>)>;

/// Replaces the log `stem`.log by its packed form.
fn pack(files: &mut Files, stem: &str, pack: Pack) -> io::Result<()> {
    let path = format!("{stem}.log");
    if let Some(log) = files.remove(&path) {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let (extension, packed) = pack(name, &log)?;
        files.insert(format!("{stem}.{extension}"), packed);
    }
    Ok(())
}

fn zipped(name: &str, log: &[u8]) -> io::Result<(&'static str, Vec<u8>)> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(
        name,
        SimpleFileOptions::default().last_modified_time(zip::DateTime::default()),
    )?;
    zip.write_all(log)?;
    Ok(("zip", zip.finish()?.into_inner()))
}

fn gzipped(name: &str, log: &[u8]) -> io::Result<(&'static str, Vec<u8>)> {
    let mut gz = GzBuilder::new()
        .filename(name)
        .mtime(0)
        .write(Vec::new(), Compression::new(6));
    gz.write_all(log)?;
    Ok(("log.gz", gz.finish()?))
}
