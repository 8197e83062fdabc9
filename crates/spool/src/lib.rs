//! An append-only record: a batch is acknowledged once it is on disk, and what could not be kept is told.
//!
//! A spool is a folder of segments. It keeps bytes and knows nothing of what they say. [`Spool::append`] gives each
//! payload a sequence number, ascending by one from 1, and ends after `fdatasync`; one thread collects whatever
//! waits and syncs it together (group commit). Readers follow behind [`Cursor`]s; the oldest segments go when the
//! spool exceeds its limits. What is lost comes back as a [`Loss`], which the caller's function turns into a payload
//! of its own, written exactly where the loss became known.
//!
//! A segment is named after its first sequence number, `00000000000000000001.seg`, and made of a header and frames.
//! All integers are little-endian:
//!
//! | header | | frame | |
//! |---|---|---|---|
//! | magic | `imkspool` | length of the payload | `u32` |
//! | version | `u32`, 1 | CRC-32C of id, length, sequence, flags and payload | `u32` |
//! | id of the spool | `u64` | sequence | `u64` |
//! | first sequence | `u64` | flags | `u8`: 1 ends a batch, 2 tells of a loss |
//! | created | `i64`, nanoseconds since 1970 | payload | |
//! | CRC-32C of the above | `u32` | | |
//!
//! The id is random and the same in all segments: a payload cannot contain what passes for a frame.

mod commit;
mod cursor;
mod error;
mod frame;
mod loss;
mod options;
mod platform;
mod reader;
mod recover;
mod reserve;
mod retain;
mod segment;
mod shared;
mod spool;
mod steady;
mod walk;

pub use cursor::Cursor;
pub use error::{AppendError, Error};
pub use loss::{Loss, Recovery};
pub use options::Options;
#[doc(hidden)]
pub use platform::{Output, Platform, System};
pub use reader::{Entry, Follower, Reader, read_only};
pub use recover::is_written;
pub use spool::{Append, Spool};
pub use steady::SteadyClock;
