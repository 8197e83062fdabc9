use crate::logs::http_proxy::Build;

/// One of the two servers.
#[derive(Debug, PartialEq, Eq)]
pub struct Server {
    pub name: &'static str,
    pub host: &'static str,
    pub address: &'static str,
    /// At first: Exchange 2016 CU19 with the update of March 2021, or CU21 with that of July 2021.
    pub build: Build,
    pub build_text: &'static str,
    /// Whether its HttpProxy logs begin with the names of the columns as a plain row.
    pub plain_head: bool,
}

pub const EX01: Server = Server {
    name: "EX01",
    host: "ex01.example.org",
    address: "10.20.1.11",
    build: [15, 1, 2176, 9],
    build_text: "15.1.2176.9",
    plain_head: false,
};

pub const EX02: Server = Server {
    name: "EX02",
    host: "ex02.example.org",
    address: "10.20.1.12",
    build: PATCHED,
    build_text: "15.1.2308.14",
    plain_head: true,
};

/// CU21 with the update of July 2021: what EX02 runs, and EX01 after the incident.
pub const PATCHED: Build = [15, 1, 2308, 14];
