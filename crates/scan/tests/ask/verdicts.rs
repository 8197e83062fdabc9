//! From what is sent to the verdict: nginx and a balancer before our own Exchange that is none.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use imker_posture::{Assessment, Checks, Vantage, assess};
use imker_scan::ask::Scheme;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::exchange::{Farm, farm, free_port, ip};
use crate::peer::{ask, certificate, serve};

/// By the place in the farm: Exchange 2016 CU19 with the update of March 2021.
const MARCH_2021: usize = 0;
/// Exchange 2019 CU14 with the update of October 2025.
const PATCHED: usize = 1;
/// Exchange 2016 CU18, of which three parts of the build tell that it lacks the fix for ProxyShell; open to ProxyLogon.
const CU18: usize = 6;

/// Exchange's own refusal, as of Autodiscover without a log-on; `{up}` stands for the server behind.
const REFUSED: &str = "location = /autodiscover/autodiscover.json {\n\
     rewrite ^ /autodiscover/autodiscover.xml? break; proxy_pass {up}; }";
/// 444 is nginx's word for a connection that is cut.
const CUT: &str = "location = /autodiscover/autodiscover.json { return 444; }";
const NOT_FOUND: &str = "location = /autodiscover/autodiscover.json { return 404; }";
/// The condition of EOMTv2.ps1 (microsoft/CSS-Exchange).
const MITIGATION: &str = "if ($request_uri ~* \"(?=.*autodiscover)(?=.*powershell)\") { return 444; }";
/// Every place that tells the build.
const HIDDEN: &str = "proxy_hide_header X-OWA-Version; location /ecp/ { return 404; }\n\
     location = /owa/auth/logon.aspx { default_type text/html; return 200 '<!-- OwaPage = ASP.auth_logon_aspx -->'; }";
const BROKEN_OWA: &str = "proxy_hide_header X-OWA-Version; location /ecp/ { return 404; }\n\
     location /owa/ { return 302 '/owa/auth/errorFE.aspx?httpCode=500'; }\n\
     location = /autodiscover/autodiscover.json { return 302 '/owa/auth/errorFE.aspx?httpCode=500'; }";

