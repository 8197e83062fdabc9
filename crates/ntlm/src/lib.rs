//! NTLM messages ([MS-NLMP]) and SPNEGO's wrapping of them (RFC 4178, [MS-SPNG]): reading and writing, for servers and
//! clients alike.
//!
//! No cryptography: nobody is authenticated. What comes from the network is hostile; parsers never panic, and what they
//! return is bounded by the length of their input.
//!
//! ```
//! use imker_ntlm::{Challenge, Negotiate, ServerNames, Version};
//!
//! let asked = Negotiate::parse(b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\0")?;
//! let names = ServerNames {
//!     netbios_domain: "EXAMPLE",
//!     netbios_computer: "EX01",
//!     dns_domain: "corp.example.org",
//!     dns_computer: "EX01.corp.example.org",
//!     dns_tree: "corp.example.org",
//! };
//! let version = Version::new(10, 0, 17763);
//! let challenge = Challenge::answering(asked.flags, &names, *b"\x01\x23\x45\x67\x89\xab\xcd\xef", 0, version);
//! assert_eq!(Challenge::parse(&challenge.encode())?, challenge);
//! # Ok::<(), imker_ntlm::Error>(())
//! ```
//!
//! [MS-NLMP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-nlmp/
//! [MS-SPNG]: https://learn.microsoft.com/openspecs/windows_protocols/ms-spng/

mod authenticate;
mod av;
mod challenge;
mod der;
mod error;
mod flags;
mod message;
mod negotiate;
mod response;
pub mod spnego;
mod version;

pub use authenticate::Authenticate;
pub use av::{AvId, AvPair, AvPairs};
pub use challenge::{Challenge, ServerNames};
pub use error::Error;
pub use flags::Flags;
pub use message::{MessageType, message_type};
pub use negotiate::Negotiate;
pub use response::{ClientChallenge, NtResponse};
pub use version::Version;
