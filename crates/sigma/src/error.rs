/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}: {place}{message}")]
pub struct RuleError {
    /// The rule file, or the built-in file's name.
    pub source_name: String,
    /// Rule title, field or line, where known, with `: ` behind it; else empty.
    pub place: String,
    /// What is wrong and what to do about it.
    pub message: String,
}
