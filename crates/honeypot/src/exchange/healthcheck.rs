//! `healthcheck.htm`: what load balancers ask each virtual directory for, without a log-on.

use super::ask::Ask;
use super::reply::Reply;
use crate::http::Response;

/// `200 OK<br/>` and the host's name, as managed availability has it while the protocol is up.
pub(super) fn answer(ask: &Ask<'_>) -> Response {
    let body = format!("200 OK<br/>{}", ask.persona().fqdn());
    Reply::front(ask, 200)
        .body("text/html", body.into_bytes())
        .build()
}