/// What stands before which server; the verdict and why; of some CVEs verdict, status of the build and why.
type Case = (
    &'static str,
    usize,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const CASES: [Case; 8] = [
    (
        REFUSED,
        CU18,
        "vulnerable host-check-succeeded",
        &[
            ("CVE-2021-34473", "guarded open cve-guarded-unpatched"),
            ("CVE-2021-34523", "guarded open cve-behind-guarded"),
            ("CVE-2022-41080", "vulnerable open cve-open-by-build"),
        ],
    ),
    (
        NOT_FOUND,
        CU18,
        "vulnerable host-check-succeeded",
        &[
            ("CVE-2021-34473", "filtered open cve-filtered-unpatched"),
            ("CVE-2021-31207", "filtered open cve-behind-filtered"),
        ],
    ),
    (
        CUT,
        CU18,
        "vulnerable host-check-succeeded",
        &[
            ("CVE-2021-34473", "filtered open cve-filtered-unpatched"),
            // All of Autodiscover is cut, which is another thing than the mitigation.
            ("CVE-2022-41040", "vulnerable open cve-open-by-build"),
        ],
    ),
    (
        MITIGATION,
        MARCH_2021,
        "vulnerable host-check-succeeded",
        &[
            ("CVE-2021-34473", "vulnerable open cve-check-owa"),
            ("CVE-2022-41040", "guarded open cve-mitigated"),
            ("CVE-2022-41080", "vulnerable open cve-open-by-build"),
            ("CVE-2022-41082", "vulnerable open cve-open-by-build"),
        ],
    ),
    (
        MITIGATION,
        PATCHED,
        "fixed host-fixed",
        &[("CVE-2022-41040", "fixed fixed cve-fixed")],
    ),
    (
        HIDDEN,
        PATCHED,
        "unknown host-unknown-no-build",
        &[
            ("CVE-2021-34473", "guarded unknown check-refused"),
            ("CVE-2022-41080", "unknown unknown cve-no-build"),
        ],
    ),
    (
        BROKEN_OWA,
        PATCHED,
        "unknown host-unknown-no-build",
        &[("CVE-2021-34473", "unknown unknown check-broken-owa")],
    ),
    (
        "",
        PATCHED,
        "fixed host-fixed",
        &[("CVE-2021-34473", "fixed fixed cve-fixed")],
    ),
];

/// Each case's server, or `None` where there is no nginx.
async fn nginx(farm: &Farm, folder: &Path) -> Option<(Child, Vec<SocketAddr>)> {
    let own = folder.display();
    let mut servers = String::new();
    let mut addresses = Vec::new();
    let port = free_port();
    for (last, (before, host, ..)) in (1..).zip(CASES) {
        let address = SocketAddr::from(([127, 0, 8, last], port));
        let up = format!("https://{}", SocketAddr::new(ip(host), farm.https));
        let before = before.replace("{up}", &up);
        servers +=
            &format!("server {{ listen {address} ssl; {before}\nlocation / {{ proxy_pass {up}; }} }}\n");
        addresses.push(address);
    }
    let config = format!(
        "daemon off; master_process off; pid {own}/pid; error_log {own}/error;\nevents {{}}\nhttp {{\n\
         access_log off; client_body_temp_path {own}; proxy_temp_path {own}; fastcgi_temp_path {own};\n\
         uwsgi_temp_path {own}; scgi_temp_path {own}; proxy_http_version 1.1; reset_timedout_connection on;\n\
         ssl_certificate {own}/cert.pem; ssl_certificate_key {own}/key.pem;\n{servers}}}\n"
    );
    std::fs::write(folder.join("nginx.conf"), config).unwrap();
    let child = tokio::process::Command::new("nginx")
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .args(["-e", "stderr", "-p"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(child) = child else {
        imker_testing::not_installed("nginx");
        return None;
    };
    let patience = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(addresses[0]).is_err() {
        assert!(Instant::now() < patience, "nginx does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Some((child, addresses))
}

/// `guarded open cve-guarded-unpatched`, of the worst front end.
fn cve(assessment: &Assessment, id: &str) -> String {
    let mut cves = assessment.front_ends[0].cves.iter();
    let cve = cves.find(|cve| cve.id == id).unwrap();
    let name = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    let (verdict, status) = (
        serde_json::to_value(cve.verdict),
        serde_json::to_value(cve.status),
    );
    format!(
        "{} {} {}",
        name(verdict.unwrap()),
        name(status.unwrap()),
        cve.reason.id
    )
}

fn verdict(assessment: &Assessment) -> String {
    format!("{} {}", assessment.verdict.name(), assessment.reason.id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_before_exchange_is_told_from_exchange() {
    let folder = tempfile::tempdir().unwrap();
    if !certificate(folder.path()).await {
        return;
    }
    let farm = farm().await;
    let Some((_nginx, addresses)) = nginx(&farm, folder.path()).await else {
        return;
    };
    for ((before, _, expected, cves), address) in CASES.into_iter().zip(addresses) {
        let seen = ask(Checks::Full, address, Some(Scheme::Https)).await;
        let assessment = assess(&seen, Vantage::Internet);
        assert_eq!(verdict(&assessment), expected, "{before}: {seen:#?}");
        for (id, expected) in cves {
            assert_eq!(cve(&assessment, id), *expected, "{id} behind {before}: {seen:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worst_front_end_behind_an_address_decides() {
    let farm = farm().await;
    let servers = [PATCHED, MARCH_2021].map(|host| SocketAddr::new(ip(host), farm.https));
    let connections = Arc::new(AtomicUsize::new(0));
    let balancer = serve(move |mut stream| {
        let server = servers[connections.fetch_add(1, Ordering::Relaxed) % servers.len()];
        async move {
            let mut server = TcpStream::connect(server).await?;
            copy_bidirectional(&mut stream, &mut server).await.map(drop)
        }
    })
    .await;
    let seen = ask(Checks::Full, balancer, Some(Scheme::Https)).await;
    let assessment = assess(&seen, Vantage::Internet);
    assert_eq!(
        verdict(&assessment),
        "vulnerable host-check-succeeded",
        "{seen:#?}"
    );
    let front_ends: Vec<_> = assessment
        .front_ends
        .iter()
        .map(|one| {
            (
                one.name.as_deref().unwrap(),
                one.verdict.name(),
                one.build.unwrap().to_string(),
            )
        })
        .collect();
    assert_eq!(
        front_ends,
        [
            ("EX01", "vulnerable", "15.1.2176.9".to_owned()),
            ("EX02", "fixed", "15.2.1544.36".to_owned())
        ]
    );
}
