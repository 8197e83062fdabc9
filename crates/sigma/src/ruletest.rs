//! Rule tests: a text file of log lines that a rule must match and of lines that it must not.
//!
//! `docs/rules.md` defines the format.

use imker_event::WebRequest;
use jiff::Timestamp;

use crate::bound::Bound;
use crate::columns::{Columns, Format, Row};
use crate::correlate::Correlator;
use crate::error::RuleError;
use crate::evaluate::Scratch;
use crate::prefilter::RuleBits;
use crate::rule::RuleIndex;
use crate::ruleset::RuleSet;

/// A rule's test file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTest {
    columns: Vec<Columns>,
    groups: Vec<Group>,
}

/// The lines below one `## match` or `## no match`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    heading: usize,
    expected: bool,
    samples: Vec<Sample>,
}

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sample {
    number: usize,
    columns: usize,
    line: String,
    values: Vec<String>,
}

/// A log line of a test, with what is expected of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestLine<'a> {
    /// Line number in the test file, from 1.
    pub number: usize,
    /// Whether the rule must match.
    pub expected: bool,
    /// The log line.
    pub text: &'a str,
}

/// A line, or for a correlation rule a sequence, that a rule judged otherwise than its test expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {} expected: {text}", if *.expected { "a match was" } else { "no match was" })]
pub struct RuleTestFailure {
    /// Line number in the test file, from 1; for a sequence, that of its heading.
    pub number: usize,
    /// Whether a match was expected.
    pub expected: bool,
    /// The log line, or the heading.
    pub text: String,
}

impl RuleTest {
    /// Reads a test file; `source` is its path, for errors, which name the line.
    pub fn parse(text: &str, source: &str) -> Result<Self, RuleError> {
        let mut test = Self {
            columns: Vec::new(),
            groups: Vec::new(),
        };
        let mut format = Format::W3c;
        let mut named = false;
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let wrong = |message: &str| RuleError {
                source_name: source.to_owned(),
                place: format!("line {number}: "),
                message: message.to_owned(),
            };
            if line.is_empty() || line.starts_with("# ") {
                continue;
            }
            if let Some(heading) = line.strip_prefix("## ") {
                let expected = match heading.trim_end() {
                    "match" => true,
                    "no match" => false,
                    _ => return Err(wrong("a heading is `## match` or `## no match`")),
                };
                test.groups.push(Group {
                    heading: number,
                    expected,
                    samples: Vec::new(),
                });
            } else if let Some(kind) = line.strip_prefix("#Log: ") {
                format = match kind.trim_end() {
                    "iis" => Format::W3c,
                    "httperr" => Format::HttpErr,
                    "httpproxy" => Format::HttpProxy,
                    _ => return Err(wrong("`#Log:` takes `iis`, `httperr` or `httpproxy`")),
                };
                named = false;
            } else if let Some(names) = line.strip_prefix("#Fields: ") {
                let names = split(format, names.trim_end());
                test.columns
                    .push(Columns::new(format, names.iter().map(String::as_str)));
                named = true;
            } else if line.starts_with('#') {
                return Err(wrong(
                    "a comment has a blank behind `#`; directives are `#Fields: ` and `#Log: `",
                ));
            } else {
                let (Some(columns), true) = (test.columns.last(), named) else {
                    return Err(wrong("a log line needs a `#Fields: ` line above it"));
                };
                let Some(group) = test.groups.last_mut() else {
                    return Err(wrong("a log line needs `## match` or `## no match` above it"));
                };
                let values = split(format, line);
                if values.len() != columns.names.len() {
                    let counts = format!("{} values for {} columns", values.len(), columns.names.len());
                    return Err(wrong(&counts));
                }
                let columns = test.columns.len() - 1;
                group.samples.push(Sample {
                    number,
                    columns,
                    line: line.to_owned(),
                    values,
                });
            }
        }
        if test.lines().next().is_none() {
            let message = "there is no log line in it".to_owned();
            return Err(RuleError {
                source_name: source.to_owned(),
                place: String::new(),
                message,
            });
        }
        Ok(test)
    }

    /// The log lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = TestLine<'_>> {
        self.groups.iter().flat_map(|group| {
            group.samples.iter().map(|sample| TestLine {
                number: sample.number,
                expected: group.expected,
                text: &sample.line,
            })
        })
    }

    /// Runs the test of a rule: each line is judged for itself; for a correlation rule, the lines below
    /// each heading are a sequence.
    pub fn run(&self, rules: &RuleSet, rule: RuleIndex) -> Vec<RuleTestFailure> {
        let bound: Vec<Bound> = self.columns.iter().map(|columns| rules.bind(columns)).collect();
        let mut looked_for = RuleBits::none(rules.rules().len());
        let correlation = rules.is_correlation(rule);
        if correlation {
            (0..rules.rules().len() as u32).for_each(|rule| looked_for.insert(RuleIndex(rule)));
        } else {
            looked_for.insert(rule);
        }
        let mut scratch = Scratch::default();
        let mut matched = Vec::new();
        let mut failures = Vec::new();
        for group in &self.groups {
            let mut correlator = Correlator::new(rules);
            for sample in &group.samples {
                let values: Vec<&[u8]> = sample.values.iter().map(String::as_bytes).collect();
                let row = Row {
                    line: sample.line.as_bytes(),
                    values: &values,
                };
                bound[sample.columns].evaluate(rules, row, &looked_for, &mut scratch, &mut matched);
                if correlation {
                    correlator.observe(&self.request(sample), &matched);
                } else if matched.is_empty() == group.expected {
                    let text = sample.line.clone();
                    failures.push(RuleTestFailure {
                        number: sample.number,
                        expected: group.expected,
                        text,
                    });
                }
            }
            let fired = || correlator.finish().0.iter().any(|fired| fired.rule == rule);
            if correlation && fired() != group.expected {
                let text = format!("the {} lines below the heading", group.samples.len());
                failures.push(RuleTestFailure {
                    number: group.heading,
                    expected: group.expected,
                    text,
                });
            }
        }
        failures
    }

    /// What correlation rules look at: time, client, method, URI, user, agent, status.
    fn request(&self, sample: &Sample) -> WebRequest {
        let columns = &self.columns[sample.columns];
        let value = |names: [&str; 2]| {
            let at = names.iter().find_map(|name| columns.find(name))?;
            sample
                .values
                .get(at)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };
        let time = match (value(["date", "DateTime"]), value(["time", "time"])) {
            (Some(date), Some(time)) => format!("{date}T{time}Z").parse(),
            (Some(instant), None) => instant.parse(),
            _ => Ok(Timestamp::UNIX_EPOCH),
        };
        let stem = value(["cs-uri-stem", "UrlStem"]).unwrap_or_default();
        let mut request = WebRequest::new(
            time.unwrap_or(Timestamp::UNIX_EPOCH),
            value(["cs-method", "Method"]).unwrap_or_default(),
            stem,
        );
        request.client = value(["c-ip", "ClientIpAddress"]).and_then(|address| address.parse().ok());
        request.uri_query = value(["cs-uri-query", "UrlQuery"]).map(Into::into);
        request.username = value(["cs-username", "AuthenticatedUser"]).map(Into::into);
        request.user_agent = value(["cs(User-Agent)", "UserAgent"]).map(Into::into);
        request.status = value(["sc-status", "HttpStatus"]).and_then(|status| status.parse().ok());
        request
    }
}

