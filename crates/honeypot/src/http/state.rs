use crate::auth;

/// What sites remember of a connection. It dies with the connection, and must stay small: thousands of idle
/// connections hold one each.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// How far a log-on by NTLM got, which IIS binds to the connection.
    pub log_on: auth::State,
}
