//! HTTP.sys's error log (Microsoft, "Error logging in HTTP APIs"): what never reached a site.

use super::iis::Stamp;

/// Appends the directives that HTTP.sys writes when it opens a log.
pub fn append_head(second: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: ");
    Stamp::default().append(second, out);
    out.extend_from_slice(
        b"\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid \
          s-reason s-queuename\r\n",
    );
}

/// Appends a line; `rest` is everything from the field `cs-version` on.
pub fn append_line(second: i64, client: &str, port: u64, server: &str, rest: &str, out: &mut Vec<u8>) {
    Stamp::default().append(second, out);
    out.extend_from_slice(format!(" {client} {port} {server} 443 {rest}\r\n").as_bytes());
}
