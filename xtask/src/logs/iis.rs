//! IIS's W3C extended log (Microsoft, "W3C Logging", win32/Http/w3c-logging), default fields of IIS 10.

use jiff::Timestamp;

use super::{Protocol, Request};

const FIELDS: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
                      cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n";

/// Lines of [`append_head`].
pub const HEAD_LINES: u64 = 4;

/// Appends the directives that IIS writes when it opens a log and after a restart.
pub fn append_head(second: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: ",
    );
    Stamp::default().append(second, out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(FIELDS.as_bytes());
}

/// Appends the line of `request`, seen by the server at address `server`.
pub fn append_line(request: &Request, server: &str, stamp: &mut Stamp, out: &mut Vec<u8>) {
    stamp.append(request.second, out);
    for text in [server, request.method, &request.stem] {
        out.push(b' ');
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b' ');
    out.extend_from_slice(request.query.as_bytes());
    if request.protocol != Protocol::None {
        out.extend_from_slice(b"&CorrelationID=<empty>;&cafeReqId=");
        request.id.append(out);
        out.push(b';');
    } else if request.query.is_empty() {
        out.push(b'-');
    }
    out.push(b' ');
    append_number(u32::from(request.port), out);
    for text in [&request.user, &request.client, &request.agent, &request.referer] {
        out.push(b' ');
        out.extend_from_slice(if text.is_empty() { b"-" } else { text.as_bytes() });
    }
    for number in [
        u32::from(request.status),
        u32::from(request.substatus),
        request.win32,
        request.taken,
    ] {
        out.push(b' ');
        append_number(number, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes `2021-08-12 03:04:05`, remembering the day.
#[derive(Debug, Default)]
pub struct Stamp {
    day: i64,
    date: String,
}

impl Stamp {
    pub fn append(&mut self, second: i64, out: &mut Vec<u8>) {
        let day = second.div_euclid(86_400);
        if self.date.is_empty() || day != self.day {
            self.day = day;
            self.date = date(second, "%Y-%m-%d ");
        }
        out.extend_from_slice(self.date.as_bytes());
        let rest = second.rem_euclid(86_400);
        for (index, part) in [rest / 3600, rest / 60 % 60, rest % 60].into_iter().enumerate() {
            if index > 0 {
                out.push(b':');
            }
            out.extend_from_slice(&[b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
        }
    }
}

/// The UTC time `second`, as `format` (strftime) says.
pub fn date(second: i64, format: &str) -> String {
    // Corpora lie in this century, where every second is a timestamp.
    Timestamp::from_second(second)
        .unwrap_or_default()
        .strftime(format)
        .to_string()
}

fn append_number(mut number: u32, out: &mut Vec<u8>) {
    let mut digits = [0; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::prng::Guid;

    #[test]
    fn a_line_is_as_iis_writes_it() {
        let mut request = Request::default();
        request.reset(1_628_737_445, Guid::default());
        request.protocol = Protocol::Owa;
        request.stem.push_str("/owa/");
        request.client.push_str("192.0.2.1");
        request.taken = 120;
        let mut out = Vec::new();
        append_line(&request, "10.20.1.11", &mut Stamp::default(), &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "2021-08-12 03:04:05 10.20.1.11 GET /owa/ &CorrelationID=<empty>;\
             &cafeReqId=00000000-0000-0000-0000-000000000000; 443 - 192.0.2.1 - - 200 0 0 120\r\n"
        );
    }
}
