//! Files that are sent to the server.

use imker_event::ecs::holds_secrets;
use imker_event::{Content, Saw, Text};

use super::ask::Ask;
use crate::http::content_of;

/// Files recorded of one request.
const MAX_FILES: usize = 16;

/// Records what a PUT brings, and the files of a `multipart/form-data` body (RFC 7578).
///
/// The hash of a file in a form is that of its own bytes. They are kept as part of the request's body, not apart, so
/// that nothing of them counts as kept under that hash; [`files_in`] finds them there. A file that reaches beyond what is in memory of the body is told
/// with the whole body's hash instead.
pub(super) fn observe(ask: &mut Ask<'_>) {
    let request = ask.request;
    if request.content.bytes == 0 {
        return;
    }
    if request.method.eq_ignore_ascii_case(b"PUT") {
        let name = ask.path.text.rsplit('/').next().filter(|name| !name.is_empty());
        ask.saw.push(Saw::Upload {
            name: name.map(Text::from),
            content: request.content.clone(),
            // A script is code, not a form: its hash is what defenders tell each other.
            secrets: !imker_exchange::is_script(&ask.path.text) && holds_secrets(&request.body),
        });
        return;
    }
    let Some(boundary) = request.header("Content-Type").and_then(boundary) else {
        return;
    };
    let files = files(&request.body, &boundary)
        .take(MAX_FILES)
        .map(|file| Saw::Upload {
            name: Some(Text::from_bytes(file.name)),
            secrets: file.content.is_none() && holds_secrets(&request.body),
            content: file.content.map_or_else(
                || request.content.clone(),
                |bytes| -> Content { content_of(bytes, 0) },
            ),
        });
    let files: Vec<_> = files.collect();
    ask.saw.extend(files);
}

/// The bytes of the files in a body of `multipart/form-data`, of those that are whole in `body`.
pub fn files_in<'b>(content_type: &[u8], body: &'b [u8]) -> Vec<&'b [u8]> {
    let Some(boundary) = boundary(content_type) else {
        return Vec::new();
    };
    let files = files(body, &boundary).take(MAX_FILES);
    files.filter_map(|file| file.content).collect()
}

/// `--boundary`, of a `multipart/form-data` content type.
fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let lower = content_type.to_ascii_lowercase();
    if !lower.starts_with(b"multipart/form-data") {
        return None;
    }
    let at = memchr::memmem::find(&lower, b"boundary=")? + b"boundary=".len();
    let value = &content_type[at..];
    let value = match value {
        [b'"', quoted @ ..] => quoted.split(|byte| *byte == b'"').next()?,
        plain => plain.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next()?,
    };
    // RFC 2046, section 5.1.1: 1 to 70 characters.
    (1..=70).contains(&value.len()).then(|| [b"--", value].concat())
}

struct File<'b> {
    name: &'b [u8],
    /// `None` where its end is not in memory.
    content: Option<&'b [u8]>,
}

/// Parts with a file name, in order.
fn files<'b>(body: &'b [u8], boundary: &[u8]) -> impl Iterator<Item = File<'b>> {
    let finder = memchr::memmem::Finder::new(boundary).into_owned();
    let mut rest = finder.find(body).map(|at| &body[at + boundary.len()..]);
    let length = boundary.len();
    std::iter::from_fn(move || {
        let part = rest?;
        let end = finder.find(part);
        rest = end.map(|end| &part[end + length..]);
        Some((part, end))
    })
    .filter_map(|(part, end)| {
        let head = memchr::memmem::find(part, b"\r\n\r\n").filter(|at| end.is_none_or(|end| *at < end))?;
        let name = file_name(&part[..head])?;
        let content = end.map(|end| {
            let bytes = part.get(head + 4..end).unwrap_or_default();
            bytes.strip_suffix(b"\r\n").unwrap_or(bytes)
        });
        Some(File { name, content })
    })
}

/// The value of `filename=` in a part's head; `filename*=` counts too, undecoded.
fn file_name(head: &[u8]) -> Option<&[u8]> {
    let lower = head.to_ascii_lowercase();
    let at = memchr::memmem::find(&lower, b"filename")? + b"filename".len();
    let value = head[at..].strip_prefix(b"*").unwrap_or(&head[at..]);
    let value = value.strip_prefix(b"=")?;
    match value {
        [b'"', quoted @ ..] => quoted.split(|byte| *byte == b'"').next(),
        plain => plain.split(|byte| matches!(byte, b';' | b'\r' | b'\n')).next(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntext\r\n--x\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"one.aspx\"\r\nContent-Type: text/plain\r\n\r\ninert\r\n\r\n--x\r\n\
        content-disposition: form-data; name=g; filename=two.txt\r\n\r\nsecond";

    #[test]
    fn finds_files() {
        let boundary = boundary(b"multipart/form-data; boundary=\"x\"").unwrap_or_default();
        let found: Vec<_> = files(BODY, &boundary)
            .map(|file| (file.name, file.content))
            .collect();
        assert_eq!(
            found,
            [(&b"one.aspx"[..], Some(&b"inert\r\n"[..])), (b"two.txt", None)]
        );
        assert_eq!(super::boundary(b"text/plain; boundary=x"), None);
        assert_eq!(super::boundary(b"multipart/form-data; boundary="), None);
    }

    proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(prop_oneof![Just(b'-'), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..200)) {
            let _ = files(&body, b"--").count();
            let _ = (boundary(&body), file_name(&body));
        }
    }
}
