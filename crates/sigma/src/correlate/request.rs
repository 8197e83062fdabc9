//! Values of a web request by Sigma field, for grouping and counting.

use imker_event::{Text, WebRequest};

use crate::fields::Field;

/// A field that requests carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestField {
    Client,
    ForwardedFor,
    Method,
    Stem,
    Query,
    Uri,
    Username,
    UserAgent,
    Referer,
    Host,
    Status,
    Substatus,
    BackendStatus,
    BytesSent,
    ServerAddress,
    ServerPort,
    RequestId,
    AnchorMailbox,
}

/// Names by the table of fields, then the HttpProxy columns that stand outside it.
const NAMES: [(&str, RequestField); 22] = [
    ("c-ip", RequestField::Client),
    ("X-Forwarded-For", RequestField::ForwardedFor),
    ("cs-method", RequestField::Method),
    ("cs-uri-stem", RequestField::Stem),
    ("cs-uri-query", RequestField::Query),
    ("cs-uri", RequestField::Uri),
    ("cs-username", RequestField::Username),
    ("cs-user-agent", RequestField::UserAgent),
    ("cs-referer", RequestField::Referer),
    ("cs-host", RequestField::Host),
    ("sc-status", RequestField::Status),
    ("sc-substatus", RequestField::Substatus),
    ("sc-bytes", RequestField::BytesSent),
    ("s-ip", RequestField::ServerAddress),
    ("s-port", RequestField::ServerPort),
    ("UrlStem", RequestField::Stem),
    ("UrlQuery", RequestField::Query),
    ("UserAgent", RequestField::UserAgent),
    ("AuthenticatedUser", RequestField::Username),
    ("BackEndStatus", RequestField::BackendStatus),
    ("RequestId", RequestField::RequestId),
    ("AnchorMailbox", RequestField::AnchorMailbox),
];

impl RequestField {
    /// The field of this name or alias; `None` where requests do not carry it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let field = Field::new(name);
        let canonical = field.canonical();
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(canonical))
            .map(|(_, field)| *field)
    }

    /// The request's value.
    pub(crate) fn of(self, request: &WebRequest) -> Option<String> {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
        match self {
            Self::Client => request.client.map(|address| address.to_string()),
            Self::ForwardedFor => text(&request.forwarded_for),
            Self::Method => Some(request.method.as_str().to_owned()),
            Self::Stem => Some(request.uri_stem.as_str().to_owned()),
            Self::Query => text(&request.uri_query),
            Self::Uri => Some(match &request.uri_query {
                Some(query) => format!("{}?{query}", request.uri_stem),
                None => request.uri_stem.as_str().to_owned(),
            }),
            Self::Username => text(&request.username),
            Self::UserAgent => text(&request.user_agent),
            Self::Referer => text(&request.referer),
            Self::Host => text(&request.host),
            Self::Status => request.status.map(|number| number.to_string()),
            Self::Substatus => request.substatus.map(|number| number.to_string()),
            Self::BackendStatus => request.backend_status.map(|number| number.to_string()),
            Self::BytesSent => request.bytes_sent.map(|number| number.to_string()),
            Self::ServerAddress => request.server_address.map(|address| address.to_string()),
            Self::ServerPort => request.server_port.map(|number| number.to_string()),
            Self::RequestId => text(&request.request_id),
            Self::AnchorMailbox => text(&request.anchor_mailbox),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn fields_are_named_by_the_table() {
        let mut request = WebRequest::new("2021-08-12T00:00:00Z".parse().unwrap(), "GET", "/owa/");
        request.uri_query = Some("a=b".into());
        request.status = Some(302);
        let value = |name: &str| RequestField::named(name).unwrap().of(&request);
        assert_eq!(value("C-URI").as_deref(), Some("/owa/?a=b"));
        assert_eq!(value("sc-status").as_deref(), Some("302"));
        assert_eq!(value("cs(User-Agent)"), None);
        assert_eq!(RequestField::named("cs-cookie"), None);
    }
}
