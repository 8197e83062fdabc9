//! The log files of a corpus: how lines are spread over them, plain or packed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};

use crate::logs::iis::{HEAD_LINES, append_head, date};

/// How lines are spread over files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roll {
    /// One file a month, as IIS names it: `u_ex2108.log`.
    Never,
    /// One file a day: `u_ex210812.log`.
    Daily,
    /// A new file after so many bytes: `u_extend1.log`.
    Bytes(u64),
}

/// Writes log files below a folder, with a head in each.
pub struct Files {
    root: PathBuf,
    folder: &'static str,
    roll: Roll,
    gz: bool,
    open: Option<Open>,
    /// Unpacked, of all files.
    pub bytes: u64,
    pub lines: u64,
    pub files: u64,
}

struct Open {
    out: Box<dyn Write>,
    /// Below the root.
    name: String,
    day: i64,
    bytes: u64,
    lines: u64,
}

impl Files {
    /// Files in `root`/`folder`, which is made.
    pub fn create(root: &Path, folder: &'static str, roll: Roll, gz: bool) -> io::Result<Self> {
        fs::create_dir_all(root.join(folder))?;
        Ok(Self {
            root: root.to_owned(),
            folder,
            roll,
            gz,
            open: None,
            bytes: 0,
            lines: 0,
            files: 0,
        })
    }

    /// Writes a line of an event at `second`; tells the file's name below the root and the line's number.
    pub fn write(&mut self, second: i64, line: &[u8]) -> io::Result<(&str, u64)> {
        let day = second.div_euclid(86_400);
        if self.open.as_ref().is_some_and(|open| match self.roll {
            Roll::Never => false,
            Roll::Daily => open.day != day,
            Roll::Bytes(most) => open.bytes + line.len() as u64 > most,
        }) {
            self.close()?;
        }
        if self.open.is_none() {
            let open = self.open(second, day)?;
            self.open = Some(open);
        }
        let open = self.open.as_mut().unwrap_or_else(|| unreachable!());
        open.out.write_all(line)?;
        open.bytes += line.len() as u64;
        open.lines += 1;
        self.bytes += line.len() as u64;
        self.lines += 1;
        Ok((&open.name, open.lines))
    }

    /// Writes the head that IIS repeats after a restart.
    pub fn restart(&mut self, second: i64) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut head = Vec::new();
        append_head(second, &mut head);
        open.out.write_all(&head)?;
        open.bytes += head.len() as u64;
        open.lines += HEAD_LINES;
        self.bytes += head.len() as u64;
        self.lines += HEAD_LINES;
        Ok(())
    }

    /// Finishes the open file.
    pub fn close(&mut self) -> io::Result<()> {
        // Dropping a gzip encoder writes its trailer, but hides errors; flushing first shows all but the last.
        self.open.take().map_or(Ok(()), |mut open| open.out.flush())
    }

    fn open(&mut self, second: i64, day: i64) -> io::Result<Open> {
        self.files += 1;
        let stem = match self.roll {
            Roll::Never => date(second, "u_ex%y%m"),
            Roll::Daily => date(second, "u_ex%y%m%d"),
            Roll::Bytes(_) => format!("u_extend{}", self.files),
        };
        let name = format!("{}/{stem}.log{}", self.folder, if self.gz { ".gz" } else { "" });
        let file = BufWriter::with_capacity(1 << 16, File::create(self.root.join(&name))?);
        let out: Box<dyn Write> = if self.gz {
            Box::new(GzEncoder::new(file, Compression::new(6)))
        } else {
            Box::new(file)
        };
        let mut open = Open {
            out,
            name,
            day,
            bytes: 0,
            lines: 0,
        };
        let mut head = Vec::new();
        append_head(second, &mut head);
        open.out.write_all(&head)?;
        (open.bytes, open.lines) = (head.len() as u64, HEAD_LINES);
        self.bytes += open.bytes;
        self.lines += HEAD_LINES;
        Ok(open)
    }
}
