//! A disk that fails on purpose and loses at a power cut what was not synced.

use std::collections::{HashMap, VecDeque};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use imker_spool::{Output, Platform, System};

#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: HashMap<PathBuf, File>,
    /// What becomes of the next calls that change something: true for failure. Then all succeed.
    faults: VecDeque<bool>,
    dead: bool,
    /// Calls that changed something.
    calls: Vec<&'static str>,
}

#[derive(Default)]
struct File {
    length: u64,
    synced: u64,
    /// Whether the folder was synced since the file was created.
    entry_synced: bool,
}

impl Disk {
    pub fn with_faults(faults: Vec<bool>) -> Self {
        Self(Arc::new(Mutex::new(State {
            faults: faults.into(),
            ..State::default()
        })))
    }

    pub fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().calls.clone()
    }

    pub fn fail_from_now_on(&self) {
        self.0.lock().unwrap().dead = true;
    }

    /// Cuts the power: of what was not synced, a part stays, and a part of that is zeros. `part` is of 255.
    pub fn cut_power(&self, part: u8) {
        let state = self.0.lock().unwrap();
        for (path, file) in &state.files {
            if !file.entry_synced {
                let _ = std::fs::remove_file(path);
                continue;
            }
            let unsynced = file.length.saturating_sub(file.synced);
            let stays = unsynced * u64::from(part) / 255;
            let mut on_disk = OpenOptions::new().write(true).open(path).unwrap();
            on_disk.set_len(file.synced.min(file.length) + stays / 2).unwrap();
            io::Seek::seek(&mut on_disk, io::SeekFrom::End(0)).unwrap();
            on_disk.write_all(&vec![0; (stays - stays / 2) as usize]).unwrap();
        }
    }

    fn call(&self, name: &'static str) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let fault = state.faults.pop_front().unwrap_or(false);
        if state.dead || fault {
            return Err(io::Error::other("made to fail"));
        }
        state.calls.push(name);
        Ok(())
    }

    fn file(&self, path: &Path, change: impl FnOnce(&mut File)) {
        change(self.0.lock().unwrap().files.entry(path.to_owned()).or_default());
    }
}

impl Platform for Disk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        let file = System.create(path)?;
        self.file(path, |file| *file = File::default());
        self.call("create")?;
        Ok(Box::new(Open {
            disk: self.clone(),
            path: path.to_owned(),
            file,
        }))
    }

    fn open(&self, path: &Path, length: u64) -> io::Result<Box<dyn Output>> {
        let file = System.open(path, length)?;
        self.file(path, |file| {
            *file = File {
                length,
                synced: length,
                entry_synced: true,
            }
        });
        self.call("open")?;
        Ok(Box::new(Open {
            disk: self.clone(),
            path: path.to_owned(),
            file,
        }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call("remove")?;
        System.remove(path)?;
        self.0.lock().unwrap().files.remove(path);
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        self.call("sync folder")?;
        self.0
            .lock()
            .unwrap()
            .files
            .values_mut()
            .for_each(|file| file.entry_synced = true);
        Ok(())
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn now(&self) -> (SystemTime, Instant) {
        System.now()
    }
}

struct Open {
    disk: Disk,
    path: PathBuf,
    file: Box<dyn Output>,
}

impl Output for Open {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let result = self.disk.call("append");
        let written = if result.is_ok() {
            bytes
        } else {
            &bytes[..bytes.len() / 2]
        };
        if !self.disk.0.lock().unwrap().dead {
            self.file.append(written)?;
            self.disk
                .file(&self.path, |file| file.length += written.len() as u64);
        }
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.call("sync")?;
        self.disk.file(&self.path, |file| file.synced = file.length);
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.disk.call("cut")?;
        self.file.cut(length)?;
        self.disk.file(&self.path, |file| {
            file.length = length;
            file.synced = file.synced.min(length);
        });
        Ok(())
    }
}
