//! Every byte that is sent: the requests that are listed, in their order, and nothing else, whatever is answered.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use imker_posture::{Check, Checks, Observation};
use imker_scan::ask::{Asker, Plan, Scheme, SmtpPorts, request_bytes};
use openssl::ssl::{Ssl, SslAcceptor};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_openssl::SslStream;

use crate::peer::{certificate, destination, plan, serve};
use crate::smtp::acceptor;

/// What peers received: a text for each connection, in the order in which they came.
#[derive(Clone, Default)]
struct Received {
    texts: Arc<Mutex<Vec<String>>>,
    open: Arc<AtomicUsize>,
}

/// One connection's place among them.
struct Place {
    of: Received,
    index: usize,
}

impl Received {
    fn connection(&self) -> Place {
        self.open.fetch_add(1, Ordering::SeqCst);
        let mut texts = self.texts.lock().unwrap();
        texts.push(String::new());
        Place {
            of: self.clone(),
            index: texts.len() - 1,
        }
    }

    /// All of them, once every connection has ended.
    async fn all(&self) -> Vec<String> {
        let patience = Instant::now() + Duration::from_secs(30);
        while self.open.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < patience, "a connection was left open");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.texts.lock().unwrap().clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Place {
    /// Reads until the client ends or `reply` has nothing to say, which it is asked for whatever ends with `end`.
    async fn converse(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        end: &str,
        mut reply: impl FnMut(&str) -> Option<&'static str>,
    ) -> std::io::Result<()> {
        let (mut bytes, mut answered) = (Vec::new(), 0);
        loop {
            let begin = bytes.len();
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            let text = str::from_utf8(&bytes).unwrap();
            self.of.texts.lock().unwrap()[self.index].push_str(&text[begin..]);
            while let Some(length) = text[answered..].find(end) {
                let asked = &text[answered..answered + length];
                answered += length + end.len();
                let Some(reply) = reply(asked) else {
                    return Ok(());
                };
                stream.write_all(reply.as_bytes()).await?;
            }
        }
    }
}

/// A web server that answers everything alike.
async fn web(received: &Received, tls: Option<SslAcceptor>, answer: &'static str) -> SocketAddr {
    let received = received.clone();
    serve(move |mut stream| {
        let (place, tls) = (received.connection(), tls.clone());
        async move {
            let Some(tls) = tls else {
                return place.converse(&mut stream, "\r\n\r\n", |_| Some(answer)).await;
            };
            let ssl = Ssl::new(tls.context()).unwrap();
            let mut stream = SslStream::new(ssl, stream).unwrap();
            if Pin::new(&mut stream).accept().await.is_err() {
                return Ok(());
            }
            place.converse(&mut stream, "\r\n\r\n", |_| Some(answer)).await
        }
    })
    .await
}

/// A mail service with STARTTLS, that offers log-ons.
async fn mail(received: &Received, tls: SslAcceptor) -> SocketAddr {
    let received = received.clone();
    serve(move |mut stream| {
        let (place, tls) = (received.connection(), tls.clone());
        let hello = |line: &str| match line {
            "EHLO imker.invalid" => {
                Some("250-mail.example.org Hello\r\n250-AUTH NTLM LOGIN\r\n250 STARTTLS\r\n")
            }
            _ => None,
        };
        async move {
            stream
                .write_all(b"220 mail.example.org Microsoft ESMTP MAIL Service ready\r\n")
                .await?;
            place.converse(&mut stream, "\r\n", hello).await?;
            stream.write_all(b"220 2.0.0 SMTP server ready\r\n").await?;
            let ssl = Ssl::new(tls.context()).unwrap();
            let mut stream = SslStream::new(ssl, stream).unwrap();
            Pin::new(&mut stream).accept().await.unwrap();
            let bye = |line: &str| hello(line).or(Some("221 2.0.0 Bye\r\n"));
            place.converse(&mut stream, "\r\n", bye).await
        }
    })
    .await
}

async fn ask(web: SocketAddr, scheme: Scheme, smtp: Option<SmtpPorts>) -> (Observation, String) {
    let plan = Plan {
        smtp,
        contact: Some("security@example.org".into()),
        ..plan(Checks::Full)
    };
    let asker = Asker::new(plan).unwrap();
    let seen = asker.ask(&destination(web, Some(scheme))).await;
    (seen, asker.user_agent().to_owned())
}

/// Requests, one after another.
fn requests(checks: impl IntoIterator<Item = Check>, host: SocketAddr, agent: &str) -> String {
    checks
        .into_iter()
        .map(|check| request_bytes(check, &host.to_string(), agent))
        .collect()
}

/// What a full scan asks of a server that is Exchange: everything, with the last two over connections of their own, and
/// over new connections both checks for ProxyShell.
fn full_scan(host: SocketAddr, agent: &str) -> Vec<String> {
    let (together, [proxylogon, proxynotshell]) = Check::ALL.split_last_chunk().unwrap();
    let mut connections = vec![
        requests(together.iter().copied(), host, agent),
        requests([*proxylogon], host, agent),
        requests([*proxynotshell], host, agent),
    ];
    let fresh = requests([Check::PsOwa, Check::PsNspi], host, agent);
    let limits = plan(Checks::Full).limits;
    connections.extend(vec![fresh; limits.fresh.min(limits.fresh_in_vain)]);
    connections
}

/// Asks for a log-on in every way, with a challenge that could be answered ([MS-NLMP] 2.2.1.2), and hands out a cookie.
const ASKS_TO_LOG_ON: &str = "HTTP/1.1 401 Unauthorized\r\nX-FEServer: EX01\r\nSet-Cookie: X-BackEndCookie=1; path=/\r\n\
    WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"mail.example.org\"\r\nWWW-Authenticate: Digest realm=\"a\", \
    nonce=\"b\"\r\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAAAAAAADgAAAAFgoqiASNFZ4mrze8AAAAAAAAAAAAAAAA4AAAABgOAJQAAAA8=\r\n\
    Content-Length: 0\r\n\r\n";

#[tokio::test]
async fn a_full_scan_sends_the_listed_requests_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    if !certificate(folder.path()).await {
        return;
    }
    let (over_web, over_mail) = (Received::default(), Received::default());
    let server = web(&over_web, Some(acceptor(folder.path())), ASKS_TO_LOG_ON).await;
    let service = mail(&over_mail, acceptor(folder.path())).await;
    let ports = SmtpPorts {
        smtp: service.port(),
        submission: service.port(),
    };
    let (seen, agent) = ask(server, Scheme::Https, Some(ports)).await;
    assert_eq!(seen.fault, None, "{seen:#?}");
    let mut expected = full_scan(server, &agent);
    // Handshakes in versions that were not seen yet.
    expected.extend(vec![String::new(); 3]);
    assert_eq!(over_web.all().await, expected);
    let session = "EHLO imker.invalid\r\nSTARTTLS\r\nEHLO imker.invalid\r\nQUIT\r\n";
    assert_eq!(over_mail.all().await, [session, session]);
    assert!(
        seen.smtp
            .iter()
            .all(|visit| visit.fault.is_none() && visit.tls.is_some()),
        "{seen:#?}"
    );
}

