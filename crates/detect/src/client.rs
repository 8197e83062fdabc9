//! Who sent a request, and whether it was the owner.

use std::net::{IpAddr, SocketAddr};

use imker_event::WebRequest;

use crate::detector::{OwnScanner, Settings};
use crate::model::Vantage;

/// The client as far as it can be told; `None` in back-end logs, whose `c-ip` is the front end.
pub(crate) fn judge(request: &WebRequest, vantage: Vantage, settings: &Settings) -> Option<IpAddr> {
    if vantage == Vantage::BackEnd {
        return None;
    }
    let mut client = request.client?.to_canonical();
    let trusted = |address: IpAddr| settings.trusted_proxies.iter().any(|net| net.contains(&address));
    let Some(chain) = &request.forwarded_for else {
        return Some(client);
    };
    for entry in chain.as_str().rsplit(',') {
        // Only what a trusted proxy wrote counts; it wrote the address that it saw.
        if !trusted(client) {
            break;
        }
        match address(entry) {
            Some(next) => client = next,
            None => break,
        }
    }
    Some(client)
}

/// An entry of `X-Forwarded-For`: an address, with a port or without; IIS writes `+` for a blank.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches(|c: char| c.is_whitespace() || c == '+' || c == '"');
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(entry);
    let address = bare.parse::<IpAddr>().ok();
    address
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|ip| ip.to_canonical())
}

/// Which of the owner's own checks a request is, as a place in [`Settings::own_scanners`].
pub(crate) fn own_scanner(
    request: &WebRequest,
    client: Option<IpAddr>,
    settings: &Settings,
) -> Option<usize> {
    settings.own_scanners.iter().position(|own| match own {
        OwnScanner::Network(net) => client.is_some_and(|client| net.contains(&client)),
        OwnScanner::UserAgent(part) => {
            let blank = |text: &str| text.replace('+', " ").to_lowercase();
            let part = blank(part);
            let agent = request.user_agent.as_ref();
            !part.is_empty() && agent.is_some_and(|agent| blank(agent.as_str()).contains(&part))
        }
    })
}

/// An own check as the user named it.
pub(crate) fn label(own: &OwnScanner) -> String {
    match own {
        OwnScanner::Network(net) => net.to_string(),
        OwnScanner::UserAgent(part) => part.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn judged(client: &str, forwarded: Option<&str>, trusted: &[&str]) -> String {
        let mut request = WebRequest::new(jiff::Timestamp::UNIX_EPOCH, "GET", "/");
        request.client = Some(client.parse().unwrap());
        request.forwarded_for = forwarded.map(Into::into);
        let trusted_proxies = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let settings = Settings {
            trusted_proxies,
            ..Settings::default()
        };
        judge(&request, Vantage::FrontEnd, &settings).unwrap().to_string()
    }

    #[test]
    fn forwarded_for_is_read_from_right_to_left_while_trusted() {
        let lan: &[&str] = &["10.0.0.0/8", "2001:db8:1::/48"];
        for (client, forwarded, trusted, expected) in [
            ("10.0.0.1", None, lan, "10.0.0.1"),
            ("10.0.0.1", Some("203.0.113.7"), &[] as &[&str], "10.0.0.1"),
            ("198.51.100.9", Some("203.0.113.7"), lan, "198.51.100.9"),
            ("10.0.0.1", Some("203.0.113.7"), lan, "203.0.113.7"),
            // The leftmost entry is the attacker's own invention.
            ("10.0.0.1", Some("192.0.2.1, 203.0.113.7"), lan, "203.0.113.7"),
            ("10.0.0.1", Some("203.0.113.7,+10.0.0.2"), lan, "203.0.113.7"),
            ("10.0.0.1", Some("10.0.0.3,+10.0.0.2"), lan, "10.0.0.3"),
            ("10.0.0.1", Some("203.0.113.7, unknown"), lan, "10.0.0.1"),
            ("10.0.0.1", Some("203.0.113.7:51000"), lan, "203.0.113.7"),
            ("10.0.0.1", Some("\"[2001:db8::7]:443\""), lan, "2001:db8::7"),
            ("::ffff:10.0.0.1", Some("::ffff:203.0.113.7"), lan, "203.0.113.7"),
            ("2001:db8:1::5", Some("[2001:db8::7]"), lan, "2001:db8::7"),
            ("10.0.0.1", Some(""), lan, "10.0.0.1"),
        ] {
            assert_eq!(
                judged(client, forwarded, trusted),
                expected,
                "{client} {forwarded:?}"
            );
        }
    }

    #[test]
    fn a_back_end_log_names_no_client() {
        let mut request = WebRequest::new(jiff::Timestamp::UNIX_EPOCH, "GET", "/");
        request.client = Some("10.0.0.1".parse().unwrap());
        assert_eq!(judge(&request, Vantage::BackEnd, &Settings::default()), None);
    }

    #[test]
    fn own_scanners_by_network_and_user_agent() {
        let own_scanners = vec![
            OwnScanner::Network("192.0.2.0/28".parse().unwrap()),
            OwnScanner::UserAgent("Exposure Check".into()),
            OwnScanner::UserAgent(String::new()),
        ];
        let settings = Settings {
            own_scanners,
            ..Settings::default()
        };
        let mut request = WebRequest::new(jiff::Timestamp::UNIX_EPOCH, "GET", "/");
        let of = |request: &WebRequest, client: &str| own_scanner(request, client.parse().ok(), &settings);
        assert_eq!(of(&request, "192.0.2.5"), Some(0));
        assert_eq!(of(&request, "192.0.2.77"), None);
        request.user_agent = Some("Our+exposure+check/2".into());
        assert_eq!(of(&request, "192.0.2.77"), Some(1));
    }
}
