/// Why bytes are no such message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer bytes than the fixed part has.
    #[error("{message}: {bytes} bytes, at least {least} expected")]
    Short {
        /// The message.
        message: &'static str,
        /// Bytes there.
        bytes: usize,
        /// Bytes needed.
        least: usize,
    },
    /// No `NTLMSSP\0` at the start.
    #[error("no NTLM message: it does not begin with NTLMSSP")]
    Signature,
    /// A message of another type.
    #[error("{message}: message type {found}")]
    Type {
        /// The message expected.
        message: &'static str,
        /// The type found.
        found: u32,
    },
    /// A field that points beyond the message.
    #[error("{message}: {field} points beyond the message")]
    Bounds {
        /// The message.
        message: &'static str,
        /// The field.
        field: &'static str,
    },
    /// An AV pair that does not end in its list.
    #[error("AV pairs: the list ends in the middle of a pair")]
    AvPairs,
    /// DER that is cut off, of another type, or longer than what holds it.
    #[error("SPNEGO: {0}")]
    Der(&'static str),
}
