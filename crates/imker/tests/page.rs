//! The HTML reports in a real browser.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the test starts the program and a browser"
)]

#[cfg(all(unix, feature = "honeypot", feature = "scan"))]
mod fleet;

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

/// Whether the page shows these texts, without a complaint of the browser's about what it holds.
fn is_well(browser: &Path, page: &Path, texts: &[&str]) {
    let folder = page.parent().unwrap();
    let shown = open(browser, folder, page, &["--dump-dom"]);
    let document = String::from_utf8_lossy(&shown.stdout);
    for text in texts {
        assert!(document.contains(text), "{text} is missing: {document}");
    }
    let said = String::from_utf8_lossy(&shown.stderr);
    let complaints: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "the browser complained: {complaints:?}");

    let picture = folder.join("report.png");
    let screenshot = format!("--screenshot={}", picture.display());
    open(browser, folder, page, &[&screenshot]);
    let size = std::fs::metadata(&picture).unwrap().len();
    assert!(size > 50_000, "an empty page would take fewer than {size} bytes");
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
    is_well(
        &browser,
        &page,
        &["EX01", "compromised", "/aspnet_client/qzkwvbtn.aspx", "<svg"],
    );
}

#[cfg(all(unix, feature = "honeypot", feature = "scan"))]
#[test]
fn the_report_of_a_scan_does_too() {
    let Some(browser) = browser() else {
        return imker_testing::not_installed("chromium");
    };
    let fleet = fleet::Fleet::start();
    let page = fleet.folder.path().join("fleet.html");
    let status = Command::new(assert_cmd::cargo::cargo_bin("imker"))
        .arg("scan")
        .args(fleet.all())
        .args(["--quiet", "--lang", "en", "--output"])
        .arg(fleet.folder.path().join("result.txt"))
        .arg("--html")
        .arg(&page)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
    is_well(
        &browser,
        &page,
        &["EX01", "vulnerable", "Exchange 2016 CU19 Mar21SU", "<svg"],
    );
}
