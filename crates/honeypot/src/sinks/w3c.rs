use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Write as _};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use imker_event::{Recorded, Saw, Service, Text, WebRequest};
use jiff::Timestamp;

use super::files::{Files, Keeping};
use super::{Sink, SinkError};

/// Where IIS logs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct W3cSettings {
    /// The folder; files are `<host>/W3SVC1/u_exYYMMDD.log` in it, one for each day (UTC), as IIS names them.
    pub folder: PathBuf,
    /// The file that keeps how far the sink came, as in `<data>/cursors/w3c.json`.
    pub state: PathBuf,
    /// How long logs are kept from their last line on, be it today's.
    pub max_age: Option<Duration>,
    /// Bytes of all logs together; then the oldest days go, but for the last.
    pub max_bytes: u64,
    /// Versions of IIS by host, as in `8.5`; of what has none, `10.0` is written.
    pub versions: BTreeMap<String, &'static str>,
    /// Whether to log `X-Forwarded-For` as a column of its own, as IIS does where it is told to.
    pub forwarded_for: bool,
}

/// IIS's version in Windows Server 2016 and later.
const LATEST_IIS: &str = "10.0";

/// Writes web requests as IIS's W3C extended log, so that whatever reads such logs reads them unchanged.
///
/// The columns are IIS's default. `time-taken` is the sensor's own, less than Exchange would take. As Exchange's front end
/// does, `&CorrelationID=<empty>;&cafeReqId=<id>;` is appended to the query of a request that was given an id. `s-port` is
/// that of the service that is played, 80 or 443, wherever it listens: over port 80 a redirect means the one to HTTPS, to
/// whoever reads such logs. Unlike IIS, `cs-uri-stem` is written as it was received, not decoded.
#[derive(Debug)]
pub struct W3cSink {
    settings: W3cSettings,
    files: Files,
    begun: HashSet<String>,
}

impl W3cSink {
    /// Goes on where it ended.
    ///
    /// # Errors
    /// The folder or the state cannot be read or written.
    pub fn open(settings: W3cSettings) -> io::Result<Self> {
        let files = Files::open(settings.folder.clone(), settings.state.clone())?;
        Ok(Self {
            settings,
            files,
            begun: HashSet::new(),
        })
    }

    fn write(&mut self, batch: &[Recorded]) -> io::Result<()> {
        self.files.discard()?;
        let mut begun = HashSet::new();
        for recorded in batch {
            let (Saw::WebRequest(received), Some(connection)) =
                (&recorded.event.saw, &recorded.event.connection)
            else {
                continue;
            };
            let time = received.request.time;
            let file = format!(
                "{}/W3SVC1/u_ex{}.log",
                folder_name(&connection.host),
                time.strftime("%y%m%d")
            );
            // As IIS does, the directives come again after each start: columns may have changed. The log may also have
            // been deleted meanwhile.
            let is_first = !self.begun.contains(&file) && begun.insert(file.clone());
            if is_first || self.files.length(&file) == 0 {
                let version = self.settings.versions.get(&*connection.host);
                let version = version.copied().unwrap_or(LATEST_IIS);
                let directives = directives(version, time, self.settings.forwarded_for);
                self.files.append(&file, directives.as_bytes());
            }
            let logged = (received.win32_status, received.time_taken_ms);
            let mut request = Cow::Borrowed(&received.request);
            if request.client.is_none() {
                request.to_mut().client = Some(connection.source.ip());
            }
            if request.server_address.is_none() {
                request.to_mut().server_address = Some(connection.destination.ip());
            }
            let port = played_port(connection.service, connection.destination.port());
            if request.server_port != Some(port) {
                request.to_mut().server_port = Some(port);
            }
            self.files.append(
                &file,
                line(&request, logged, self.settings.forwarded_for).as_bytes(),
            );
        }
        let last = batch.last().map_or(self.files.position(), |last| last.sequence);
        self.files.commit(last, None)?;
        // Old days are not written to again; a header too many does no harm.
        if self.begun.len() > 10_000 {
            self.begun.clear();
        }
        self.begun.extend(begun);
        Ok(())
    }
}

