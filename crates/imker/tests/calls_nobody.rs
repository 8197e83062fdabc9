//! A sensor without receivers asks no name server and connects to nobody, whatever clients name.

#![cfg(all(target_os = "linux", feature = "honeypot"))]
#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Where a server could be led to connect: addresses, names, and paths of other machines.
const NAMED: &[&[&str]] = &[
    &[
        "-H",
        "X-Forwarded-For: 198.51.100.7",
        "-H",
        "Referer: http://names.example.org/",
    ],
    &["-H", "Host: names.example.org"],
    &["--data", "url=http://198.51.100.7/&file=//198.51.100.7/share"],
    &["--data", "<a:Url>http://names.example.org/</a:Url>"],
    &["--user", "names.example.org\\user:not-a-password"],
    &["--ntlm", "--user", "EXAMPLE\\user:not-a-password"],
];
const PATHS: [&str; 6] = [
    "/",
    "/owa/auth/logon.aspx?url=http://names.example.org/owa/",
    "/autodiscover/autodiscover.json?@names.example.org/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@names.example.org",
    "/autodiscover/autodiscover.xml",
    "/ews/exchange.asmx",
    "/rpc/rpcproxy.dll?names.example.org:6001",
];

#[test]
fn no_system_call_leads_out() {
    if Command::new("strace").arg("-V").output().is_err() {
        return imker_testing::not_installed("strace");
    }
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = format!(
        "sensor = \"test\"\ndata = \"data\"\n\n[[domain]]\ndns_domain = \"corp.example.org\"\n\
         netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
         external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
         seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n\n\
         [[host]]\nname = \"EX01\"\npersona = \"exchange-2016-cu19-mar21su\"\naddresses = [\"127.0.0.1\"]\nhttps = [{port}]\nhttp = []\n"
    );
    let (file, trace) = (folder.path().join("honeypot.toml"), folder.path().join("trace"));
    fs::write(&file, config).unwrap();
    let mut traced = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=%network", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_imker"))
        .args(["honeypot", "--config"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(traced.try_wait().unwrap().is_none(), "it ended");
        assert!(Instant::now() < patience, "it does not listen");
        thread::sleep(Duration::from_millis(50));
    }
    for path in PATHS {
        for arguments in NAMED {
            let asked = Command::new("curl")
                .args([
                    "--silent",
                    "--insecure",
                    "--max-time",
                    "20",
                    "--output",
                    "/dev/null",
                ])
                .args(*arguments)
                .arg(format!("https://127.0.0.1:{port}{path}"))
                .status();
            assert!(asked.unwrap().success(), "{path} {arguments:?}");
        }
    }
    // Ends the sensor; strace ends with it.
    let sensor = fs::read_to_string(format!("/proc/{0}/task/{0}/children", traced.id())).unwrap();
    assert!(
        Command::new("kill")
            .args(sensor.split_whitespace())
            .status()
            .unwrap()
            .success()
    );
    traced.wait().unwrap();

    let trace = fs::read_to_string(trace).unwrap();
    let count = |call: &str| trace.lines().filter(|line| line.contains(call)).count();
    assert!(count("accept4(") > PATHS.len(), "{trace}");
    // One listener, and no other socket of any family.
    assert_eq!(count(" socket("), 1, "{trace}");
    for call in ["connect(", "sendto(", "sendmsg(", "sendmmsg("] {
        let led_out: Vec<_> = trace
            .lines()
            .filter(|line| line.contains(call) && line.contains("sa_family="))
            .collect();
        assert!(led_out.is_empty(), "{led_out:#?}");
    }
}
