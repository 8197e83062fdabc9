use std::net::SocketAddr;

use imker_posture::{Fault, FaultKind, Service, SmtpVisit};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::plan::{Destination, Limits};
use super::read::text;
use super::tls::{self, Contexts, NoTls, Offer};
use super::{connection, fault};

/// What the scanner calls itself: a name that cannot exist (RFC 6761).
pub(super) const EHLO: &str = "EHLO imker.invalid\r\n";
const STARTTLS: &str = "STARTTLS\r\n";
const QUIT: &str = "QUIT\r\n";

/// Lines of one reply.
const LINES: usize = 64;
/// Bytes of a line that are kept: RFC 5321 allows 512.
const LINE: usize = 512;
/// Extensions that are kept.
const EXTENSIONS: usize = 32;

/// Asks a mail service what it offers, and for its certificate; it is sent no mail. The first address that takes a
/// connection is asked.
pub(super) async fn ask(
    contexts: &Contexts,
    destination: &Destination,
    service: Service,
    port: u16,
    limits: &Limits,
) -> SmtpVisit {
    let mut visit = SmtpVisit {
        service,
        address: None,
        banner: None,
        extensions: Vec::new(),
        tls: None,
        fault: None,
    };
    for address in destination.addresses.iter().take(limits.addresses) {
        let address = SocketAddr::new(*address, port);
        visit.address = Some(address);
        match connection::tcp(address, limits.connect).await {
            Ok(stream) => {
                let talked = talk(contexts, stream, destination.name(), &mut visit, limits).await;
                visit.fault = talked.err();
                break;
            }
            Err(fault) => visit.fault = Some(fault),
        }
    }
    visit
}

async fn talk(
    contexts: &Contexts,
    stream: TcpStream,
    name: Option<&str>,
    visit: &mut SmtpVisit,
    limits: &Limits,
) -> Result<(), Fault> {
    let mut session = Session {
        stream,
        buffer: Vec::new(),
        limits,
    };
    let greeting = session.reply().await?;
    visit.banner = greeting.lines.first().cloned();
    greeting.expect(220)?;
    visit.extensions = session.command(EHLO).await?.expect(250)?.extensions();
    let offered = visit
        .extensions
        .iter()
        .any(|extension| extension.eq_ignore_ascii_case("STARTTLS"));
    if !offered {
        return session.quit().await;
    }
    session.command(STARTTLS).await?.expect(220)?;
    if !session.buffer.is_empty() {
        // What came before the handshake would be believed to have come within it (CVE-2011-0411).
        return Err(broken("more than its reply came before the handshake"));
    }
    let shaken = timeout(
        limits.handshake,
        contexts.handshake(session.stream, name, Offer::All),
    )
    .await;
    let stream = shaken
        .map_err(|_| fault::plain(FaultKind::TlsTimeout))?
        .map_err(NoTls::fault)?;
    visit.tls = Some(tls::describe(&stream));
    let mut session = Session {
        stream,
        buffer: Vec::new(),
        limits,
    };
    visit.extensions = session.command(EHLO).await?.expect(250)?.extensions();
    if !visit
        .extensions
        .iter()
        .any(|extension| extension.eq_ignore_ascii_case("STARTTLS"))
    {
        visit.extensions.insert(0, "STARTTLS".into());
    }
    session.quit().await
}

struct Session<'l, S> {
    stream: S,
    buffer: Vec<u8>,
    limits: &'l Limits,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    async fn command(&mut self, line: &str) -> Result<Reply, Fault> {
        let sent = timeout(self.limits.first_byte, self.stream.write_all(line.as_bytes())).await;
        sent.map_err(|_| fault::plain(FaultKind::Timeout))?
            .map_err(|error| fault::of_io(&error))?;
        self.reply().await
    }

    /// One reply, within the time and the bytes for one answer.
    async fn reply(&mut self) -> Result<Reply, Fault> {
        let began = Instant::now();
        let mut piece = Vec::with_capacity(1024);
        loop {
            if let Some((reply, length)) = Reply::parse(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(reply);
            }
            if self.buffer.len() > self.limits.head {
                return Err(Fault {
                    kind: FaultKind::HeadTooLarge,
                    detail: Some("a reply without end".into()),
                });
            }
            let (until, late) = match self.buffer.is_empty() {
                true => (self.limits.first_byte, FaultKind::Timeout),
                false => (self.limits.answer, FaultKind::TooSlow),
            };
            piece.clear();
            let read = timeout_at(began + until, self.stream.read_buf(&mut piece)).await;
            let read = read.map_err(|_| fault::plain(late))?;
            if read.map_err(|error| fault::of_io(&error))? == 0 {
                return Err(fault::plain(FaultKind::Closed));
            }
            self.buffer.extend_from_slice(&piece);
        }
    }

    /// What is answered no longer matters.
    async fn quit(&mut self) -> Result<(), Fault> {
        let _ = timeout(self.limits.first_byte, self.stream.write_all(QUIT.as_bytes())).await;
        Ok(())
    }
}

/// A reply (RFC 5321, section 4.2).
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    code: u16,
    /// Text behind the code, cut.
    lines: Vec<String>,
}

impl Reply {
    /// The reply at the start, where it is all there, and its length.
    fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Fault> {
        let (mut at, mut lines) = (0, Vec::new());
        while let Some(end) = memchr::memchr(b'\n', &bytes[at..]) {
            let line = bytes[at..at + end].trim_ascii_end();
            at += end + 1;
            let (code, more, rest) = match line {
                [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
                    let code = [a, b, c]
                        .iter()
                        .fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'));
                    (
                        code,
                        rest.first() == Some(&b'-'),
                        rest.get(1..).unwrap_or_default(),
                    )
                }
                _ => {
                    return Err(broken(&format!(
                        "`{}` is no reply",
                        text(line, 32).escape_debug()
                    )));
                }
            };
            lines.push(text(rest, LINE));
            if !more {
                return Ok(Some((Self { code, lines }, at)));
            }
            if lines.len() == LINES {
                return Err(broken("a reply without end"));
            }
        }
        match bytes.first() {
            Some(first) if at == 0 && !(b'2'..=b'5').contains(first) => {
                let start = &bytes[..bytes.len().min(32)];
                Err(broken(&format!("it began with `{}`", start.escape_ascii())))
            }
            _ => Ok(None),
        }
    }

    fn expect(self, code: u16) -> Result<Self, Fault> {
        match self.code == code {
            true => Ok(self),
            false => Err(broken(&format!("{} {}", self.code, self.lines.join(" ")))),
        }
    }

    /// What EHLO's reply offers: all lines but the first.
    fn extensions(self) -> Vec<String> {
        self.lines.into_iter().skip(1).take(EXTENSIONS).collect()
    }
}

fn broken(detail: &str) -> Fault {
    Fault {
        kind: FaultKind::Other,
        detail: Some(text(detail.as_bytes(), LINE)),
    }
}
