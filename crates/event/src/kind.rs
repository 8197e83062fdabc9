use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares the catalogue: one line a kind, so that none can miss in a list.
macro_rules! catalogue {
    ($($(#[doc = $doc:literal])+ $variant:ident = $action:literal,)+) => {
        /// Every kind of event that Imker stores, shows or exports: a closed list.
        ///
        /// The name is what `event.action` carries in Elastic Common Schema (ECS) output.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[doc = $doc])+ #[serde(rename = $action)] $variant,)+
        }

        impl Kind {
            /// All kinds, in catalogue order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The value of ECS `event.action`.
            pub const fn action(self) -> &'static str {
                match self {
                    $(Self::$variant => $action,)+
                }
            }

            /// What the kind says, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

catalogue! {
    /// A web request, as a server's log or a listener saw it.
    WebRequest = "web-request",
    /// A request that HTTP.sys refused before any site saw it (HTTPERR log), or bytes that are no request.
    WebRequestRefused = "web-request-refused",
    /// A client that waits for leave to send a request's body (`Expect: 100-continue`) is given it.
    WebRequestContinued = "web-request-continued",
    /// The answer to a web request, recorded before it is sent.
    WebResponse = "web-response",
    /// A sensor began to listen.
    SensorStarted = "sensor-started",
    /// A sensor stopped in order.
    SensorStopped = "sensor-stopped",
    /// Events that could not be kept: how many, of whom, why.
    Gap = "gap",
    /// A client connected.
    ConnectionOpened = "connection-opened",
    /// A connection ended.
    ConnectionClosed = "connection-closed",
    /// A TLS ClientHello, as read from the socket.
    TlsHello = "tls-hello",
    /// A TLS handshake succeeded.
    TlsEstablished = "tls-established",
    /// A TLS handshake failed.
    TlsFailed = "tls-failed",
    /// Someone tried to log on.
    Credentials = "credentials",
    /// An NTLM NEGOTIATE message (type 1).
    NtlmNegotiate = "ntlm-negotiate",
    /// An NTLM AUTHENTICATE message (type 3).
    NtlmAuthenticate = "ntlm-authenticate",
    /// A command sent to a webshell.
    Command = "command",
    /// A file sent to the sensor, kept in quarantine.
    Upload = "upload",
    /// A source reached a stage of an attack for the first time in its session.
    StageReached = "stage-reached",
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
            assert!(kind.meaning().ends_with('.'), "{}", kind.meaning());
        }
    }
}
