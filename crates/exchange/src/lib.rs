//! Exchange builds, updates, fixes and places.

mod build;

pub use build::{Build, NotABuild};

/// Whether a build has the fix for a CVE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// It has.
    Fixed,
    /// It has not.
    Open,
    /// The build does not tell; why.
    Unknown(String),
}

/// A published build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The build.
    pub build: Build,
    /// `Exchange 2016`.
    pub product: String,
    /// `CU19`, `RTM`.
    pub cumulative_update: String,
    /// `Mar21SU`; empty where it is the cumulative update itself.
    pub update: String,
    /// `2021-03-02`, or `2021-03` where only the month is known.
    pub date: String,
    /// `KB5000871`; empty where there is none.
    pub kb: String,
}

/// The published release with this build.
pub fn release(_build: Build) -> Option<&'static Release> {
    None
}

/// Whether `build` has the fix for `cve` (`CVE-2021-34473`).
pub fn fix(_build: Build, _cve: &str) -> Fix {
    Fix::Unknown(String::new())
}

/// The virtual directory that a path lies in, as Exchange writes it: `Autodiscover`, `ecp`, `EWS`,
/// `mapi`, `Microsoft-Server-ActiveSync`, `OAB`, `owa`, `PowerShell`, `Rpc`, `aspnet_client`, ...
pub fn virtual_directory(_uri_stem: &str) -> Option<&'static str> {
    None
}

/// Whether the product ships a script (`.aspx`, `.ashx`, `.asmx`, ...) at this path.
pub fn is_shipped_script(_uri_stem: &str) -> bool {
    false
}
