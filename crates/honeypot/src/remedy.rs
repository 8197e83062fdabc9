//! What to do about what the system refused.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// About a file or folder that cannot be used.
pub(crate) fn of_file(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "name one that exists",
        io::ErrorKind::PermissionDenied => "give the user that the honeypot runs as the right to use it",
        io::ErrorKind::NotADirectory => "name another place: a part of this path is a file",
        io::ErrorKind::IsADirectory => "name a file: this is a folder",
        io::ErrorKind::ReadOnlyFilesystem => {
            "name another place, or make this one writable; under systemd, in ReadWritePaths"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on this disk",
        _ => "see that it holds what it should and can be used",
    }
}

/// The error with the file's or folder's name and what to do about it.
pub(crate) fn named(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| {
        io::Error::new(
            error.kind(),
            format!("{}: {error} ({})", path.display(), of_file(&error)),
        )
    }
}

/// About an address that cannot be listened on.
pub(crate) fn of_listening(address: SocketAddr, error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program or sensor listens there, `ss -ltnp` tells which: end it, or take another address or port"
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: give it one, or name one that it has (`ip address` lists them)"
        }
        io::ErrorKind::PermissionDenied if address.port() < 1024 => {
            "ports below 1024 need CAP_NET_BIND_SERVICE, as the unit in docs/honeypot.md gives it, or a lower sysctl \
             net.ipv4.ip_unprivileged_port_start"
        }
        _ => "take another address or port",
    }
}
