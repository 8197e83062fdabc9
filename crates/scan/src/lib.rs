//! Asking Exchange servers, politely: which targets, which requests, what they answered.

pub mod ask;
pub mod discover;
pub mod run;
pub mod target;
