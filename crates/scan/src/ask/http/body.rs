/// What was read of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Its content, decoded and cut.
    pub content: Vec<u8>,
    /// Bytes received of it, as they were encoded.
    pub received: u64,
}
