use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Instant, SystemTime};

/// What the spool asks of the operating system when it writes; tests put one in its place that fails on purpose.
#[doc(hidden)]
pub trait Platform: Send + Sync + 'static {
    /// Creates a file, empty.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>>;
    /// Opens a file to append to it, cut to `length`.
    fn open(&self, path: &Path, length: u64) -> io::Result<Box<dyn Output>>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the folder's entries durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Bytes that may still be written to the disk of this folder.
    fn free(&self, dir: &Path) -> io::Result<u64>;
    /// The time, by the clock that may jump and by the one that does not.
    fn now(&self) -> (SystemTime, Instant);
}

/// A file that grows at its end.
#[doc(hidden)]
pub trait Output: Send {
    /// Appends.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the content durable (`fdatasync`).
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts to a length and goes on from there.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// The operating system itself.
#[doc(hidden)]
#[derive(Debug)]
pub struct System;

impl Platform for System {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(private().truncate(true).open(path)?))
    }

    fn open(&self, path: &Path, length: u64) -> io::Result<Box<dyn Output>> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.cut(length)?;
        Ok(Box::new(file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        // Windows opens no folders as files, and NTFS logs its entries itself.
        if cfg!(windows) {
            Ok(())
        } else {
            File::open(dir)?.sync_all()
        }
    }

    fn free(&self, dir: &Path) -> io::Result<u64> {
        fs4::available_space(dir)
    }

    fn now(&self) -> (SystemTime, Instant) {
        (SystemTime::now(), Instant::now())
    }
}

impl Output for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }
}

/// To open a file for writing, created where it is missing so that its owner alone may read it.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates a folder that its owner alone may enter; one that is there already stays as it is.
pub(crate) fn create_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
