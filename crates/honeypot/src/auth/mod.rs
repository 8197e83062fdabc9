//! Who logs on is asked, recorded and refused: no attempt ever succeeds.
//!
//! A virtual directory names its [`Schemes`]; [`check`] reads the request's `Authorization` and says what the 401 carries
//! and what was seen. NTLM's challenge lives in the connection's [`State`] and nowhere else, so that memory does not grow
//! with the number of those who ask for one.
//!
//! IIS binds NTLM to the connection: a type 3 message on another connection than the type 2 is an attempt to log on with
//! no challenge, refused and recorded as such. Over HTTP/2, IIS has no Windows authentication: the 401 names the schemes
//! all the same, and what a client sends is recorded here, while HTTP/2 resets the stream with `HTTP_1_1_REQUIRED`
//! (RFC 9113, section 7).

mod check;
mod credentials;
mod offer;
mod schemes;
#[cfg(test)]
mod tests;
mod windows;

pub use check::{Asked, Decision, HeaderLine, State, Step, check};
pub use credentials::{OwnDomains, credentials};
pub use schemes::Schemes;
