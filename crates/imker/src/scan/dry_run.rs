//! What would be asked.

use std::io::Write as _;
use std::path::Path;

use imker_posture::{Check, Checks};
use imker_scan::ask::{Asker, request_bytes};
use imker_scan::target::Targets;
use miette::{IntoDiagnostic, Result};

use crate::output::{self, Output, WriteError};

/// Tells which requests would be sent, and to whom: on standard output, or in a file.
pub fn tell(asker: &Asker, targets: Targets, path: Option<&Path>) -> Result<()> {
    let mut out = Output::open(path)?;
    let checks = match asker.plan().checks {
        Checks::Quick => &Check::QUICK[..],
        Checks::Full => &Check::ALL,
    };
    let mut text = format!(
        "# {} requests for each target; HOST is its name or address. A connection that ends is made anew, a refused\n\
         # handshake tried once more in other words, and who does not answer at all asked again as --retries says.\n\n",
        checks.len()
    );
    for check in checks {
        text += &format!(
            "# {check}\n{}",
            request_bytes(*check, "HOST", asker.user_agent()).replace("\r\n", "\n")
        );
    }
    if asker.plan().checks == Checks::Full {
        text += "# besides, a TLS handshake for each version from 1.0 to 1.3, and up to six connections with the first two\n\
                 # requests, to meet further front ends; all of it at each address of a name;\n\
                 # where port 443 refuses and no other is named, the requests go to port 80, in plain HTTP\n\n";
    }
    if asker.plan().smtp.is_some() {
        text += "# ports 25 and 587: EHLO imker.invalid, STARTTLS, EHLO imker.invalid, QUIT\n\n";
    }
    text += &format!(
        "# {}, in the order in which they would be begun\n",
        output::counted(targets.remaining(), "target", "targets")
    );
    out.write_all(text.as_bytes()).map_err(WriteError)?;
    for target in targets {
        let (_, target) = target.into_diagnostic()?;
        writeln!(out, "{target}").map_err(WriteError)?;
    }
    out.close()
}
