use std::net::IpAddr;
use std::time::Duration;

use imker_posture::Checks;

/// What is asked of every target, and within which bounds.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How much is asked over HTTP.
    pub checks: Checks,
    /// Mail services that are asked as well; none where nobody wants that.
    pub smtp: Option<SmtpPorts>,
    /// Where whoever is asked can turn to, for the user agent: a mail address or a URL.
    pub contact: Option<String>,
    /// Bounds on each target.
    pub limits: Limits,
}

impl Plan {
    /// A plan that asks this much over HTTP, and of no mail service.
    pub fn new(checks: Checks) -> Self {
        Self {
            checks,
            smtp: None,
            contact: None,
            limits: Limits::for_checks(checks),
        }
    }
}

/// Ports of mail services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpPorts {
    /// For mail between servers (RFC 5321).
    pub smtp: u16,
    /// For mail of clients (RFC 6409).
    pub submission: u16,
}

impl Default for SmtpPorts {
    fn default() -> Self {
        Self {
            smtp: 25,
            submission: 587,
        }
    }
}

/// Bounds in time, bytes and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a TCP connection.
    pub connect: Duration,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// From a request to the first byte of its answer.
    pub first_byte: Duration,
    /// From a request to the end of its answer.
    pub answer: Duration,
    /// For all that is asked of one target.
    pub target: Duration,
    /// Bytes of a head, or of a reply of a mail service.
    pub head: usize,
    /// Bytes of a body that are read, and that are kept once it is decoded.
    pub body: usize,
    /// Addresses of one name that are asked in a full scan.
    pub addresses: usize,
    /// Connections to one address that look for further servers behind a balancer.
    pub fresh: usize,
    /// So many of them in a row that find no new server end that search.
    pub fresh_in_vain: usize,
}

impl Limits {
    /// What suits servers in the internet.
    pub const fn for_checks(checks: Checks) -> Self {
        let target = match checks {
            Checks::Quick => 60,
            Checks::Full => 240,
        };
        Self {
            connect: Duration::from_secs(5),
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(15),
            answer: Duration::from_secs(25),
            target: Duration::from_secs(target),
            head: 32 * 1024,
            body: 128 * 1024,
            addresses: 16,
            fresh: 6,
            fresh_in_vain: 3,
        }
    }
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The port that goes without saying.
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A target with its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The target, as [`Observation::target`](imker_posture::Observation::target) has it.
    pub target: String,
    /// How it is spoken to; where that is not said, over TLS, and in plain where it answers so.
    pub scheme: Option<Scheme>,
    /// Its name, for `Host` and SNI (RFC 6066, section 3). Without one, or where it holds anything but ASCII letters,
    /// digits, `.`, `-` and `_`, the address stands in `Host`.
    pub name: Option<String>,
    /// Its addresses, the preferred one first.
    pub addresses: Vec<IpAddr>,
    /// Its port, where it is not the scheme's.
    pub port: Option<u16>,
}

impl Destination {
    /// The name, where it can stand in a request: it may come from DNS, which is hostile.
    pub(super) fn name(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        let name = name.strip_suffix('.').unwrap_or(name);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_one =
            (1..=253).contains(&name.len()) && name.bytes().all(plain) && name.parse::<IpAddr>().is_err();
        is_one.then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Destination;

    #[test]
    fn only_names_are_sent_as_names() {
        let name = |name: &str| {
            let destination = Destination {
                target: String::new(),
                scheme: None,
                name: Some(name.into()),
                addresses: Vec::new(),
                port: None,
            };
            destination.name().map(str::to_owned)
        };
        assert_eq!(name("mail.example.org.").as_deref(), Some("mail.example.org"));
        for wrong in [
            "",
            ".",
            "192.0.2.1",
            "a b",
            "a\r\nX: y",
            "m\u{fc}nchen.example",
            &"x".repeat(254),
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
