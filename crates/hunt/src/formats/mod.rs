//! What the lines of each kind of log say.

mod request;
mod row;
mod shape;

pub(crate) use request::{address, number};
pub(crate) use row::Cells;
pub(crate) use shape::{Shape, directive, field_list, fields_of, is_proxy_header, names_of_csv};
