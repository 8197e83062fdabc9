/// What sites remember of a connection. It dies with the connection, and must stay small: thousands of idle
/// connections hold one each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionState {
    /// The NTLM server challenge sent last on this connection and not yet answered ([MS-NLMP] 2.2.1.2).
    pub ntlm_challenge: Option<[u8; 8]>,
    /// How many requests on this connection were given to the site before this one.
    pub requests: u32,
}
