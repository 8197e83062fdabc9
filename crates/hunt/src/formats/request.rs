//! From a row to a [`WebRequest`].

use std::net::IpAddr;

use imker_detect::LogKind;
use imker_event::{Text, WebRequest};

use super::row::Cells;
use super::shape::Shape;
use crate::time::{self, Millis};

impl Shape {
    /// The request that a line tells of.
    pub(crate) fn request(&self, line: &[u8], cells: &Cells, time: Millis) -> WebRequest {
        let at = &self.at;
        let get = |place: Option<usize>| place.map_or(&[][..], |column| cells.get(line, column));
        let text = |place| some_text(get(place));
        let (stem, query) = self.stem_and_query(line, cells);
        WebRequest {
            time: time::timestamp(time),
            client: address(get(at.client)),
            forwarded_for: text(at.forwarded_for).or_else(|| list(get(at.client))),
            method: Text::from_bytes(get(at.method)),
            uri_stem: Text::from_bytes(stem),
            uri_query: some_text(query),
            username: text(at.username),
            user_agent: text(at.user_agent),
            referer: text(at.referer),
            host: text(at.host),
            status: number(get(at.status)),
            substatus: number(get(at.substatus)),
            backend_status: number(get(at.backend_status)),
            bytes_sent: number(get(at.bytes_sent)),
            server_address: address(get(at.server_address)),
            server_port: number(get(at.server_port)),
            request_id: text(at.request_id)
                .map(|id| Text::from(&*id.as_str().to_ascii_lowercase()))
                .or_else(|| request_id(query)),
            anchor_mailbox: text(at.anchor_mailbox),
            build: self.build(line, cells),
        }
    }

    /// Path and query, wherever the log keeps them.
    pub(crate) fn stem_and_query<'a>(&self, line: &'a [u8], cells: &'a Cells) -> (&'a [u8], &'a [u8]) {
        let get = |place: Option<usize>| place.map_or(&[][..], |column| cells.get(line, column));
        let (stem, query) = (get(self.at.uri_stem), get(self.at.uri_query));
        match self.kind {
            // HTTP.sys keeps both in one column.
            LogKind::HttpErr => match memchr::memchr(b'?', stem) {
                Some(mark) => (&stem[..mark], &stem[mark + 1..]),
                None => (stem, query),
            },
            LogKind::HttpProxy => (stem, query.strip_prefix(b"?").unwrap_or(query)),
            LogKind::Iis => (stem, query),
        }
    }

    /// The build that an HttpProxy row names.
    pub(crate) fn build(&self, line: &[u8], cells: &Cells) -> Option<[u16; 4]> {
        let mut build = [0; 4];
        for (part, place) in build.iter_mut().zip(self.at.build) {
            *part = number(cells.get(line, place?))?;
        }
        Some(build)
    }
}

/// An address as logged: with a port, a zone, or first in a list.
pub(crate) fn address(value: &[u8]) -> Option<IpAddr> {
    let value = std::str::from_utf8(value.get(..100).unwrap_or(value)).ok()?;
    if let Ok(address) = value.parse() {
        return Some(address);
    }
    let first = value.split([',', ';', ' ', '+']).find(|part| !part.is_empty())?;
    let bare = match first.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if first.matches(':').count() == 1 => first.split(':').next()?,
        None => first,
    };
    bare.split('%').next()?.parse().ok()
}

/// A client column that holds a list of forwarders instead of one address.
fn list(value: &[u8]) -> Option<Text> {
    value.contains(&b',').then(|| Text::from_bytes(value))
}

fn some_text(value: &[u8]) -> Option<Text> {
    (!value.is_empty()).then(|| Text::from_bytes(value))
}

pub(crate) fn number<N: std::str::FromStr>(value: &[u8]) -> Option<N> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The `cafeReqId` that Exchange's front end appends to the logged query, lower case.
fn request_id(query: &[u8]) -> Option<Text> {
    const NAME: &[u8] = b"cafereqid=";
    let start = memchr::memchr2_iter(b'c', b'C', query).find(|at| {
        query
            .get(*at..at + NAME.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    })?;
    let value = &query[start + NAME.len()..];
    let end = value
        .iter()
        .position(|byte| matches!(byte, b';' | b'&'))
        .unwrap_or(value.len());
    some_text(&value[..end].to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::formats::fields_of;

    fn request(kind: LogKind, fields: &str, line: &str) -> WebRequest {
        let shape = Shape::new(kind, fields_of(kind, fields.as_bytes()).unwrap()).unwrap();
        let mut cells = Cells::default();
        assert!(cells.split(kind, shape.width(), line.as_bytes()));
        let time = shape.time(line.as_bytes(), &cells, None).unwrap();
        assert_eq!(
            shape.time_of_line(line.as_bytes(), &mut Cells::default(), None),
            Some(time)
        );
        shape.request(line.as_bytes(), &cells, time)
    }

    #[test]
    fn iis() {
        insta::assert_json_snapshot!(request(
            LogKind::Iis,
            "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
             cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes time-taken X-Forwarded-For",
            "2021-08-12 10:15:00 192.0.2.10 POST /autodiscover/autodiscover.json \
             @example.org/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@example.org&CorrelationID=<empty>;\
             &cafeReqId=0B1C2D3E-0000-4000-8000-00000000000A; 443 - 203.0.113.7 python-requests/2.26.0 - 200 0 0 \
             5120 93 198.51.100.4,+192.0.2.1",
        ));
    }

    #[test]
    fn httperr() {
        insta::assert_json_snapshot!(request(
            LogKind::HttpErr,
            "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
            "2021-08-12 10:15:00 203.0.113.7%4 50123 192.0.2.10 443 HTTP/1.1 GET /owa/?x=1 503 1 AppOffline .NET v4.5",
        ));
    }

    #[test]
    fn http_proxy() {
        insta::assert_json_snapshot!(request(
            LogKind::HttpProxy,
            "#Fields: DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,\
             UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,\
             UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ResponseBytes,UrlQuery",
            "2021-08-12T10:15:00.219Z,0B1C2D3E-0000-4000-8000-00000000000A,15,1,2176,9,,Autodiscover,mail.example.org,\
             /autodiscover/autodiscover.json,,Negotiate,True,,,\"Sid~S-1-5-21, \"\"x\"\"\",\"Mozilla/5.0 (X11; Linux)\",\
             203.0.113.7:50123,EX01,200,200,,GET,812,?@example.org/owa/",
        ));
    }

    #[test]
    fn addresses_in_all_forms() {
        for (text, expected) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("203.0.113.7:4711", Some("203.0.113.7")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("fe80::1%12", Some("fe80::1")),
            ("203.0.113.7, 192.0.2.1", Some("203.0.113.7")),
            ("", None),
            ("unknown", None),
        ] {
            assert_eq!(
                address(text.as_bytes()),
                expected.map(|text| text.parse().unwrap()),
                "{text}"
            );
        }
    }
}
