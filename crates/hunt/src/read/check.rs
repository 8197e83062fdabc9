//! Whether the options fit one another and the input: what would read nothing is refused.

use std::path::Path;
use std::sync::Arc;

use super::Error;
use crate::model::Options;
use crate::walk::Root;

/// Refuses columns that tell no time or no request.
pub(super) fn fields(options: &Options) -> Result<(), Error> {
    let Some(fields) = &options.fields else {
        return Ok(());
    };
    let has = |wanted: &str| fields.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let is_proxy = has("DateTime") || has("UrlStem");
    let (needed, example): (&[&str], _) = if is_proxy {
        (
            &["DateTime", "UrlStem"],
            "DateTime RequestId UrlStem Method UrlQuery",
        )
    } else {
        (
            &["date", "time"],
            "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-status",
        )
    };
    let mut missing: Vec<String> = needed
        .iter()
        .filter(|name| !has(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !is_proxy && !["cs-uri-stem", "cs-uri", "cs-method"].into_iter().any(has) {
        missing.push("`cs-uri-stem` (or `cs-uri` or `cs-method`)".to_owned());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Option {
        option: "--fields",
        message: format!(
            "no column {}; name all columns of the log in their order with blanks between, as in `{example}`",
            missing.join(" and no column ")
        ),
    })
}

/// Refuses names for paths that are not among the input.
pub(super) fn servers(options: &Options, roots: &[Arc<Root>]) -> Result<(), Error> {
    for (name, path) in &options.servers {
        let problem = match std::fs::canonicalize(path) {
            _ if path == Path::new("-") && roots.iter().any(|root| root.real().is_none()) => continue,
            Err(error) => error.to_string(),
            Ok(real) => {
                let mut given = roots.iter().filter_map(|root| root.real());
                if given.any(|root| root.starts_with(&real) || real.starts_with(root)) {
                    continue;
                }
                "nothing that is to be read lies there; give this path to be read, too".to_owned()
            }
        };
        return Err(Error::Option {
            option: "--server",
            message: format!("`{name}={}`: {problem}", path.display()),
        });
    }
    Ok(())
}
