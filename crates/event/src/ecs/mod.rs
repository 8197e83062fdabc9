//! Sensor events as documents of the Elastic Common Schema (ECS), one JSON object a line, and back.
//!
//! A document carries the fields that ECS has a name for, and the whole event, exactly, under `imker`: what was
//! written with [`to_json`] is read with [`from_json`] without loss. See
//! <https://www.elastic.co/docs/reference/ecs>.

mod document;
mod fields;
mod mask;
mod place;
mod read;

#[cfg(test)]
mod tests;

pub use document::{document, to_json};
pub use mask::{MASKED, holds_secrets, mask, mask_query};
pub use place::Place;
pub use read::{Document, LineError, MAX_LINE, Reader, Unreadable, from_json};

/// The version of ECS whose fields the documents use.
pub const VERSION: &str = "8.17.0";

/// What becomes of secrets in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// They are left out, as [`mask`] does; the document then has the tag `masked`. For whatever leaves the machine.
    #[default]
    Masked,
    /// They are written as they are.
    Kept,
}
