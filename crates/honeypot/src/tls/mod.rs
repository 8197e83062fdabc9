//! TLS as Schannel would speak it, and what a client's ClientHello tells.
//!
//! The ClientHello is read before OpenSSL sees it, so that it can be recorded before anything is answered:
//! [`read_hello`] sends nothing, [`Hello::accept`] gives what was read to OpenSSL and answers.
//!
//! Limits of the likeness: OpenSSL answers in Schannel's place. Versions, suites, their order, curves, ALPN and
//! resumption follow the persona's Windows; the order of extensions in a ServerHello, sizes of records and the choice
//! of signature algorithms are OpenSSL's. A fingerprint of the server's stack such as JARM can tell them apart. SSL 2.0
//! and 3.0 are not spoken, but a hello in the format of SSL 2.0 that offers TLS is answered, as every Windows does.

mod accept;
mod client_hello;
mod establish;
mod hello_reader;
mod host;
mod ja3;
mod ja4;

pub use accept::{Accepted, Hello, TlsFailure, read_hello};
pub use hello_reader::{HelloReader, NoHello};
pub use host::{TlsHost, TlsHostError};

#[cfg(test)]
mod tests;
