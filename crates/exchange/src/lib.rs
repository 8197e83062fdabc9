//! Exchange builds, updates, fixes and places.
//!
//! What is known stands in tables under `data/`, which are part of the program; `data/README.md` tells their
//! columns and sources.

mod build;
mod fix;
mod flaws;
mod places;
mod product;
mod release;
mod shipped;
mod table;

pub use build::{Build, NotABuild};
pub use fix::{Fix, chain_of, fix, fix_of_three_parts};
pub use places::{is_writable_place, virtual_directory};
pub use release::{Release, build_name, release};
pub use shipped::{is_script, is_shipped_script};
