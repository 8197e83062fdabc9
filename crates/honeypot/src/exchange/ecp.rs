//! `/ecp`: the Exchange admin center, behind OWA's form.

use super::ask::Ask;
use super::locale::Locale;
use super::reply::Reply;
use super::{assets, directory, errors, forgery, logon, owa, token};
use crate::http::Response;

/// `rest` is the path below the virtual directory, in lower case.
pub(super) fn answer(ask: &Ask<'_>, rest: &str) -> Response {
    if let Some(response) = forgery::answer(ask).or_else(|| token::answer(ask, rest)) {
        return response;
    }
    if rest == "/auth" {
        return directory(ask);
    }
    if let Some(below) = rest.strip_prefix("/auth/") {
        return match below {
            "" => directory(ask),
            "timeoutlogout.aspx" => timed_out(ask),
            _ => errors::not_found(ask),
        };
    }
    if let Some((version, file)) = rest[1.min(rest.len())..].split_once("/exporttool/") {
        return assets::export_tool(ask, version, file);
    }
    owa::demand_log_on(ask)
}

fn timed_out(ask: &Ask<'_>) -> Response {
    let locale = Locale::choose(ask.request.header("Accept-Language"), &ask.persona().language);
    let page = logon::notice(
        ask.persona().build,
        &ask.persona().build_path(),
        locale.signed_out,
    );
    Reply::managed(ask, 200)
        .body("text/html; charset=utf-8", page)
        .build()
}
