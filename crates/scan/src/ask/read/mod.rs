//! What an answer says of Exchange.

mod builds;
mod headers;
mod ntlm;
mod page;
#[cfg(test)]
mod tests;

use imker_posture::{Check, Mark, OWN_HEADERS, Response};

use super::http::{Body, Head};

/// Reads an answer to `check`.
///
/// Sources of what is looked for: Microsoft's documentation and CSS-Exchange; the public checks of Metasploit
/// (`exchange.rb`), nuclei (CVE-2021-34473), OpenVAS (OWA detection) and righel (`ms-exchange-version.nse`).
pub fn read(check: Check, head: &Head, body: &Body) -> Response {
    let marks = page::marks(head, &body.content);
    let builds = builds::disclosed(head, &body.content, &marks);
    Response {
        status: head.status,
        headers: headers::telling(head),
        body_bytes: body.received,
        title: page::title(&body.content),
        marks,
        builds,
        ntlm: (check == Check::Ntlm).then(|| ntlm::names(head)).flatten(),
    }
}

/// Whether the start of a body tells all that a logon page can.
pub(super) fn tells_all(body: &[u8]) -> bool {
    page::logon_page(body) && page::title(body).is_some() && builds::in_logon_page(body).is_some()
}

/// Whether an answer comes from Exchange, or from something that plays it.
pub(super) fn is_exchange(response: &Response) -> bool {
    !response.marks.is_empty()
        || !response.builds.is_empty()
        || OWN_HEADERS.iter().any(|name| response.header(name).is_some())
}

/// Text of a server, cut at `limit` bytes, between two characters.
pub(super) fn text(bytes: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(limit + 4)]);
    text[..text.floor_char_boundary(limit)].to_owned()
}

fn has_mark(marks: &[Mark], mark: Mark) -> bool {
    marks.contains(&mark)
}
