//! Exchange builds, updates, fixes and places.
//!
//! What is known stands in tables under `data/`, which are part of the program; `data/README.md` tells their
//! columns and sources.
//!
//! ```
//! use imker_exchange::{Build, Fix, build_name, fix, is_shipped_script};
//!
//! let build: Build = "15.1.2176.9".parse()?;
//! assert_eq!(build_name(build).as_deref(), Some("Exchange 2016 CU19 Mar21SU"));
//! assert_eq!(fix(build, "CVE-2021-26855"), Fix::Fixed);
//! assert_eq!(fix(build, "CVE-2021-34473"), Fix::Open);
//! assert!(is_shipped_script("/owa/auth/logon.aspx"));
//! assert!(!is_shipped_script("/owa/auth/logon2.aspx"));
//! # Ok::<(), imker_exchange::NotABuild>(())
//! ```

mod advice;
mod because;
mod build;
mod fix;
mod flaws;
mod places;
mod product;
mod release;
mod search;
mod shipped;
mod table;
mod update;

pub use advice::{
    Closing, Cve, FirstFix, Install, Latest, closes, closes_all, cves, first_fix, first_fixed_in, install,
    is_superseded, last_update, latest,
};
pub use because::Because;
pub use build::{Build, NotABuild};
pub use fix::{Fix, chain_of, fix, fix_of_three_parts, open_chains};
pub use places::{is_writable_place, virtual_directory};
pub use product::{Product, Support, product, products};
pub use release::{Release, build_name, cumulative_update, nearest, release, releases};
pub use search::search;
pub use shipped::{is_script, is_shipped_script};
pub use table::TableError;
pub use update::{UpdateError, update_tables};
