use schemars::JsonSchema;
use serde::Serialize;

/// Every kind of event that Imker stores, shows or exports: a closed list.
///
/// The name is what `event.action` carries in Elastic Common Schema (ECS) output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[non_exhaustive]
pub enum Kind {
    /// A web request, as a server's log or a listener saw it.
    #[serde(rename = "web-request")]
    WebRequest,
    /// A request that HTTP.sys refused before any site saw it (HTTPERR log).
    #[serde(rename = "web-request-refused")]
    WebRequestRefused,
}

impl Kind {
    /// All kinds, in catalogue order.
    pub const ALL: &[Self] = &[Self::WebRequest, Self::WebRequestRefused];

    /// The value of ECS `event.action`.
    pub const fn action(self) -> &'static str {
        match self {
            Self::WebRequest => "web-request",
            Self::WebRequestRefused => "web-request-refused",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::Kind;

    #[test]
    fn serialised_name_is_the_ecs_action() {
        for kind in Kind::ALL {
            let json = serde_json::to_value(kind).expect("a unit variant serialises");
            assert_eq!(json, kind.action());
        }
    }
}
