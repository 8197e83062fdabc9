//! Answers of IIS and ASP.NET where there is nothing to show.
//!
//! IIS's errors have no body in Exchange's applications (captures of 401 and 404), nor, from Exchange 2016 on, in the site
//! around them: setup takes `CustomErrorModule` out of it (blog.expta.com, "How to Perform HTTP -> HTTPS Redirection in a
//! Single Exchange Server Environment", 2016-08-30). Pages that are sent are written anew: titles, headings, form and,
//! where one is published, length are those of the originals, which is what scanners compare.

use super::ask::Ask;
use super::form::html_escaped;
use super::reply::Reply;
use crate::http::Response;

/// Length of IIS's English page for 404.
const NOT_FOUND_BYTES: usize = 1245;
/// Length of IIS's English page for 403.
const FORBIDDEN_BYTES: usize = 1233;
/// 403.4 and ERROR_ACCESS_DENIED.
const TLS_REQUIRED: (u16, u32) = (4, 5);
/// Length of IIS's English page for 405.
const NOT_ALLOWED_BYTES: usize = 1293;
/// Length of ASP.NET's "Runtime Error" without the application's name: 3493 bytes for `/ecp`
/// (rapid7/metasploit-framework pull request 17438, Exchange 2019).
const RUNTIME_ERROR_BYTES: usize = 3489;

/// What is said of a path at which there is nothing: ASP.NET's 404 of a page, IIS's of anything else: 404.11 where a second
/// decoding would give another path, ERROR_INVALID_NAME where no file can have the name.
pub(super) fn not_found(ask: &Ask<'_>) -> Response {
    if let Some(response) = of_verb(ask) {
        return response;
    }
    let is_page = [".aspx", ".ashx", ".asmx"]
        .iter()
        .any(|extension| ask.path.lower.ends_with(extension));
    if is_page {
        return no_such_page(ask);
    }
    let mut reply = by_iis(
        ask,
        404,
        "404 - File or directory not found.",
        "The resource you are looking for may have been removed, renamed, or is not available at the moment.",
        NOT_FOUND_BYTES,
    );
    reply.logged = match ask.path.text.contains('%') {
        true => (11, 0),
        false if ask.path.is_dangerous() => (0, 123),
        false => (0, 2),
    };
    reply.build()
}

/// A directory: no list of it is given.
pub(super) fn no_list(ask: &Ask<'_>) -> Response {
    of_verb(ask).unwrap_or_else(|| forbidden(ask))
}

/// 403: no list of a directory is given (403.14), or TLS is required (403.4).
pub(super) fn forbidden(ask: &Ask<'_>) -> Response {
    let mut reply = by_iis(
        ask,
        403,
        "403 - Forbidden: Access is denied.",
        "The credentials that you supplied do not permit you to view this directory or page.",
        FORBIDDEN_BYTES,
    );
    reply.logged = if ask.secure { (14, 0) } else { TLS_REQUIRED };
    reply.build()
}

/// A static file, asked for by another verb than GET and HEAD.
pub(super) fn unreadable(ask: &Ask<'_>) -> Response {
    of_verb(ask).unwrap_or_else(|| method_not_allowed(ask))
}

/// 405: the handler takes other verbs only.
fn method_not_allowed(ask: &Ask<'_>) -> Response {
    let mut reply = by_iis(
        ask,
        405,
        "405 - HTTP verb used to access this page is not allowed.",
        "The page cannot be displayed because it was asked for with an HTTP verb that is not allowed here.",
        NOT_ALLOWED_BYTES,
    );
    reply.allow = Some("GET, HEAD, OPTIONS, TRACE");
    reply.logged = (0, 1);
    reply.build()
}

/// What IIS's handlers for verbs answer whatever the path; `None` for GET, HEAD and POST.
///
/// TRACE is listed and refused: its handler echoes only where `EnableTraceMethod` is set in the registry.
fn of_verb(ask: &Ask<'_>) -> Option<Response> {
    const VERBS: &str = "OPTIONS, TRACE, GET, HEAD, POST";
    match ask.method() {
        b"GET" | b"HEAD" | b"POST" => None,
        b"OPTIONS" => {
            let mut reply = Reply::iis(ask, 200);
            reply.allow = Some(VERBS);
            reply.mark("Public", VERBS);
            Some(reply.build())
        }
        b"TRACE" => Some(Reply::iis(ask, 501).build()),
        _ => Some(method_not_allowed(ask)),
    }
}

/// ASP.NET's 404, which all clients get to see.
fn no_such_page(ask: &Ask<'_>) -> Response {
    let text = format!(
        "            <b> Description: </b>HTTP 404. What you asked for, or something that it needs, is not here: it may have \
         been removed or renamed. Check the spelling of the address below.\r\n            <br><br>\r\n\r\n            \
         <b> Requested URL: </b>{}<br><br>\r\n\r\n",
        html_escaped(&ask.path.text)
    );
    let page = aspnet_page(application(ask), "The resource cannot be found.", &text);
    by_aspnet(ask, 404)
        .body("text/html; charset=utf-8", page.into_bytes())
        .build()
}

/// 400 of ASP.NET for a path that it takes for dangerous, before Exchange's modules see the request.
pub(super) fn bad_request(ask: &Ask<'_>) -> Response {
    runtime_error(by_aspnet(ask, 400), application(ask))
}

