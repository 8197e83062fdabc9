use std::borrow::Cow;

use imker_event::Saw;
use jiff::Timestamp;

use super::ExchangeSite;
use super::form;
use super::path::Path;
use super::reply::Reply;
use crate::auth::{self, Asked, OwnDomains, Schemes};
use crate::http::{ConnectionState, Request, Response};
use crate::persona::Persona;

/// A request with all that its answer depends on.
pub(super) struct Ask<'a> {
    pub site: &'a ExchangeSite,
    pub request: &'a Request,
    pub path: &'a Path,
    pub now: Timestamp,
    /// Whether it came over TLS.
    pub secure: bool,
    pub own_domains: &'a OwnDomains,
    /// What is remembered of the connection.
    pub state: &'a mut ConnectionState,
    pub saw: &'a mut Vec<Saw>,
    /// Whether `Authorization` was read.
    pub asked_to_log_on: bool,
}

impl<'a> Ask<'a> {
    pub fn persona(&self) -> &'a Persona {
        &self.site.persona
    }

    /// What the client calls the server, as redirects repeat it: `Host`, port included; the server's own address where
    /// there is none (HTTP/1.0), its outside name where the value is no host.
    pub fn host(&self) -> Cow<'a, str> {
        let Some(host) = self.request.header("Host").filter(|host| !host.is_empty()) else {
            return Cow::Owned(match self.persona().internal_address {
                std::net::IpAddr::V4(address) => address.to_string(),
                std::net::IpAddr::V6(address) => format!("[{address}]"),
            });
        };
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte);
        match std::str::from_utf8(host) {
            Ok(host) if host.len() <= 260 && host.bytes().all(|byte| plain(&byte)) => Cow::Borrowed(host),
            _ => Cow::Borrowed(&self.persona().external_name),
        }
    }

    /// `https://mail.example.org`.
    pub fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.host())
    }

    /// The method, where it is spelt as IIS compares it: case-sensitive.
    pub fn method(&self) -> &'a [u8] {
        &self.request.method
    }

    /// Whether it is GET or HEAD.
    pub fn reads(&self) -> bool {
        matches!(self.method(), b"GET" | b"HEAD")
    }

    /// The query, or nothing.
    pub fn query(&self) -> &'a [u8] {
        self.request.query.as_deref().unwrap_or_default()
    }

    /// The value of a cookie, as received.
    pub fn cookie(&self, name: &str) -> Option<&'a [u8]> {
        form::cookie(self.request.headers("Cookie"), name)
    }

    /// Whether Exchange 2013 is played.
    pub fn is_2013(&self) -> bool {
        self.persona().build.0[..2] == [15, 0]
    }

    /// Records credentials sent to where nobody asks for them, which changes nothing on the connection.
    pub fn observe_credentials(&mut self) {
        if self.asked_to_log_on || self.request.header("Authorization").is_none() {
            return;
        }
        let mut state = self.state.log_on.clone();
        let decision = auth::check(&self.asked(Schemes::default()), &mut state);
        self.saw.extend(decision.saw);
    }

    fn asked(&self, schemes: Schemes) -> Asked<'a> {
        Asked {
            persona: &self.site.persona,
            schemes,
            own_domains: self.own_domains,
            request: self.request,
            now: self.now,
        }
    }

    /// Asks for a log-on, or refuses the one that was tried, as IIS's authentication modules do for a virtual directory
    /// with these schemes.
    pub fn unauthorised(&mut self, schemes: Schemes) -> Reply {
        self.asked_to_log_on = true;
        let decision = auth::check(&self.asked(schemes), &mut self.state.log_on);
        self.saw.extend(decision.saw);
        let mut reply = Reply::front(self, 401);
        reply.logged = (decision.substatus, decision.win32_status);
        reply.windows = decision.windows;
        reply.basic = decision.basic;
        reply.marks.extend(decision.diagnostics);
        reply
    }

    /// The same where anonymous authentication is on: a client that sends nothing, or a token, reaches the service, which
    /// refuses it with headers of its own. Whoever sends other credentials is refused before (captures in
    /// ecederstrand/exchangelib issue 556, gautamsi/ews-javascript-api issue 104, curl/curl issue 3647).
    pub fn unauthorised_by_service(
        &mut self,
        schemes: Schemes,
        finish: impl FnOnce(Reply) -> Reply,
    ) -> Response {
        let mut reply = self.unauthorised(schemes);
        let sent = self.request.header("Authorization").unwrap_or_default();
        let is_token = sent
            .get(..6)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer"));
        if !sent.is_empty() && !is_token {
            return reply.build();
        }
        reply.cache_control = Some("private");
        reply.aspnet = true;
        finish(reply).build()
    }
}
