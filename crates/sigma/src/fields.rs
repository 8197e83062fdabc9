//! Which columns a Sigma field names, read from `data/fields.csv`.
//!
//! A row of that table: the field, its aliases (blank-separated), for each log format the columns that
//! carry it (the first that a log has is taken; `:stem` and `:query` take the part before or after the
//! first `?`), and how its value is varied. A field outside the table is the column of its own name.

use std::sync::LazyLock;

use crate::columns::{Columns, Format};

const TABLE: &str = include_str!("../../../data/fields.csv");

/// Columns of the formats that the table does not name, as IIS, HTTP.sys and Exchange's HttpProxy log write them.
const FURTHER_COLUMNS: &str = "\
    date time \
    streamid streamid_ex s-siteid s-reason s-queuename transport \
    DateTime RequestId MajorVersion MinorVersion BuildVersion RevisionVersion ClientRequestId Protocol UrlHost \
    ProtocolAction AuthenticationType IsAuthenticated AuthenticatedUser Organization AnchorMailbox ClientIpAddress \
    ServerHostName HttpStatus BackEndStatus ErrorCode Method ProxyAction TargetServer TargetServerVersion RoutingType \
    RoutingHint BackEndCookie ServerLocatorHost ServerLocatorLatency RequestBytes ResponseBytes TargetOutstandingRequests \
    AuthModulePerfContext HttpPipelineLatency CalculateTargetBackEndLatency GlsLatencyBreakup TotalGlsLatency \
    AccountForestLatencyBreakup TotalAccountForestLatency ResourceForestLatencyBreakup TotalResourceForestLatency \
    ADLatency SharedCacheLatencyBreakup TotalSharedCacheLatency ActivityContextLifeTime ModuleToHandlerSwitchingLatency \
    ClientReqStreamLatency BackendReqInitLatency BackendReqStreamLatency BackendProcessingLatency \
    BackendRespInitLatency BackendRespStreamLatency ClientRespStreamLatency KerberosAuthHeaderLatency \
    HandlerCompletionLatency RequestHandlerLatency HandlerToModuleSwitchingLatency ProxyTime CoreLatency \
    RoutingLatency HttpProxyOverhead TotalRequestTime RouteRefresherLatency BackEndGenericInfo GenericInfo GenericErrors \
    EdgeTraceId DatabaseGuid UserADObjectGuid PartitionEndpointLookupLatency RoutingStatus";

/// How the value of a field is varied before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Vary {
    /// As logged.
    Text,
    /// As logged, percent-decoded once and twice.
    Decoded,
    /// As logged, and with `+` read as a blank, which is how IIS writes blanks.
    UserAgent,
    /// Path, query and `path?query`, each as [`Vary::Decoded`]: rule authors mean the whole URI.
    Uri,
}

/// The part of a column's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cut {
    Whole,
    BeforeQuestionMark,
    AfterQuestionMark,
}

/// Where a value stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(crate) column: usize,
    pub(crate) cut: Cut,
}

impl Part {
    /// The value; empty where the row is too short or the log wrote `-`.
    pub(crate) fn of<'a>(self, values: &[&'a [u8]]) -> &'a [u8] {
        let value = match values.get(self.column) {
            None | Some(&b"-") => b"",
            Some(value) => *value,
        };
        let mark = || memchr::memchr(b'?', value);
        match self.cut {
            Cut::Whole => value,
            Cut::BeforeQuestionMark => mark().map_or(value, |at| &value[..at]),
            Cut::AfterQuestionMark => mark().map_or(b"", |at| &value[at + 1..]),
        }
    }
}

#[derive(Debug)]
struct Entry {
    names: Vec<&'static str>,
    columns: [&'static str; 3],
    vary: Vary,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    TABLE
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .filter_map(Entry::read)
        .collect()
});

impl Entry {
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.split(',');
        let mut next = || cells.next();
        let (field, aliases) = (next()?, next()?);
        let columns = [next()?, next()?, next()?];
        let vary = match next()? {
            "text" => Vary::Text,
            "decoded" => Vary::Decoded,
            "user_agent" => Vary::UserAgent,
            "uri" => Vary::Uri,
            _ => return None,
        };
        Some(Self {
            names: std::iter::once(field).chain(aliases.split_whitespace()).collect(),
            columns,
            vary,
        })
    }

    fn named(name: &str) -> Option<&'static Self> {
        ENTRIES
            .iter()
            .find(|entry| entry.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    fn find(&self, columns: &Columns) -> Option<Part> {
        let cell = match columns.format {
            Format::W3c => self.columns[0],
            Format::HttpErr => self.columns[1],
            Format::HttpProxy => self.columns[2],
        };
        cell.split('|').filter(|name| !name.is_empty()).find_map(|name| {
            let (name, cut) = match name.split_once(':') {
                Some((name, "stem")) => (name, Cut::BeforeQuestionMark),
                Some((name, _)) => (name, Cut::AfterQuestionMark),
                None => (name, Cut::Whole),
            };
            columns.find(name).map(|column| Part { column, cut })
        })
    }
}