/// An exception in managed code, details off, as remote clients see it.
pub(super) fn runtime_error(reply: Reply, application: &str) -> Response {
    let text = "            <b> Description: </b>The application failed on the server. Its settings keep the details from being \
         shown to other computers; a browser on the server itself shows them.\r\n            <br><br>\r\n\r\n            \
         <b>Details:</b> An administrator can let all computers see them: in the application's &quot;web.config&quot;, set the \
         mode of &lt;customErrors&gt; to &quot;Off&quot;.<br><br>\r\n\r\n            \
         <table width=100%><tr><td><code><pre>\r\n&lt;!-- web.config --&gt;\r\n\r\n&lt;configuration&gt;\r\n    \
         &lt;system.web&gt;\r\n        &lt;customErrors mode=&quot;Off&quot;/&gt;\r\n    &lt;/system.web&gt;\r\n\
         &lt;/configuration&gt;</pre></code></td></tr></table>\r\n";
    let mut page = aspnet_page(application, "Runtime Error", text);
    // The original says more; blanks stand for it.
    let blanks = (RUNTIME_ERROR_BYTES + application.len()).saturating_sub(page.len());
    let end = page.rfind("    </body>").unwrap_or(page.len());
    page.insert_str(end, &" ".repeat(blanks));
    reply.body("text/html; charset=utf-8", page.into_bytes()).build()
}

fn aspnet_page(application: &str, title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html>\r\n<html>\r\n    <head>\r\n        <title>{title}</title>\r\n        \
         <meta name=\"viewport\" content=\"width=device-width\" />\r\n        <style>\r\n         \
         body {{font-family:\"Verdana\";font-weight:normal;font-size: .7em;color:black;}}\r\n         \
         h1 {{ font-family:\"Verdana\";font-weight:normal;font-size:18pt;color:red }}\r\n         \
         h2 {{ font-family:\"Verdana\";font-weight:normal;font-size:14pt;color:maroon }}\r\n         \
         table {{ background-color:#ffffcc }}\r\n        </style>\r\n    </head>\r\n\r\n    \
         <body bgcolor=\"white\">\r\n\r\n            <span><H1>Server Error in '{application}' Application.<hr width=100% size=1 color=silver></H1>\r\n\r\n            \
         <h2> <i>{title}</i> </h2></span>\r\n\r\n            <font face=\"Arial, Helvetica, Geneva, SunSans-Regular, sans-serif \">\r\n\r\n\
         {text}            </font>\r\n    </body>\r\n</html>\r\n"
    )
}

/// The application that a path belongs to.
fn application(ask: &Ask<'_>) -> &'static str {
    match ask.path.split_first().0 {
        "owa" => "/owa",
        "ecp" => "/ecp",
        "ews" => "/EWS",
        "autodiscover" => "/Autodiscover",
        "microsoft-server-activesync" => "/Microsoft-Server-ActiveSync",
        "mapi" => "/mapi",
        "oab" => "/OAB",
        "powershell" => "/PowerShell",
        "rpc" => "/Rpc",
        "api" if !ask.is_2013() => "/API",
        _ => "/",
    }
}

/// ASP.NET's own answer: Exchange's modules add `X-FEServer` to all that leaves its applications.
fn by_aspnet(ask: &Ask<'_>, status: u16) -> Reply {
    let mut reply = Reply::managed(ask, status);
    reply.request_id = false;
    reply.owa_version = None;
    match application(ask) {
        "/" => reply.without_fe_server(),
        _ => reply,
    }
}

/// IIS's answer to an error without details: a page where it has one, see above.
fn by_iis(ask: &Ask<'_>, status: u16, title: &str, text: &str, bytes: usize) -> Reply {
    let reply = Reply::iis(ask, status);
    match ask.is_2013() && application(ask) == "/" {
        true => reply.body("text/html", page(title, text, bytes)),
        false => reply,
    }
}

/// IIS's page for an error without details, filled up with blanks to the length of the original.
fn page(title: &str, text: &str, bytes: usize) -> Vec<u8> {
    let mut page = format!(
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n<head>\r\n\
         <meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\"/>\r\n<title>{title}</title>\r\n\
         <style type=\"text/css\">\r\n<!--\r\n\
         body {{margin:0;background:#eee;font:.7em Verdana,Arial,Helvetica,sans-serif}}\r\n\
         h1 {{margin:0;font-size:2.4em;color:#fff}}\r\nh2 {{margin:0;font-size:1.7em;color:#c00}}\r\n\
         h3 {{margin:10px 0 0;font-size:1.2em;color:#000}}\r\n\
         #header {{padding:6px 2%;background:#555}}\r\n#content {{margin:0 0 0 2%}}\r\n\
         .content-container {{width:96%;margin-top:8px;padding:10px;background:#fff}}\r\n-->\r\n</style>\r\n\
         </head>\r\n<body>\r\n<div id=\"header\"><h1>Server Error</h1></div>\r\n<div id=\"content\">\r\n \
         <div class=\"content-container\"><fieldset>\r\n  <h2>{title}</h2>\r\n  <h3>{text}</h3>\r\n \
         </fieldset></div>\r\n"
    )
    .into_bytes();
    let end = b"</div>\r\n</body>\r\n</html>\r\n";
    let blanks = bytes.saturating_sub(page.len() + end.len());
    page.resize(page.len() + blanks, b' ');
    page.extend_from_slice(end);
    page
}
