//! The HTML report in a real browser.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the test starts the program and a browser"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join("chromium"))
        .find(|path| path.is_file())
}

fn open(browser: &Path, profile: &Path, page: &Path, arguments: &[&str]) -> Output {
    Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--enable-logging=stderr", "--window-size=1100,1500"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap()
}

#[test]
fn the_report_opens_from_disk_and_keeps_its_own_policy() {
    let Some(browser) = browser() else {
        return imker_testing::not_installed("chromium");
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let incident = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/incident");
    let status = Command::new(assert_cmd::cargo::cargo_bin("imker"))
        .arg("hunt")
        .arg(incident)
        .args(["--quiet", "--lang", "en", "--output"])
        .arg(folder.path().join("report.txt"))
        .arg("--html")
        .arg(&page)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));

    let shown = open(&browser, folder.path(), &page, &["--dump-dom"]);
    let document = String::from_utf8_lossy(&shown.stdout);
    for text in ["EX01", "compromised", "/aspnet_client/qzkwvbtn.aspx", "<svg"] {
        assert!(document.contains(text), "{text} is missing: {document}");
    }
    let said = String::from_utf8_lossy(&shown.stderr);
    let complaints: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "the browser complained: {complaints:?}");

    let picture = folder.path().join("report.png");
    let screenshot = format!("--screenshot={}", picture.display());
    open(&browser, folder.path(), &page, &[&screenshot]);
    let size = std::fs::metadata(&picture).unwrap().len();
    assert!(size > 50_000, "an empty page would take fewer than {size} bytes");
}
