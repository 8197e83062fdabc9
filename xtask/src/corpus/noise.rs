//! What every server on the internet is asked for, day and night. None of it is about Exchange's flaws.

use super::people::BROWSERS;
use super::prng::Prng;
use super::traffic::put;
use crate::logs::Request;

const REQUESTS: [(&str, &str, u16); 12] = [
    ("/", "", 302),
    ("/", "", 200),
    ("/favicon.ico", "", 404),
    ("/robots.txt", "", 404),
    ("/.well-known/security.txt", "", 404),
    ("/.env", "", 404),
    ("/wp-login.php", "", 404),
    ("/sitemap.xml", "", 404),
    ("/remote/login", "lang=en", 404),
    ("/manager/html", "", 404),
    ("/sslvpn/Login/Login", "", 404),
    ("/index.html", "", 404),
];

const AGENTS: [&str; 6] = [
    "Mozilla/5.0+zgrab/0.x",
    "Mozilla/5.0+(compatible;+CensysInspect/1.1;++https://about.censys.io/)",
    "masscan/1.3+(https://github.com/robertdavidgraham/masscan)",
    "Go-http-client/1.1",
    "python-requests/2.25.1",
    "",
];

pub fn fill(prng: &mut Prng, request: &mut Request) {
    let (stem, query, status) = prng.pick(&REQUESTS);
    request.stem.push_str(stem);
    request.query.push_str(query);
    request.status = status;
    if status == 404 {
        request.win32 = 2;
    }
    request.agent.push_str(if prng.chance(30) {
        prng.pick(&BROWSERS)
    } else {
        prng.pick(&AGENTS)
    });
    put(
        &mut request.client,
        format_args!("198.51.100.{}", prng.between(128, 254)),
    );
    request.port = prng.pick(&[80, 443]);
}
