//! Error pages as IIS and ASP.NET send them, written anew: titles, headings, form and length are those of the originals,
//! which is what scanners compare.

use std::borrow::Cow;

use super::ask::Ask;
use super::reply::Reply;
use crate::http::Response;

/// Length of IIS's English page for 404.
const NOT_FOUND_BYTES: usize = 1245;
/// Length of IIS's English page for 403.
const FORBIDDEN_BYTES: usize = 1233;

/// 404: no such file.
pub(super) fn not_found(ask: &Ask<'_>) -> Response {
    let page = page(
        "404 - File or directory not found.",
        "The resource you are looking for may have been removed, renamed, or is not available at the moment.",
        NOT_FOUND_BYTES,
    );
    Reply::iis(ask, 404).body("text/html", page).build()
}

/// 403: no list of a directory is given, or TLS is required.
pub(super) fn forbidden(ask: &Ask<'_>) -> Response {
    let page = page(
        "403 - Forbidden: Access is denied.",
        "The credentials that you supplied do not permit you to view this directory or page.",
        FORBIDDEN_BYTES,
    );
    Reply::iis(ask, 403).body("text/html", page).build()
}

/// 405: the handler takes other verbs only.
pub(super) fn method_not_allowed(ask: &Ask<'_>) -> Response {
    let page = page(
        "405 - HTTP verb used to access this page is not allowed.",
        "The page cannot be displayed because it was asked for with an HTTP verb that is not allowed here.",
        1293,
    );
    let mut reply = Reply::iis(ask, 405).body("text/html", page);
    reply
        .entity
        .push((Cow::Borrowed("Allow"), Cow::Borrowed("GET, HEAD, OPTIONS, TRACE")));
    reply.build()
}

/// 400 from managed code: a path that ASP.NET takes for dangerous.
pub(super) fn bad_request(ask: &Ask<'_>, application: &str) -> Response {
    runtime_error(Reply::managed(ask, 400), application)
}

/// An exception in managed code, details off, as remote clients see it.
pub(super) fn runtime_error(reply: Reply, application: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\r\n<html>\r\n    <head>\r\n        <title>Runtime Error</title>\r\n        \
         <meta name=\"viewport\" content=\"width=device-width\" />\r\n        <style>\r\n         \
         body {{font-family:\"Verdana\";font-weight:normal;font-size: .7em;color:black;}}\r\n         \
         h1 {{ font-family:\"Verdana\";font-weight:normal;font-size:18pt;color:red }}\r\n         \
         h2 {{ font-family:\"Verdana\";font-weight:normal;font-size:14pt;color:maroon }}\r\n         \
         table {{ background-color:#ffffcc }}\r\n        </style>\r\n    </head>\r\n\r\n    \
         <body bgcolor=\"white\">\r\n\r\n            <span><H1>Server Error in '{application}' Application.<hr width=100% size=1 color=silver></H1>\r\n\r\n            \
         <h2> <i>Runtime Error</i> </h2></span>\r\n\r\n            <font face=\"Arial, Helvetica, Geneva, SunSans-Regular, sans-serif \">\r\n\r\n            \
         <b> Description: </b>The application failed on the server. Its settings keep the details from being shown to other \
         computers; a browser on the server itself shows them.\r\n            <br><br>\r\n\r\n            \
         <b>Details:</b> An administrator can let all computers see them: in the application's &quot;web.config&quot;, set the \
         mode of &lt;customErrors&gt; to &quot;Off&quot;.<br><br>\r\n\r\n            \
         <table width=100%><tr><td><code><pre>\r\n&lt;!-- web.config --&gt;\r\n\r\n&lt;configuration&gt;\r\n    \
         &lt;system.web&gt;\r\n        &lt;customErrors mode=&quot;Off&quot;/&gt;\r\n    &lt;/system.web&gt;\r\n\
         &lt;/configuration&gt;</pre></code></td></tr></table>\r\n            </font>\r\n    </body>\r\n</html>\r\n"
    );
    reply.body("text/html; charset=utf-8", page.into_bytes()).build()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_the_length_of_iis() {
        let length = |title, bytes| page(title, &"x".repeat(99), bytes).len();
        assert_eq!(
            length("404 - File or directory not found.", NOT_FOUND_BYTES),
            NOT_FOUND_BYTES
        );
        assert_eq!(
            length("403 - Forbidden: Access is denied.", FORBIDDEN_BYTES),
            FORBIDDEN_BYTES
        );
    }
}
