//! Answers with their headers in the order that IIS and Exchange send them.
//!
//! The order is that of published captures of on-premises servers (ProxyShell and ProxyNotShell write-ups, Microsoft
//! support threads): HTTP.sys's known headers, `Server`, then what Exchange's front end and ASP.NET add, then what IIS's
//! configuration adds. `Date` and `Content-Length` follow; the writer adds them.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::ask::Ask;
use super::form::html_escaped;
use crate::auth::HeaderLine;
use crate::http::{After, Response};

/// An answer before its headers are put in order.
pub(super) struct Reply {
    pub status: u16,
    /// What IIS logs beside the status: substatus and Win32 status.
    pub logged: (u16, u32),
    pub reason: Option<&'static str>,
    pub cache_control: Option<&'static str>,
    pub pragma: Option<&'static str>,
    pub allow: Option<&'static str>,
    pub content_type: Option<&'static str>,
    pub expires: Option<&'static str>,
    /// `Content-Range`, `Last-Modified`, `Accept-Ranges`, `ETag`.
    entity: Vec<HeaderLine>,
    pub vary: Option<&'static str>,
    pub location: Option<String>,
    server: String,
    /// `request-id`: a fresh GUID, of requests that reach Exchange's modules.
    pub request_id: bool,
    pub calculated_be_target: Option<String>,
    /// What a virtual directory adds of its own, in order.
    pub marks: Vec<HeaderLine>,
    pub aspnet: bool,
    pub owa_version: Option<String>,
    /// `X-FailureContext` of MAPI over HTTP.
    pub failure_context: Option<&'static str>,
    pub cookies: Vec<String>,
    /// `WWW-Authenticate` of Windows authentication.
    pub windows: Vec<HeaderLine>,
    powered_by: bool,
    fe_server: Option<String>,
    /// `WWW-Authenticate` of Basic: behind `X-FEServer`.
    pub basic: Vec<HeaderLine>,
    pub body: Bytes,
}

