use std::collections::HashSet;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::places::{decoded, segments, virtual_directory};
use crate::table::{self, TableError};

const NAME: &str = "shipped_files.csv";

/// Extensions that IIS hands to ASP.NET, classic ASP, an ISAPI extension, an Exchange handler or, where one is
/// installed, another script engine. Static content, also `.htm`, `.js` and `.flt`, is no script.
const EXTENSIONS: [&str; 29] = [
    "ascx", "ashx", "asmx", "asp", "asax", "aspq", "aspx", "cdx", "cer", "cfm", "cgi", "cshtm", "cshtml",
    "dll", "eas", "ecp", "asa", "jsp", "jspx", "master", "owa", "owa2", "php", "rem", "soap", "svc", "vbhtm",
    "vbhtml", "xamlx",
];

#[derive(Deserialize)]
struct Row {
    path: String,
}

/// Shipped scripts: lower-case paths without the leading `/`.
fn shipped() -> &'static HashSet<String> {
    static TABLE: OnceLock<HashSet<String>> = OnceLock::new();
    TABLE.get_or_init(|| table::embedded(parse(include_str!("../../../data/shipped_files.csv"))))
}

/// Paths in ascending order, each of a script in a virtual directory.
fn parse(text: &str) -> Result<HashSet<String>, TableError> {
    let mut all = HashSet::new();
    let mut last = String::new();
    for (line, row) in table::rows::<Row>(NAME, text)? {
        let wrong = |what: &str| TableError::new(NAME, line, format!("{} {what}", row.path));
        let lower = row.path.to_ascii_lowercase();
        if lower <= last {
            return Err(wrong("is out of order or there twice"));
        }
        if !is_script(&lower) || virtual_directory(&lower).is_none() {
            return Err(wrong("is no script in a virtual directory"));
        }
        all.insert(lower.trim_start_matches('/').to_owned());
        last = lower;
    }
    Ok(all)
}

/// Whether a path asks for something that the server would execute: one of its segments has a script's
/// extension, as in `/owa/auth/x.aspx` and, with path information, `/ews/exchange.asmx/s/GetUserPhoto`.
pub fn is_script(uri_stem: &str) -> bool {
    segments(&decoded(uri_stem)).any(has_script_extension)
}

/// Whether the product ships a script (`.aspx`, `.ashx`, `.asmx`, ...) at this path, or answers there by a
/// handler of its own (`/owa/auth.owa`).
///
/// Letter case, percent-encoding, repeated slashes, path information behind the script and a mailbox in second
/// place (`/ecp/someone@example.org/RulesEditor/InboxRules.svc/NewObject`) do not count. The list is exact: no
/// directory is waved through, and the versioned ones (`/owa/auth/15.1.2176/`) hold no scripts. An attacker may
/// have changed a shipped file: web logs cannot show that.
pub fn is_shipped_script(uri_stem: &str) -> bool {
    let stem = decoded(uri_stem);
    let mut path = String::with_capacity(stem.len());
    for (index, segment) in segments(&stem).enumerate() {
        if index == 1 && segment.contains('@') {
            continue;
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(&segment.to_ascii_lowercase());
        if has_script_extension(segment) {
            return shipped().contains(&path);
        }
    }
    false
}

/// Windows opens `x.aspx` for `x.aspx.`, `x.aspx ` (a blank is logged as `+`) and `x.aspx::$DATA` as well.
fn has_script_extension(segment: &str) -> bool {
    let name = segment
        .split(':')
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ' ', '+']);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|script| script.eq_ignore_ascii_case(extension))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_what_is_shipped() {
        for path in [
            "/owa/auth/logon.aspx",
            "/owa/auth/errorFE.aspx",
            "/OWA/AUTH/LOGON.ASPX",
            "/owa/auth/RedirSuiteServiceProxy.aspx",
            "/owa/auth.owa",
            "/owa/service.svc/s/GetFileAttachment",
            "/ecp/auth/TimeoutLogout.aspx",
            "/ecp/default.aspx",
            "/ecp/DDI/DDIService.svc/GetObject",
            "/ecp/someone@example.org/RulesEditor/InboxRules.svc/NewObject",
            "/ews/Exchange.asmx",
            "/autodiscover/autodiscover.svc",
            "/Microsoft-Server-ActiveSync/default.eas",
            "/rpc/rpcproxy.dll",
            "/owa//auth/log%6Fn.aspx?url=x",
        ] {
            assert!(is_script(path) && is_shipped_script(path), "{path}");
        }
    }

    #[test]
    fn knows_what_is_not() {
        for path in [
            "/aspnet_client/logon.aspx",
            "/aspnet_client/system_web/x.aspx",
            "/owa/auth/x.aspx",
            "/owa/auth/errorEE.aspx",
            "/owa/auth/Current/themes/resources/logon.aspx",
            "/owa/auth/15.1.2176/logon.aspx",
            "/ecp/auth/logon.aspx",
            "/ecp/auth/TimeoutLogoff.aspx",
            "/owa/auth/x.aspx/logon.aspx",
            "/owa/auth/x@example.org/logon.aspx",
            "/logon.aspx",
            "/owa/auth/x.php",
            "/owa/auth/logon.aspx.",
            "/owa/auth/x.aspx::$DATA",
            "/owa%2Fauth%5Cx.aspx",
        ] {
            assert!(is_script(path) && !is_shipped_script(path), "{path}");
        }
        for path in [
            "/",
            "",
            "/owa/",
            "/autodiscover/autodiscover.json",
            "/owa/auth/x.js",
            "/owa/aspx",
            "/owa/getidtoken.htm",
        ] {
            assert!(!is_script(path) && !is_shipped_script(path), "{path}");
        }
    }

    #[test]
    fn every_listed_file_is_found() {
        assert!(shipped().len() > 800);
        for path in shipped() {
            assert!(is_shipped_script(&format!("/{path}")), "{path}");
        }
    }

    #[test]
    fn refuses_a_table_with_faults() {
        assert!(parse("path\n/owa/b.aspx\n/owa/a.aspx\n").is_err());
        assert!(parse("path\n/owa/a.aspx\n/OWA/a.aspx\n").is_err());
        assert!(parse("path\n/nowhere/a.aspx\n").is_err());
        assert!(parse("path\n/owa/a.js\n").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn never_panics(path in "\\PC{0,40}") {
            let _ = (is_script(&path), is_shipped_script(&path));
        }

        #[test]
        fn what_is_shipped_is_a_script(path in "/(owa|ecp)/(auth/)?[a-z@.%0-9]{0,12}(aspx|owa|svc)?") {
            prop_assert!(!is_shipped_script(&path) || is_script(&path));
        }
    }
}
