use std::io::{self, Read, Write};
use std::sync::Arc;

use imker_event::{Recorded, ecs};
use openssl::hash::{MessageDigest, hash};

use super::net::Link;
use super::one_way::{OneWay, Receiver};
use super::syslog::shortened;
use super::{GeoIp, Peer, Sink, SinkError};

/// Where documents are published.
#[derive(Clone, PartialEq, Eq)]
pub struct HpfeedsSettings {
    /// The broker.
    pub peer: Peer,
    /// Our ident, at most 255 bytes.
    pub ident: String,
    /// Its secret.
    pub secret: String,
    /// The channel, at most 255 bytes, as in `imker.events`.
    pub channel: String,
    /// What becomes of secrets that attackers sent.
    pub secrets: ecs::Secrets,
}

impl std::fmt::Debug for HpfeedsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("HpfeedsSettings");
        debug
            .field("peer", &self.peer)
            .field("ident", &self.ident)
            .field("channel", &self.channel);
        debug.finish_non_exhaustive()
    }
}

/// Publishes ECS documents by hpfeeds (<https://hpfeeds.org/wire-protocol>): length, opcode and parameters; no
/// acknowledgement. What a broker says against us (wrong secret, no right to publish) is only seen when the next batch
/// comes; what was published is kept and published again until the broker ended a connection in order.
#[derive(Debug)]
pub struct HpfeedsSink {
    settings: HpfeedsSettings,
    geo: Option<Arc<GeoIp>>,
    way: OneWay,
    received: Vec<u8>,
}

/// The longest message that brokers take, header included.
const MAX_MESSAGE: usize = 1 << 20;
const ERROR: u8 = 0;
const INFO: u8 = 1;
const AUTH: u8 = 2;
const PUBLISH: u8 = 3;

