//! Every sentence that an assessment can hold, by id, with the names of its arguments. The report translates each.

/// All ids with their arguments; nothing else is ever said.
pub const ALL: &[(&str, &[&str])] = &[];
