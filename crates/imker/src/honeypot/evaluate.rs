//! Events from the record, or from files of several sensors, evaluated.

use std::net::IpAddr;
use std::path::PathBuf;

use imker_hunt::{Limits, Stream, streams};
use imker_intel::{BadLine, Evaluation, Evaluator, Options, Place, json_lines};
use imker_report::honeypot;
use miette::{IntoDiagnostic, Report, Result};

use super::args::StoreArguments;
use super::store::Store;
use crate::exit::Exit;
use crate::output;

/// What came of it.
pub struct Evaluated {
    pub evaluation: Evaluation,
    /// Addresses of sensors and proxies.
    pub own: Vec<IpAddr>,
    /// Whether everything could be read.
    pub exit: Exit,
}

/// Evaluates files and folders of JSON lines, or the record where there are none.
pub fn evaluate(
    paths: &[PathBuf],
    store: &StoreArguments,
    options: Options,
    place: &mut dyn FnMut(IpAddr) -> Option<Place>,
) -> Result<Evaluated> {
    let mut evaluator = Evaluator::new(options);
    let read_whole = if paths.is_empty() {
        let mut events = Store::find(store)?.events()?;
        while let Some(recorded) = events.next()? {
            evaluator.add(&recorded, None);
        }
        events.missing == 0
    } else {
        files(paths, &mut evaluator)?
    };
    let own = evaluator.own_addresses().collect();
    let mut evaluation = evaluator.finish(place);
    honeypot::name_rules(&mut evaluation).into_diagnostic()?;
    Ok(Evaluated {
        evaluation,
        own,
        exit: if read_whole { Exit::Clean } else { Exit::Failed },
    })
}

/// Whether all of it could be read.
fn files(paths: &[PathBuf], evaluator: &mut Evaluator) -> Result<bool> {
    let (mut read_whole, mut set_aside) = (true, 0_u64);
    let is_json = |head: &[u8]| head.trim_ascii_start().starts_with(b"{");
    streams(paths, Limits::default(), is_json, &mut |stream| match stream {
        Stream::Found { name, bytes } => {
            for line in json_lines(bytes, name) {
                match line {
                    Ok(document) => evaluator.add(&document.recorded, document.place.as_ref()),
                    Err(bad) => {
                        read_whole = false;
                        evaluator.bad_line(bad);
                    }
                }
            }
        }
        Stream::SetAside { .. } => set_aside += 1,
        Stream::Unread { name, why } => {
            read_whole = false;
            evaluator.bad_line(BadLine {
                file: name.to_owned(),
                line: 0,
                reason: why.to_owned(),
                further: 0,
            });
        }
    })
    .map_err(|(path, error)| Report::msg(error).wrap_err(format!("cannot read {}", path.display())))?;
    if set_aside > 0 {
        output::note(&format!(
            "note: files that are no JSON lines, set aside: {set_aside}\n"
        ));
    }
    Ok(read_whole)
}
