//! The answers that HTTP.sys gives by itself, before IIS sees a request.

use super::message::{After, Response};

/// Why HTTP.sys refuses a request.
///
/// Names follow the reason phrases of its error log: Microsoft, "Types of Errors Logged by the HTTP Server API"
/// (`win32/http/types-of-errors-logged-by-the-http-server-api`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The verb is not a token, or longer than 255 bytes.
    Verb,
    /// The URL is malformed.
    Url,
    /// The URL is longer than allowed.
    UrlLength,
    /// The version is neither 1.0 nor 1.x.
    Version,
    /// The request line or the framing is malformed.
    BadRequest,
    /// A header is malformed.
    Header,
    /// A header is longer than allowed.
    FieldLength,
    /// Request line and headers together are longer than allowed.
    RequestLength,
    /// HTTP/1.1 without a host, or the host is malformed.
    Hostname,
    /// A length is not a number.
    Number,
    /// Carriage returns or line feeds are where they must not be.
    LineBreak,
    /// POST or PUT without a length.
    LengthRequired,
    /// A transfer coding other than `chunked`.
    NotImplemented,
}

impl Refusal {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Verb,
        Self::Url,
        Self::UrlLength,
        Self::Version,
        Self::BadRequest,
        Self::Header,
        Self::FieldLength,
        Self::RequestLength,
        Self::Hostname,
        Self::Number,
        Self::LineBreak,
        Self::LengthRequired,
        Self::NotImplemented,
    ];

    /// The reason phrase in HTTP.sys's error log.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Verb => "Verb",
            Self::Url => "URL",
            Self::UrlLength => "URL_Length",
            Self::Version => "Version_N/S",
            Self::BadRequest => "BadRequest",
            Self::Header => "Header",
            Self::FieldLength => "FieldLength",
            Self::RequestLength => "RequestLength",
            Self::Hostname => "Hostname",
            Self::Number => "Number",
            Self::LineBreak => "Invalid_CR/LF",
            Self::LengthRequired => "LengthRequired",
            Self::NotImplemented => "N/I",
        }
    }

    /// The status answered.
    pub const fn status(self) -> u16 {
        self.words().0
    }

    /// Status, its phrase, the heading's second half, and the sentence.
    const fn words(self) -> (u16, &'static str, &'static str, &'static str) {
        const BAD: &str = "Bad Request";
        match self {
            Self::Verb => (400, BAD, " - Invalid Verb", "The request verb is invalid."),
            Self::Url => (400, BAD, " - Invalid URL", "The request URL is invalid."),
            Self::UrlLength => (414, "Request URL Too Long", "", "The request URL is too long."),
            // Assumed: no capture of this answer is public.
            Self::Version => (
                505,
                "HTTP Version Not Supported",
                "",
                "The HTTP version is not supported.",
            ),
            Self::BadRequest | Self::Number | Self::LineBreak => {
                (400, BAD, "", "The request is badly formed.")
            }
            Self::Header => (
                400,
                BAD,
                " - Invalid Header",
                "The request has an invalid header name.",
            ),
            Self::FieldLength => (
                400,
                BAD,
                " - Header Field Too Long",
                "A request header field is too long.",
            ),
            Self::RequestLength => (
                400,
                BAD,
                " - Request Too Long",
                "The size of the request headers is too long.",
            ),
            Self::Hostname => (
                400,
                BAD,
                " - Invalid Hostname",
                "The request hostname is invalid.",
            ),
            Self::LengthRequired => (
                411,
                "Length Required",
                "",
                "The request must be chunked or have a content length.",
            ),
            Self::NotImplemented => (
                501,
                "Not Implemented",
                "",
                "The request transfer encoding type is not supported.",
            ),
        }
    }

    /// The answer; it closes the connection.
    pub fn response(self) -> Response {
        let (status, phrase, detail, sentence) = self.words();
        let body = format!(
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n\
             <HTML><HEAD><TITLE>{phrase}</TITLE>\r\n\
             <META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n\
             <BODY><h2>{phrase}{detail}</h2>\r\n\
             <hr><p>HTTP Error {status}. {sentence}</p>\r\n\
             </BODY></HTML>\r\n"
        );
        Response {
            status,
            reason: phrase,
            headers: vec![
                ("Content-Type".into(), "text/html; charset=us-ascii".into()),
                ("Server".into(), "Microsoft-HTTPAPI/2.0".into()),
            ],
            substatus: 0,
            win32_status: 0,
            body: body.into(),
            after: After::Close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    /// Lengths seen in public captures of real servers' answers.
    #[test]
    fn pages_are_as_long_as_real_ones() {
        for (refusal, length) in [
            (Refusal::Verb, 326),
            (Refusal::Url, 324),
            (Refusal::Header, 339),
            (Refusal::Hostname, 334),
            (Refusal::RequestLength, 346),
            (Refusal::BadRequest, 311),
            (Refusal::LengthRequired, 344),
            (Refusal::NotImplemented, 343),
        ] {
            assert_eq!(refusal.response().body.len(), length, "{refusal:?}");
        }
    }
}