impl W3cSink {
    fn expire(&self, now: Option<SystemTime>) -> io::Result<()> {
        let keeping = Keeping {
            max_age: self.settings.max_age,
            max_bytes: self.settings.max_bytes,
        };
        let mut logs = Vec::new();
        for host in self.files.names("", |_| true)? {
            let folder = format!("{host}/W3SVC1");
            let is_log = |name: &str| name.starts_with("u_ex") && name.ends_with(".log");
            let days = self.files.names(&folder, is_log)?.into_iter();
            logs.extend(days.map(|day| (day.clone(), format!("{folder}/{day}"))));
        }
        // Names are dates: the oldest days of all hosts come first.
        logs.sort_unstable();
        let names: Vec<String> = logs.into_iter().map(|(_, name)| name).collect();
        self.files.expire(&names, keeping, now)
    }
}

impl Sink for W3cSink {
    fn name(&self) -> &str {
        "w3c"
    }

    fn position(&self) -> Option<u64> {
        Some(self.files.position())
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        self.write(batch)
            .map_err(|error| SinkError::retry(format!("{error}; is the disk full?")))
    }

    fn tend(&mut self, now: Option<SystemTime>) -> Result<(), SinkError> {
        self.expire(now)
            .map_err(|error| SinkError::retry(format!("old logs cannot be deleted: {error}")))
    }
}

/// Where Exchange has a service.
pub(crate) const fn played_port(service: Service, port: u16) -> u16 {
    match service {
        Service::Http => 80,
        Service::Https => 443,
        _ => port,
    }
}

/// IIS's default columns.
pub(crate) const COLUMNS: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
    cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken";

fn directives(version: &str, time: Timestamp, forwarded_for: bool) -> String {
    let forwarded_for = if forwarded_for { " X-Forwarded-For" } else { "" };
    format!(
        "#Software: Microsoft Internet Information Services {version}\r\n\
         #Version: 1.0\r\n\
         #Date: {}\r\n\
         #Fields: {COLUMNS}{forwarded_for}\r\n",
        time.strftime("%Y-%m-%d %H:%M:%S")
    )
}

/// A request as IIS logs it in [`COLUMNS`], with its line end; `logged` are Win32 status and time taken.
pub(crate) fn line(request: &WebRequest, logged: (Option<u32>, Option<u64>), forwarded_for: bool) -> String {
    let mut query = request
        .uri_query
        .as_ref()
        .map_or(Cow::Borrowed(""), |query| Cow::Borrowed(query.as_str()));
    if let Some(id) = &request.request_id {
        query.to_mut().push_str("&CorrelationID=<empty>;&cafeReqId=");
        query.to_mut().push_str(id.as_str());
        query.to_mut().push(';');
    }
    let mut line = format!(
        "{} {} {} {} {} {} {} {} {} {} {} {} {} {}",
        request.time.strftime("%Y-%m-%d %H:%M:%S"),
        or_dash(request.server_address.map(|address| address.to_canonical())),
        field(request.method.as_str()),
        field(request.uri_stem.as_str()),
        field(&query),
        or_dash(request.server_port),
        text(&request.username),
        or_dash(request.client.map(|address| address.to_canonical())),
        text(&request.user_agent),
        text(&request.referer),
        or_dash(request.status),
        request.substatus.unwrap_or(0),
        or_dash(logged.0),
        or_dash(logged.1),
    );
    if forwarded_for {
        line.push(' ');
        line.push_str(&text(&request.forwarded_for));
    }
    line.push_str("\r\n");
    line
}

fn text(text: &Option<Text>) -> Cow<'_, str> {
    text.as_ref()
        .map_or(Cow::Borrowed("-"), |text| field(text.as_str()))
}

fn or_dash(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A value as one field: `+` for a blank, as IIS writes it; controls and what is not ASCII percent-encoded, so that a
/// client can neither end the line nor begin a field; `-` for none.
pub(crate) fn field(value: &str) -> Cow<'_, str> {
    if value.is_empty() {
        return Cow::Borrowed("-");
    }
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Cow::Borrowed(value);
    }
    let mut field = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        match byte {
            b' ' => field.push('+'),
            byte if byte.is_ascii_graphic() => field.push(char::from(byte)),
            // Writing to a string does not fail.
            byte => drop(write!(field, "%{byte:02X}")),
        }
    }
    Cow::Owned(field)
}

/// A host's name as a folder's: whoever configured it meant no path.
pub(super) fn folder_name(host: &str) -> String {
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            c
        } else {
            '_'
        }
    };
    let name: String = host.chars().map(allowed).take(100).collect();
    if name.trim_matches('.').is_empty() {
        "_".to_owned()
    } else {
        name
    }
}
