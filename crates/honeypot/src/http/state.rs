use crate::auth;

/// What sites remember of a connection. It dies with the connection, and must stay small: thousands of idle
/// connections hold one each.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// How far a log-on got.
    pub auth: auth::State,
    /// How many requests on this connection were answered before this one.
    pub requests: u32,
}
