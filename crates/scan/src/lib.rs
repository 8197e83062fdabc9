//! Asking Exchange servers, politely: which targets, which requests, what they answered.

pub mod target;
