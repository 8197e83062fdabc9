//! ProxyToken (CVE-2021-33766): with a cookie `SecurityToken`, the front end leaves the log-on to a back end that does
//! not ask for it.
//!
//! Played is the first answer: the page that ECP's back end shows for a mailbox that it cannot find, which is what
//! checks look for. (ZDI blog, "ProxyToken", 2021-08-30.) A change of settings is answered with an error.

use std::sync::LazyLock;

use super::ask::Ask;
use super::reply::Reply;
use super::{errors, logon};
use crate::http::Response;

const PROXYTOKEN: &str = "CVE-2021-33766";
const NOT_FOUND: &str = "Microsoft.Exchange.Data.Storage.ObjectNotFoundException";
static PAGE: LazyLock<String> = LazyLock::new(|| logon::served(include_str!("pages/ecp_error.html")));

/// Answers a request to `/ecp/<address>/...` with the cookie; `None` where it is none, or the build has the fix.
pub(super) fn answer(ask: &Ask<'_>, rest: &str) -> Option<Response> {
    let address = rest.split('/').find(|segment| !segment.is_empty())?;
    let token = ask.cookie("SecurityToken")?;
    if !address.contains('@') || token.is_empty() || !ask.persona().is_open_to(PROXYTOKEN) {
        return None;
    }
    let persona = ask.persona();
    let is_mailbox = persona
        .mailboxes
        .iter()
        .any(|mailbox| mailbox.address.eq_ignore_ascii_case(address));
    if is_mailbox || !ask.reads() {
        let reply = Reply::managed(ask, 500).of_back_end(ask, "/ecp");
        return Some(errors::runtime_error(reply, "/ecp"));
    }
    let page = PAGE
        .replace("{{build}}", &persona.build_short())
        .replace("{{code}}", "403");
    let mut reply = Reply::managed(ask, 403).body("text/html; charset=utf-8", page.into_bytes());
    reply.mark("X-ECP-ERROR", NOT_FOUND);
    let mut reply = reply.of_back_end(ask, "/ecp");
    reply
        .cookies
        .push("X-BEResource=; path=/; secure; HttpOnly".to_owned());
    Some(reply.build())
}
