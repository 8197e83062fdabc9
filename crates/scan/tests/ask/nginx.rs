//! nginx as what is not Exchange, over TLS and in plain.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use imker_posture::Checks;

use crate::peer::{ask, certificate, faults, statuses};

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn nginx_is_asked_and_is_not_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, plain) = (free(), free());
    if !certificate(folder.path()).await {
        return;
    }
    let own = folder.path().display();
    let config = format!(
        "daemon off; master_process off; pid {own}/pid; error_log {own}/error;\nevents {{}}\nhttp {{\n\
         access_log off; client_body_temp_path {own}; proxy_temp_path {own}; fastcgi_temp_path {own};\n\
         uwsgi_temp_path {own}; scgi_temp_path {own}; root {own}; gzip on;\n\
         ssl_certificate {own}/cert.pem; ssl_certificate_key {own}/key.pem;\n\
         server {{ listen {tls} ssl; }}\nserver {{ listen {plain}; }}\n}}\n"
    );
    std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
    let child = tokio::process::Command::new("nginx")
        .arg("-c")
        .arg(folder.path().join("nginx.conf"))
        .args(["-e", "stderr", "-p"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(_child) = child else {
        return imker_testing::not_installed("nginx");
    };
    let patience = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(plain).is_err() {
        assert!(Instant::now() < patience, "nginx does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (address, has_tls) in [(tls, true), (plain, false)] {
        for checks in [Checks::Quick, Checks::Full] {
            let seen = ask(checks, address, None).await;
            assert_eq!(statuses(&seen)[..3], [404; 3], "{seen:#?}");
            assert_eq!(faults(&seen), []);
            assert!(seen.visits.iter().all(|visit| visit.tls.is_some() == has_tls));
            let answers = seen.visits.iter().flat_map(|visit| &visit.answers);
            for response in answers.filter_map(|answer| answer.response.as_ref()) {
                assert!(response.header("server").unwrap().starts_with("nginx/"));
                assert!(response.marks.is_empty() && response.builds.is_empty());
            }
            // Both checks that may be aborted have a connection of their own.
            assert_eq!(seen.visits.len(), if checks == Checks::Quick { 1 } else { 3 });
        }
    }
}
