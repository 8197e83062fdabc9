//! What playing would open, opened as far as that leaves nothing behind.

use std::fs;
use std::io;
use std::path::Path;

use uuid::Uuid;

use crate::config::{Config, Host, SinkConfig};
use crate::exchange::Resources;
use crate::listener;
use crate::persona::certificate::{self, CertificateSource};
use crate::play::{PlayError, tls};
use crate::sinks::{self, GeoIp, StartError};

/// Why this configuration could not be played. Nobody is connected to; where a sensor already plays it, addresses that are
/// in use are taken for its own.
pub fn problems(config: &Config) -> Vec<PlayError> {
    let mut problems = Vec::new();
    let mut note = |result: Result<(), PlayError>| problems.extend(result.err());
    let folders = ["spool", "cursors", "quarantine", "certificates"].map(|name| config.data.join(name));
    let there = folders.into_iter().filter(|folder| folder.exists());
    for path in [config.data.clone()].into_iter().chain(there) {
        note(writable(&path).map_err(|error| PlayError::Folder { path, error }));
    }
    note(room(config));
    note(sinks::position(config).map(drop).map_err(PlayError::from));
    let geo = GeoIp::open(&config.geo_settings()).map(drop);
    note(geo.map_err(|error| StartError::Geo(error).into()));
    for sink in &config.sinks {
        let opened = match &sink.config {
            SinkConfig::Jsonl(settings) => {
                writable(&settings.folder).map_err(|error| (&settings.folder, error))
            }
            SinkConfig::W3c(settings) => {
                writable(&settings.folder).map_err(|error| (&settings.folder, error))
            }
            _ => {
                let opened = sinks::open(sink, None, 0).map(drop);
                note(opened.map_err(|error| StartError::Sink(error).into()));
                continue;
            }
        };
        note(opened.map_err(|(path, error)| PlayError::Folder {
            path: path.clone(),
            error,
        }));
    }
    let plays = imker_spool::is_written(&config.spool_folder()).unwrap_or(false);
    let mut seen: Vec<&Host> = Vec::new();
    for host in &config.hosts {
        for place in &host.listens {
            match listener::bound(place.address) {
                Err(error) if plays && error.kind() == io::ErrorKind::AddrInUse => {}
                bound => note(
                    bound
                        .map(drop)
                        .map_err(|error| PlayError::listen(config, host, place.address, error)),
                ),
            }
        }
        // Hosts of a network share what they bring along.
        let shared =
            |other: &&Host| other.certificate == host.certificate && other.resources == host.resources;
        if host.certificate == CertificateSource::SelfSigned || !seen.iter().any(shared) {
            note(certificate(config, host));
            let read = host
                .resources
                .as_deref()
                .map_or(Ok(()), |folder| Resources::read(folder).map(drop));
            note(read.map_err(PlayError::from));
            seen.push(host);
        }
    }
    problems
}

fn certificate(config: &Config, host: &Host) -> Result<(), PlayError> {
    if host.certificate != CertificateSource::SelfSigned {
        return tls(config, host).map(drop);
    }
    let kept = certificate::kept(&host.persona, &config.certificates()).map(drop);
    kept.map_err(|error| PlayError::Certificate {
        host: host.persona.fqdn(),
        error,
    })
}

/// Whether an event could be recorded beside what is to be left free.
fn room(config: &Config) -> Result<(), PlayError> {
    let (data, min_free) = (config.data.clone(), config.spool.min_free);
    match fs4::available_space(there(&data)) {
        Ok(free) if free < min_free => Err(PlayError::NoRoom { data, free, min_free }),
        _ => Ok(()),
    }
}

/// A folder, or the one that it would be made in.
fn there(folder: &Path) -> &Path {
    let there = folder
        .ancestors()
        .find(|folder| folder.exists() || folder.as_os_str().is_empty());
    match there {
        Some(there) if !there.as_os_str().is_empty() => there,
        _ => Path::new("."),
    }
}

/// Whether something can be made in a folder, or in the one that it would be made in.
fn writable(folder: &Path) -> io::Result<()> {
    let probe = there(folder).join(format!(".imker-{}", Uuid::new_v4()));
    fs::create_dir(&probe)?;
    fs::remove_dir(probe)
}
