//! What the lines of each kind of log say.

mod request;
mod row;
mod shape;

pub(crate) use request::{address, number};
pub(crate) use row::Cells;
pub(crate) use shape::{Shape, directive, fields_of, is_proxy_header};