impl HpfeedsSink {
    /// Connects with the first batch.
    pub fn new(settings: HpfeedsSettings, geo: Option<Arc<GeoIp>>) -> Self {
        Self {
            settings,
            geo,
            way: OneWay::default(),
            received: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn change_secret(&mut self, secret: &str) {
        secret.clone_into(&mut self.settings.secret);
    }

    fn publication(&self, recorded: &Recorded) -> Result<Vec<u8>, String> {
        let source = recorded
            .event
            .connection
            .as_ref()
            .map(|connection| connection.source.ip());
        let place = self
            .geo
            .as_ref()
            .zip(source)
            .and_then(|(geo, source)| geo.place(source));
        let document =
            ecs::document(recorded, place.as_ref(), self.settings.secrets).map_err(|e| e.to_string())?;
        let parameters = [self.settings.ident.as_bytes(), self.settings.channel.as_bytes()];
        let room = MAX_MESSAGE
            - 5
            - parameters
                .iter()
                .map(|parameter| parameter.len() + 1)
                .sum::<usize>();
        let document = shortened(document, room)
            .map_err(|e| e.to_string())?
            .ok_or("longer than hpfeeds allows")?;
        message(PUBLISH, &parameters, document.as_bytes()).map_err(|e| e.to_string())
    }

    /// Reads what the broker said since the last batch; whether the connection still stands.
    fn listen(&mut self) -> io::Result<bool> {
        let Some(link) = self.way.link() else {
            return Ok(false);
        };
        let mut buffer = [0; 1024];
        loop {
            while let Some((opcode, body)) = next_message(&mut self.received)? {
                if opcode == ERROR {
                    return Err(refusal(opcode, &body));
                }
            }
            match link.poll(&mut buffer) {
                Ok(None) => return Ok(true),
                Ok(Some(0)) | Err(_) => return Ok(false),
                Ok(Some(length)) => self.received.extend_from_slice(&buffer[..length]),
            }
        }
    }

    /// Gives up a connection that the broker closed, or on which it said something against us.
    fn look(&mut self) -> io::Result<()> {
        let heard = self.listen();
        if !matches!(heard, Ok(true)) {
            self.way.disconnect();
            self.received.clear();
        }
        heard.map(drop)
    }

    fn failed(&self, error: &io::Error) -> SinkError {
        SinkError::retry(format!("hpfeeds broker {}: {error}", self.settings.peer.name()))
    }
}

impl Receiver for HpfeedsSettings {
    /// Connects and answers the broker's nonce.
    fn connect(&self) -> io::Result<Link> {
        let mut link = self.peer.connect()?;
        let (mut received, mut buffer) = (Vec::new(), [0; 1024]);
        let (opcode, body) = loop {
            if let Some(message) = next_message(&mut received)? {
                break message;
            }
            match link.read(&mut buffer)? {
                0 => return Err(io::Error::other("closed before it introduced itself")),
                length => received.extend_from_slice(&buffer[..length]),
            }
        };
        if opcode != INFO {
            return Err(refusal(opcode, &body));
        }
        let nonce = body
            .split_first()
            .and_then(|(length, rest)| rest.get(usize::from(*length)..));
        let nonce =
            nonce.ok_or_else(|| io::Error::other("introduced itself in another form than hpfeeds'"))?;
        let answer = hash(MessageDigest::sha1(), &[nonce, self.secret.as_bytes()].concat())?;
        link.write_all(&message(AUTH, &[self.ident.as_bytes()], &answer)?)?;
        Ok(link)
    }

    fn hear(&self, last_words: &[u8]) -> io::Result<()> {
        let mut last_words = last_words.to_vec();
        while let Some((opcode, body)) = next_message(&mut last_words)? {
            if opcode == ERROR {
                return Err(refusal(opcode, &body));
            }
        }
        Ok(())
    }
}

impl Sink for HpfeedsSink {
    fn name(&self) -> &str {
        "hpfeeds"
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        let mut bytes = Vec::new();
        for recorded in batch {
            let publication = self.publication(recorded);
            bytes.extend(
                publication.map_err(|e| SinkError::refused(format!("event {}: {e}", recorded.id())))?,
            );
        }
        let Some(first) = batch.first() else { return Ok(()) };
        self.look().map_err(|error| self.failed(&error))?;
        let sent = self.way.send(first.sequence, &bytes, &self.settings);
        sent.map_err(|error| self.failed(&error))
    }

    fn arrived(&self) -> Option<u64> {
        self.way.arrived()
    }

    fn confirm(&mut self) -> Result<(), SinkError> {
        let confirmed = self.look().and_then(|()| self.way.confirm(&self.settings));
        confirmed.map_err(|error| self.failed(&error))
    }
}

fn refusal(opcode: u8, body: &[u8]) -> io::Error {
    let said = String::from_utf8_lossy(&body[..body.len().min(200)]);
    io::Error::other(format!("it said (opcode {opcode}): {}", said.escape_debug()))
}

/// Length (of all, in 4 bytes), opcode, parameters with their lengths (in 1 byte), and the rest.
fn message(opcode: u8, parameters: &[&[u8]], rest: &[u8]) -> io::Result<Vec<u8>> {
    let mut message = vec![0, 0, 0, 0, opcode];
    for parameter in parameters {
        let length = u8::try_from(parameter.len())
            .map_err(|_| io::Error::other("ident or channel exceeds 255 bytes"))?;
        message.push(length);
        message.extend_from_slice(parameter);
    }
    message.extend_from_slice(rest);
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    message[..4].copy_from_slice(&length.to_be_bytes());
    Ok(message)
}

/// Takes the next whole message off the front: opcode and body.
fn next_message(received: &mut Vec<u8>) -> io::Result<Option<(u8, Vec<u8>)>> {
    let Some((header, _)) = received.split_first_chunk::<5>() else {
        return Ok(None);
    };
    let [a, b, c, d, opcode] = *header;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    // Nothing that a broker says to one who only publishes is long.
    if !(5..=64 * 1024).contains(&length) {
        return Err(io::Error::other("it does not speak hpfeeds"));
    }
    if received.len() < length {
        return Ok(None);
    }
    let body = received.drain(..length).skip(5).collect();
    Ok(Some((opcode, body)))
}