#[tokio::test]
async fn nothing_else_is_sent_in_plain_either() {
    let received = Received::default();
    let server = web(&received, None, ASKS_TO_LOG_ON).await;
    let (_, agent) = ask(server, Scheme::Http, None).await;
    assert_eq!(received.all().await, full_scan(server, &agent));
}

/// A redirect is not followed, not even to the same server; what is no Exchange is not asked for its names.
#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let (received, elsewhere) = (Received::default(), Received::default());
    let other = web(&elsewhere, None, ASKS_TO_LOG_ON).await;
    let to =
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{other}/\r\nContent-Length: 0\r\n\r\n");
    let server = web(&received, None, to.leak()).await;
    let (_, agent) = ask(server, Scheme::Http, None).await;
    let asked = Check::ALL.into_iter().filter(|check| *check != Check::Ntlm);
    assert_eq!(received.all().await.concat(), requests(asked, server, &agent));
    assert!(elsewhere.all().await.is_empty());
}

/// No request has a body, and only Microsoft's own check for ProxyLogon has cookies; there is nothing to log on with but
/// NTLM's first message, which names nobody.
#[test]
fn no_request_has_a_body_or_credentials() {
    for check in Check::ALL {
        let request = request_bytes(check, "mail.example.org", "Imker");
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("GET ") && body.is_empty(), "{check}");
        let names: Vec<&str> = head
            .lines()
            .skip(1)
            .map(|line| line.split(':').next().unwrap())
            .collect();
        let further: &[&str] = match check {
            Check::ProxyLogon => &["Cookie"],
            Check::Ntlm => &["Authorization"],
            _ => &[],
        };
        assert_eq!(
            names,
            [&["Host", "User-Agent", "Accept"][..], further].concat(),
            "{check}"
        );
    }
    let negotiate = request_bytes(Check::Ntlm, "a", "b");
    // Signature, type 1, flags, and no bytes of a domain or workstation.
    assert!(
        negotiate.contains("Authorization: NTLM TlRMTVNTUAABAAAA"),
        "{negotiate}"
    );
}
