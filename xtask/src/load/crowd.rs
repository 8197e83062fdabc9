//! Clients that do nothing, and clients that do it slowly.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result, WrapErr, miette};
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};

type Client = SslStream<TcpStream>;

/// Connections over TLS, each after one answered request.
pub struct Crowd {
    idle: Vec<Client>,
    slow: Vec<Client>,
}

const TIMEOUT: Duration = Duration::from_secs(30);

fn connector() -> Result<SslConnector> {
    let mut builder = SslConnector::builder(SslMethod::tls()).into_diagnostic()?;
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_security_level(0);
    Ok(builder.build())
}

fn connect(connector: &SslConnector, server: SocketAddr) -> Result<Client> {
    let socket = TcpStream::connect_timeout(&server, TIMEOUT).into_diagnostic()?;
    socket.set_read_timeout(Some(TIMEOUT)).into_diagnostic()?;
    connector
        .connect("mail.example.org", socket)
        .map_err(|error| miette!("TLS to {server}: {error}"))
}

fn ask(client: &mut Client, path: &str) -> Result<Vec<u8>> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: mail.example.org\r\n\r\n");
    client.write_all(request.as_bytes()).into_diagnostic()?;
    let mut answer = Vec::new();
    let mut block = [0; 16 << 10];
    loop {
        let read = client.read(&mut block).into_diagnostic()?;
        answer.extend_from_slice(&block[..read]);
        if let Some(body) = body(&answer)? {
            return Ok(body.to_vec());
        }
        if read == 0 {
            return Err(miette!("the answer to {path} ended early"));
        }
    }
}

/// The body of an answer with a Content-Length, once it is whole.
fn body(answer: &[u8]) -> Result<Option<&[u8]>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok())
        .ok_or_else(|| miette!("an answer without a length:\n{head}"))?;
    let body = &answer[end + 4..];
    Ok((body.len() >= length).then(|| &body[..length]))
}

/// A page's body.
pub fn fetch(server: SocketAddr, path: &str) -> Result<Vec<u8>> {
    ask(&mut connect(&connector()?, server)?, path)
}

impl Crowd {
    /// Connects them all.
    pub fn gather(server: SocketAddr, idle: usize, slow: usize) -> Result<Self> {
        let connector = connector()?;
        let mut all = Vec::with_capacity(idle + slow);
        for number in 0..idle + slow {
            let mut client = connect(&connector, server).wrap_err_with(|| format!("client {number}"))?;
            ask(&mut client, "/owa/healthcheck.htm").wrap_err_with(|| format!("client {number}"))?;
            all.push(client);
        }
        let slow = all.split_off(idle);
        Ok(Self { idle: all, slow })
    }

    /// Lets the slow ones send the head of a request, each a byte a second, for so long.
    pub fn trickle(&mut self, time: Duration) -> JoinHandle<Result<()>> {
        let mut clients = std::mem::take(&mut self.slow);
        thread::spawn(move || {
            let end = Instant::now() + time;
            for byte in b"GET /owa/ HTTP/1.1\r\nHost: mail.example.org\r\nUser-Agent: "
                .iter()
                .cycle()
            {
                let next = Instant::now() + Duration::from_secs(1);
                if next > end {
                    break;
                }
                for client in &mut clients {
                    // One that was closed for its slowness is no failure.
                    let _ = client.write_all(&[*byte]);
                }
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            Ok(())
        })
    }

    /// How many idle connections are open still.
    pub fn still_open(&mut self) -> usize {
        let is_open = |client: &mut Client| {
            let socket = client.get_mut();
            socket.set_nonblocking(true).is_ok()
                && matches!(socket.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        };
        self.idle.iter_mut().map(is_open).filter(|open| *open).count()
    }
}
