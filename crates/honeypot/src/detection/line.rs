//! A request as a line of IIS's log.

use std::borrow::Cow;

use imker_event::WebRequest;

use crate::http::Request;
use crate::sinks::w3c;

/// IIS's default columns, then those that only rules of an operator ask for.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let further = ["cs-host", "cs(Cookie)", "X-Forwarded-For"];
    w3c::COLUMNS.split(' ').chain(further)
}

/// What the further columns hold.
pub(super) struct Headers<'a> {
    host: Cow<'a, str>,
    cookie: Cow<'a, str>,
    forwarded_for: Cow<'a, str>,
}

impl<'a> Headers<'a> {
    /// Of a request; as received, where that is at hand. Repeated headers are joined as HTTP allows.
    pub fn of(logged: &'a WebRequest, received: Option<&'a Request>) -> Self {
        let logged_text = |text: &'a Option<imker_event::Text>| {
            text.as_ref()
                .map_or(Cow::Borrowed(""), |text| Cow::Borrowed(text.as_str()))
        };
        let joined = |name: &'a str, between: &str| -> Option<Cow<'a, str>> {
            let mut values = received?.headers(name);
            let first = String::from_utf8_lossy(values.next()?);
            Some(values.fold(first, |mut all, value| {
                all.to_mut().push_str(between);
                all.to_mut().push_str(&String::from_utf8_lossy(value));
                all
            }))
        };
        Self {
            host: logged_text(&logged.host),
            cookie: joined("Cookie", "; ").unwrap_or_default(),
            forwarded_for: logged_text(&logged.forwarded_for),
        }
    }
}

/// The line, without its line end.
pub(super) fn of(request: &WebRequest, headers: &Headers<'_>) -> String {
    let mut line = w3c::line(request, (None, None), false);
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    for value in [&headers.host, &headers.cookie, &headers.forwarded_for] {
        line.push(' ');
        line.push_str(&w3c::field(value));
    }
    line
}

/// The columns of a line; none is an empty one.
pub(super) fn values(line: &str) -> impl Iterator<Item = &[u8]> {
    line.split(' ').map(|value| match value {
        "-" => &b""[..],
        value => value.as_bytes(),
    })
}
