//! `/owa`: Outlook on the web, behind forms-based authentication.

use imker_event::{Saw, Scheme};

use super::ask::Ask;
use super::form::{self, url_encoded};
use super::locale::Locale;
use super::reply::Reply;
use super::{assets, directory, errors, forgery, logon};
use crate::auth;
use crate::http::Response;

/// The longest address of a page that a log-on leads to; a longer one is replaced by OWA's.
const MAX_DESTINATION: usize = 2048;

/// `rest` is the path below the virtual directory, in lower case.
pub(super) fn answer(ask: &mut Ask<'_>, rest: &str) -> Response {
    match rest {
        "/auth.owa" => return log_on(ask),
        "/auth" => return directory(ask),
        "/logoff.owa" if ask.reads() => {
            return Reply::managed(ask, 302)
                .redirect("/owa/auth/logoff.aspx?Cmd=logoff&src=exch".to_owned())
                .build();
        }
        _ => {}
    }
    if let Some(below) = rest.strip_prefix("/auth/") {
        return anonymous(ask, below);
    }
    if rest.starts_with("/calendar/") {
        // Published calendars are open to all; there are none.
        return errors::not_found(ask);
    }
    demand_log_on(ask)
}

/// Sends a browser to the form; whatever else asks for data is told that its session is over.
///
/// The redirect leads to HTTPS from plain HTTP as well: the module runs before IIS checks for TLS.
pub(super) fn demand_log_on(ask: &Ask<'_>) -> Response {
    if !ask.reads() {
        return Reply::managed(ask, 440).build();
    }
    let mut destination = format!(
        "https://{}{}",
        ask.host(),
        String::from_utf8_lossy(&ask.request.path)
    );
    if let Some(query) = &ask.request.query {
        destination.push('?');
        destination.push_str(&String::from_utf8_lossy(query));
    }
    let destination = url_encoded(&bounded(ask, destination));
    let location = format!(
        "https://{}/owa/auth/logon.aspx?url={destination}&reason=0",
        ask.host()
    );
    Reply::managed(ask, 302).redirect(location).build()
}

/// What is below `/owa/auth/`, open to all.
fn anonymous(ask: &mut Ask<'_>, below: &str) -> Response {
    if let Some(response) = forgery::answer(ask) {
        return response;
    }
    match below {
        "" => directory(ask),
        "logon.aspx" => logon_page(ask),
        "expiredpassword.aspx" => expired_password(ask),
        "logoff.aspx" | "signout.aspx" => notice(ask, |locale| locale.signed_out),
        "error.aspx" | "error2.aspx" | "errorfe.aspx" => notice(ask, |locale| locale.went_wrong),
        "frowny.aspx" if !ask.is_2013() => notice(ask, |locale| locale.went_wrong),
        "svmfeedback.aspx" if !ask.is_2013() => errors::not_found(ask),
        "outlookcn.aspx" | "redirsuiteserviceproxy.aspx" | "svmfeedback.aspx" => Reply::managed(ask, 200)
            .body(
                "text/html; charset=utf-8",
                &b"<html><head><title></title></head><body></body></html>"[..],
            )
            .build(),
        _ => assets::of_owa(ask, below),
    }
}

fn logon_page(ask: &Ask<'_>) -> Response {
    let query = ask.query();
    let destination = form::value(query, "url").unwrap_or_default();
    let reason = form::value(query, "reason").unwrap_or_default();
    let page = logon::Page {
        build_path: &ask.persona().build_path(),
        product: logon::Product::of(ask.persona().build, &destination),
        locale: Locale::choose(ask.request.header("Accept-Language"), &ask.persona().language),
        destination: &bounded(ask, destination),
        reason: logon::Reason::of(&reason),
    };
    no_store(Reply::managed(ask, 200))
        .body("text/html; charset=utf-8", page.render())
        .build()
}

fn expired_password(ask: &mut Ask<'_>) -> Response {
    if ask.method() == b"POST" {
        capture(ask, "username", &["oldPwd", "password"]);
    }
    let locale = Locale::choose(ask.request.header("Accept-Language"), &ask.persona().language);
    let page = logon::expired_password(ask.persona().build, &ask.persona().build_path(), locale);
    no_store(Reply::managed(ask, 200))
        .body("text/html; charset=utf-8", page)
        .build()
}

/// A page that says one thing.
fn notice(ask: &Ask<'_>, text: fn(&Locale) -> &'static str) -> Response {
    let locale = Locale::choose(ask.request.header("Accept-Language"), &ask.persona().language);
    let page = logon::notice(ask.persona().build, &ask.persona().build_path(), text(locale));
    no_store(Reply::managed(ask, 200))
        .body("text/html; charset=utf-8", page)
        .build()
}

fn no_store(mut reply: Reply) -> Reply {
    reply.cache_control = Some("no-cache, no-store");
    reply.pragma = Some("no-cache");
    reply.expires = Some("-1");
    reply.mark("X-Frame-Options", "SAMEORIGIN");
    // Front-end pages name neither build nor server in published captures.
    reply.owa_version = None;
    reply.without_fe_server()
}

/// The form's target: whatever is sent, it is recorded and refused.
///
/// No cookie is set: tools take `cadata` for a log-on that succeeded.
fn log_on(ask: &mut Ask<'_>) -> Response {
    if ask.method() != b"POST" {
        let location = format!(
            "https://{}/owa/auth/logon.aspx?replaceCurrent=1&reason=3&url=",
            ask.host()
        );
        return Reply::managed(ask, 302).redirect(location).build();
    }
    observe(ask);
    let destination = form::value(&ask.request.body, "destination").unwrap_or_default();
    let location = format!(
        "https://{}/owa/auth/logon.aspx?replaceCurrent=1&reason=2&url={}",
        ask.host(),
        url_encoded(&bounded(ask, destination))
    );
    Reply::managed(ask, 302).redirect(location).build()
}

/// Records a log-on without answering it.
pub(super) fn observe(ask: &mut Ask<'_>) {
    capture(ask, "username", &["password", "passwordText"]);
}

/// Records name and password of a form; the first field of `secrets` that is there and not empty holds the password.
fn capture(ask: &mut Ask<'_>, name: &str, secrets: &[&str]) {
    let body = &ask.request.body;
    let name = form::value(body, name);
    let secret = secrets
        .iter()
        .filter_map(|field| form::value(body, field))
        .find(|secret| !secret.is_empty());
    if name.is_none() && secret.is_none() {
        return;
    }
    let credentials = auth::credentials(
        Scheme::Forms,
        &ask.path.text,
        name.as_deref().unwrap_or_default(),
        secret.as_deref(),
        ask.own_domains,
    );
    ask.saw.push(Saw::Credentials(credentials));
}

/// Where a log-on leads to: on this host, of bearable length, else OWA itself.
fn bounded(ask: &Ask<'_>, destination: String) -> String {
    let origin = format!("https://{}/", ask.host());
    let here = destination.len() <= MAX_DESTINATION
        && (destination.starts_with(&origin)
            || destination.starts_with('/') && !destination.starts_with("//"));
    if here {
        destination
    } else {
        format!("{origin}owa/")
    }
}