/// The values of a line; `-` of a W3C log is an empty one.
fn split(format: Format, line: &str) -> Vec<String> {
    match format {
        Format::HttpProxy => {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes());
            let record = reader.records().next().and_then(Result::ok);
            record.map_or_else(Vec::new, |record| record.iter().map(str::to_owned).collect())
        }
        Format::W3c | Format::HttpErr => line
            .split(' ')
            .map(|value| {
                if value == "-" {
                    String::new()
                } else {
                    value.to_owned()
                }
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_test_file_is_read() {
        let text = "# a comment\n#Fields: time cs-uri-stem\n\n## match\n00:00:01 /a\n## no match\n00:00:02 -\n\
                    #Log: httpproxy\n#Fields: DateTime,UrlStem\n2021-08-12T03:00:00Z,\"/a,b\"\n";
        let test = RuleTest::parse(text, "t").unwrap();
        let lines: Vec<_> = test
            .lines()
            .map(|line| (line.number, line.expected, line.text))
            .collect();
        let expected = [
            (5, true, "00:00:01 /a"),
            (7, false, "00:00:02 -"),
            (10, false, "2021-08-12T03:00:00Z,\"/a,b\""),
        ];
        assert_eq!(lines, expected);
        let values: Vec<_> = test.groups[1]
            .samples
            .iter()
            .map(|sample| &sample.values[1][..])
            .collect();
        assert_eq!(values, ["", "/a,b"]);
    }

    #[test]
    fn errors_name_the_line() {
        let error = |text: &str| RuleTest::parse(text, "t.test").unwrap_err().to_string();
        let no_heading = "t.test: line 2: a log line needs `## match` or `## no match` above it";
        assert_eq!(error("#Fields: a\n/a\n"), no_heading);
        let no_columns = "t.test: line 2: a log line needs a `#Fields: ` line above it";
        assert_eq!(error("## match\n/a\n"), no_columns);
        let no_columns = "t.test: line 5: a log line needs a `#Fields: ` line above it";
        assert_eq!(
            error("#Fields: a\n## match\n/a\n#Log: httpproxy\n/b\n"),
            no_columns
        );
        assert_eq!(
            error("#Fields: a b\n## match\n/a\n"),
            "t.test: line 3: 1 values for 2 columns"
        );
        let heading = "t.test: line 2: a heading is `## match` or `## no match`";
        assert_eq!(error("#Fields: a\n## matches\n"), heading);
        assert!(error("#fields: a\n").starts_with("t.test: line 1: a comment has a blank behind `#`"));
        assert_eq!(
            error("#Log: apache\n"),
            "t.test: line 1: `#Log:` takes `iis`, `httperr` or `httpproxy`"
        );
        assert_eq!(
            error("## match\n#Fields: a\n"),
            "t.test: there is no log line in it"
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_read_or_refused(lines in proptest::collection::vec(
            "(#Fields: |#Log: httpproxy|#Log: iis|## match|## no match|# )?[a-b ,\"-]{0,6}", 0..8,
        )) {
            let text = lines.join("\n");
            if let Ok(test) = RuleTest::parse(&text, "t") {
                let numbers: Vec<usize> = test.lines().map(|line| line.number).collect();
                assert!(numbers.is_sorted() && numbers.iter().all(|number| *number <= lines.len()));
            }
        }
    }
}