impl Reply {
    /// What IIS answers without Exchange: `Server` and `X-Powered-By`.
    pub fn iis(ask: &Ask<'_>, status: u16) -> Self {
        Self {
            status,
            logged: (0, 0),
            reason: None,
            cache_control: None,
            pragma: None,
            allow: None,
            content_type: None,
            expires: None,
            entity: Vec::new(),
            vary: None,
            location: None,
            server: ask.site.server.clone(),
            request_id: false,
            calculated_be_target: None,
            marks: Vec::new(),
            aspnet: false,
            owa_version: None,
            failure_context: None,
            cookies: Vec::new(),
            windows: Vec::new(),
            powered_by: true,
            fe_server: None,
            basic: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// What the front end's proxy module answers: `request-id`, `X-FEServer`, and `X-OWA-Version` where the build has it.
    pub fn front(ask: &Ask<'_>, status: u16) -> Self {
        let mut reply = Self::iis(ask, status);
        reply.request_id = true;
        reply.owa_version.clone_from(&ask.site.owa_version);
        reply.fe_server = Some(ask.persona().netbios_name.to_string());
        reply
    }

    /// The same from managed code: also `Cache-Control: private` and `X-AspNet-Version`.
    pub fn managed(ask: &Ask<'_>, status: u16) -> Self {
        let mut reply = Self::front(ask, status);
        reply.cache_control = Some("private");
        reply.aspnet = true;
        reply
    }

    /// Leaves `X-Powered-By` out.
    pub fn without_powered_by(mut self) -> Self {
        self.powered_by = false;
        self
    }

    /// Leaves `X-FEServer` out.
    pub fn without_fe_server(mut self) -> Self {
        self.fe_server = None;
        self
    }

    /// A redirect as ASP.NET writes it; the body repeats the target.
    pub fn redirect(mut self, location: String) -> Self {
        self.status = 302;
        self.content_type = Some("text/html; charset=utf-8");
        let body = format!(
            "<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href=\"{}\">here</a>.</h2>\r\n</body></html>\r\n",
            html_escaped(&location)
        );
        self.location = Some(location);
        self.body = body.into();
        self
    }

    /// An answer that the back end gave: its name in `X-CalculatedBETarget`, `X-DiagInfo` and `X-BEServer`, and the
    /// routing cookie of the virtual directory, deleted.
    pub fn of_back_end(mut self, ask: &Ask<'_>, vdir: &str) -> Self {
        let persona = ask.persona();
        self.calculated_be_target = Some(persona.fqdn().to_lowercase());
        self.mark("X-DiagInfo", persona.netbios_name.to_string());
        self.mark("X-BEServer", persona.netbios_name.to_string());
        self.cookies.push(format!(
            "X-BackEndCookie=; expires={}; path={vdir}; secure; HttpOnly",
            thirty_years_before(ask.now)
        ));
        self
    }

    /// Adds a header of what the body is, in order.
    pub fn entity(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.entity.push((Cow::Borrowed(name), value.into()));
    }

    /// Adds a header of the virtual directory's own.
    pub fn mark(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.marks.push((Cow::Borrowed(name), value.into()));
    }

    /// Sets the body and its type.
    pub fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.content_type = Some(content_type);
        self.body = body.into();
        self
    }

    /// Puts the headers in order. Values hold visible ASCII and blanks alone: what else there is goes.
    pub fn build(self) -> Response {
        let mut headers: Vec<HeaderLine> = Vec::with_capacity(20);
        let fixed = |name, value: Option<&'static str>| line(name, value.map(Cow::Borrowed));
        let owned = |name, value: Option<String>| line(name, value.map(Cow::Owned));
        headers.extend(fixed("Cache-Control", self.cache_control));
        headers.extend(fixed("Pragma", self.pragma));
        headers.extend(fixed("Allow", self.allow));
        headers.extend(fixed("Content-Type", self.content_type));
        headers.extend(fixed("Expires", self.expires));
        headers.extend(self.entity);
        headers.extend(fixed("Vary", self.vary));
        headers.extend(owned("Location", self.location));
        headers.extend(owned("Server", Some(self.server)));
        headers.extend(owned(
            "request-id",
            self.request_id.then(|| Uuid::new_v4().to_string()),
        ));
        headers.extend(owned("X-CalculatedBETarget", self.calculated_be_target));
        headers.extend(self.marks);
        headers.extend(fixed("X-AspNet-Version", self.aspnet.then_some("4.0.30319")));
        headers.extend(owned("X-OWA-Version", self.owa_version));
        headers.extend(fixed("X-FailureContext", self.failure_context));
        headers.extend(
            self.cookies
                .into_iter()
                .filter_map(|cookie| owned("Set-Cookie", Some(cookie))),
        );
        headers.extend(self.windows);
        headers.extend(fixed("X-Powered-By", self.powered_by.then_some("ASP.NET")));
        headers.extend(owned("X-FEServer", self.fe_server));
        headers.extend(self.basic);
        for (_, value) in &mut headers {
            if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                value.to_mut().retain(|c| matches!(c, ' '..='~'));
            }
        }
        Response {
            status: self.status,
            reason: self.reason.unwrap_or_else(|| reason(self.status)),
            headers,
            substatus: self.logged.0,
            win32_status: self.logged.1,
            body: self.body,
            after: After::Keep,
        }
    }
}

fn line(name: &'static str, value: Option<Cow<'static, str>>) -> Option<HeaderLine> {
    value.map(|value| (Cow::Borrowed(name), value))
}

/// IIS's reason phrases.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        416 => "Requested Range Not Satisfiable",
        405 => "Method Not Allowed",
        440 => "Login Timeout",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// When Exchange lets a cookie have expired that it deletes: 30 years ago, as in `Thu, 15-Aug-1991 03:08:59 GMT`.
fn thirty_years_before(now: Timestamp) -> String {
    use jiff::ToSpan as _;
    let then = TimeZone::UTC.to_datetime(now);
    let then = then.checked_sub(30.years()).unwrap_or(then);
    then.strftime("%a, %d-%b-%Y %H:%M:%S GMT").to_string()
}
