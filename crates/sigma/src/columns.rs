/// The naming of a log's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// IIS W3C extended log: `cs-uri-stem`, `c-ip`, ...
    W3c,
    /// HTTP.sys error log: `cs-uri`, `s-reason`, ...
    HttpErr,
    /// Exchange HttpProxy log: `UrlStem`, `ClientIpAddress`, ...
    HttpProxy,
}

/// The columns of a log, in order, as its `#Fields` directive or CSV header names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Columns {
    /// How the names are to be read.
    pub format: Format,
    /// The names, as written.
    pub names: Vec<Box<str>>,
}

impl Columns {
    /// Columns of `format` named `names`.
    pub fn new<'a>(format: Format, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            format,
            names: names.into_iter().map(Into::into).collect(),
        }
    }

    /// The place of a column; names are compared without regard to case.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names
            .iter()
            .position(|column| column.eq_ignore_ascii_case(name))
    }
}

/// A parsed line. An empty value is one that the log writes as `-` or leaves out.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The line as logged, without its line end.
    pub line: &'a [u8],
    /// One value for each column, unquoted; a short row lacks the last ones.
    pub values: &'a [&'a [u8]],
}