/// A field that a rule names.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// The name, as the rule writes it.
    pub(crate) name: Box<str>,
    entry: Option<&'static Entry>,
}

impl Field {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            entry: Entry::named(name),
        }
    }

    /// Whether any format has a column of this name, or a header's that IIS logs where it is told to.
    pub(crate) fn is_known(&self) -> bool {
        let is = |column: &str| self.is(column.split(':').next().unwrap_or(column));
        let is_header = ["cs(", "sc("].iter().any(|start| {
            let name = self.name.as_bytes();
            name.ends_with(b")")
                && name
                    .get(..3)
                    .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
        });
        let in_table = |entry: &Entry| entry.columns.iter().any(|cell| cell.split('|').any(is));
        self.entry.is_some()
            || is_header
            || FURTHER_COLUMNS.split_whitespace().any(is)
            || ENTRIES.iter().any(in_table)
    }

    /// Whether both names mean the same field.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The name in the table, or the name as written.
    pub(crate) fn canonical(&self) -> &str {
        self.entry
            .and_then(|entry| entry.names.first())
            .copied()
            .unwrap_or(&self.name)
    }

    pub(crate) fn vary(&self) -> Vary {
        self.entry.map_or(Vary::Text, |entry| entry.vary)
    }

    /// Where a log of these columns carries the field itself.
    pub(crate) fn find(&self, columns: &Columns) -> Option<Part> {
        let own_name = || {
            columns.find(&self.name).map(|column| Part {
                column,
                cut: Cut::Whole,
            })
        };
        self.entry.and_then(|entry| entry.find(columns)).or_else(own_name)
    }
}

/// Where a log of these columns carries path and query.
pub(crate) fn find_uri(columns: &Columns) -> [Option<Part>; 2] {
    ["cs-uri-stem", "cs-uri-query"].map(|name| Entry::named(name).and_then(|entry| entry.find(columns)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = TABLE.lines().skip(1).filter(|line| !line.is_empty()).count();
        assert_eq!(ENTRIES.len(), rows);
        let names: Vec<String> = ENTRIES
            .iter()
            .flat_map(|entry| entry.names.iter().map(|name| name.to_ascii_lowercase()))
            .collect();
        let mut unique = names.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(names.len(), unique.len(), "an alias stands twice: {names:?}");
    }

    #[test]
    fn a_field_is_found_by_alias_and_format() {
        let w3c = Columns::new(
            Format::W3c,
            ["date", "cs-uri-stem", "cs-uri-query", "cs(User-Agent)", "Custom"],
        );
        let column = |name: &str, columns: &Columns| Field::new(name).find(columns).map(|part| part.column);
        assert_eq!(column("c-useragent", &w3c), Some(3));
        assert_eq!(column("CS(USER-AGENT)", &w3c), Some(3));
        assert_eq!(column("c-uri", &w3c), Some(1));
        assert_eq!(column("custom", &w3c), Some(4));
        assert_eq!(column("cs-username", &w3c), None);
        let proxy = Columns::new(
            Format::HttpProxy,
            ["DateTime", "UrlStem", "UrlQuery", "anchorMailbox"],
        );
        assert_eq!(column("cs-uri-query", &proxy), Some(2));
        assert_eq!(column("AnchorMailbox", &proxy), Some(3));
    }

    #[test]
    fn httperr_uri_is_split() {
        let columns = Columns::new(Format::HttpErr, ["cs-uri"]);
        let [stem, query] = find_uri(&columns).map(Option::unwrap);
        let values: &[&[u8]] = &[b"/a?b?c"];
        assert_eq!((stem.of(values), query.of(values)), (&b"/a"[..], &b"b?c"[..]));
        assert_eq!(query.of(&[b"/a"]), b"");
        assert_eq!(stem.of(&[]), b"");
    }
}
