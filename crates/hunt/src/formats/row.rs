//! Splitting a line into values.

use imker_detect::LogKind;

/// The values of one line; memory is kept from line to line.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    cells: Vec<Cell>,
    /// Quoted values whose doubled quotes were made single.
    unquoted: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    start: u32,
    end: u32,
    unquoted: bool,
}

impl Cells {
    /// Splits a line of a log of `kind` with `columns` columns. False: a quote is never closed.
    pub(crate) fn split(&mut self, kind: LogKind, columns: usize, line: &[u8]) -> bool {
        self.cells.clear();
        self.unquoted.clear();
        match kind {
            LogKind::Iis => self.split_blanks(line, usize::MAX),
            // The name of the application pool stands last and may hold blanks.
            LogKind::HttpErr => self.split_blanks(line, columns.max(1)),
            LogKind::HttpProxy => return self.split_csv(line),
        }
        true
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The value in a column; empty where the log writes `-` or the line is too short.
    pub(crate) fn get<'a>(&'a self, line: &'a [u8], column: usize) -> &'a [u8] {
        self.cells.get(column).map_or(&[], |cell| self.bytes(line, *cell))
    }

    /// All values, in the memory of `values`.
    pub(crate) fn values<'a>(&'a self, line: &'a [u8], mut values: Vec<&'a [u8]>) -> Vec<&'a [u8]> {
        values.extend(self.cells.iter().map(|cell| self.bytes(line, *cell)));
        values
    }

    fn bytes<'a>(&'a self, line: &'a [u8], cell: Cell) -> &'a [u8] {
        let text = if cell.unquoted { &self.unquoted } else { line };
        &text[cell.start as usize..cell.end as usize]
    }

    fn push(&mut self, start: usize, end: usize) {
        self.cells.push(Cell {
            start: start as u32,
            end: end as u32,
            unquoted: false,
        });
    }

    fn split_blanks(&mut self, line: &[u8], most: usize) {
        let mut start = 0;
        for end in memchr::memchr_iter(b' ', line) {
            if self.cells.len() + 1 == most {
                break;
            }
            self.push_value(line, start, end);
            start = end + 1;
        }
        // Some writers end each line with a blank.
        if start < line.len() || start == 0 {
            self.push_value(line, start, line.len());
        }
    }

    fn push_value(&mut self, line: &[u8], start: usize, end: usize) {
        let end = if line[start..end] == *b"-" { start } else { end };
        self.push(start, end);
    }

    fn split_csv(&mut self, line: &[u8]) -> bool {
        let mut at = 0;
        loop {
            if line.get(at) == Some(&b'"') {
                let Some(next) = self.quoted(line, at + 1) else {
                    return false;
                };
                at = next;
            } else {
                let end = memchr::memchr(b',', &line[at..]).map_or(line.len(), |comma| at + comma);
                self.push(at, end);
                at = end;
            }
            if at >= line.len() {
                return true;
            }
            at += 1;
            if at == line.len() {
                self.push(at, at);
                return true;
            }
        }
    }

    /// Reads a quoted value and returns where the comma behind it stands. `None`: the quote is not closed.
    fn quoted(&mut self, line: &[u8], start: usize) -> Option<usize> {
        let kept = self.unquoted.len();
        let mut from = start;
        loop {
            let quote = from + memchr::memchr(b'"', &line[from..])?;
            match line.get(quote + 1) {
                Some(b'"') => {
                    self.unquoted.extend_from_slice(&line[from..=quote]);
                    from = quote + 2;
                }
                None | Some(b',') if self.unquoted.len() == kept => {
                    self.push(start, quote);
                    return Some(quote + 1);
                }
                None | Some(b',') => {
                    self.unquoted.extend_from_slice(&line[from..quote]);
                    let (start, end) = (kept as u32, self.unquoted.len() as u32);
                    self.cells.push(Cell {
                        start,
                        end,
                        unquoted: true,
                    });
                    return Some(quote + 1);
                }
                // A quote in the middle of a value: Exchange does not always double it.
                Some(_) => {
                    self.unquoted.extend_from_slice(&line[from..=quote]);
                    from = quote + 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(kind: LogKind, columns: usize, line: &str) -> Option<Vec<String>> {
        let mut cells = Cells::default();
        cells.split(kind, columns, line.as_bytes()).then(|| {
            let values = cells.values(line.as_bytes(), Vec::new());
            values
                .iter()
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .collect()
        })
    }

    #[test]
    fn w3c_values_are_cut_at_each_blank() {
        assert_eq!(
            split(LogKind::Iis, 3, "a - c+d"),
            Some(vec!["a".into(), "".into(), "c+d".into()])
        );
        assert_eq!(
            split(LogKind::Iis, 3, "a  c "),
            Some(vec!["a".into(), "".into(), "c".into()])
        );
        assert_eq!(split(LogKind::Iis, 3, ""), Some(vec!["".into()]));
    }

    #[test]
    fn the_last_column_of_httperr_takes_the_rest() {
        assert_eq!(
            split(LogKind::HttpErr, 2, "a .NET v4.5 -"),
            Some(vec!["a".into(), ".NET v4.5 -".into()])
        );
    }

    #[test]
    fn csv_values_are_unquoted() {
        let line = r#"a,"b,""c""",,"d","#;
        assert_eq!(
            split(LogKind::HttpProxy, 5, line),
            Some(vec![
                "a".into(),
                r#"b,"c""#.into(),
                "".into(),
                "d".into(),
                "".into()
            ])
        );
        assert_eq!(
            split(LogKind::HttpProxy, 2, r#"a,"x"y",b"#),
            Some(vec!["a".into(), r#"x"y"#.into(), "b".into()])
        );
        assert_eq!(split(LogKind::HttpProxy, 2, r#"a,"never closed"#), None);
        assert_eq!(split(LogKind::HttpProxy, 2, ""), Some(vec!["".into()]));
    }
}
