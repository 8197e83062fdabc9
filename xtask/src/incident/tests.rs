#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::io::Read;

use super::*;

/// Content as logged; packed bytes may change with the packer's version.
fn unpacked(path: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if path.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes)
            .take(1 << 24)
            .read_to_end(&mut out)
            .unwrap();
    } else if path.ends_with(".zip") {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        zip.by_index(0)
            .unwrap()
            .take(1 << 24)
            .read_to_end(&mut out)
            .unwrap();
    } else {
        out.extend_from_slice(bytes);
    }
    out
}

fn all_text() -> Vec<(String, String)> {
    let text = |path: &str, bytes: &[u8]| String::from_utf8(unpacked(path, bytes)).unwrap();
    files()
        .unwrap()
        .iter()
        .map(|(path, bytes)| (path.clone(), text(path, bytes)))
        .collect()
}

#[test]
fn the_committed_incident_is_what_the_generator_makes() {
    let folder = folder();
    let files = files().unwrap();
    for (path, made) in &files {
        let kept = fs::read(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            unpacked(path, &kept) == unpacked(path, made),
            "{path} differs: run `cargo xtask incident`"
        );
    }
    let mut kept = BTreeSet::new();
    let mut folders = vec![folder.join("EX01"), folder.join("EX02")];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let parts: Vec<_> = path
                    .strip_prefix(&folder)
                    .unwrap()
                    .iter()
                    .map(|p| p.to_str().unwrap())
                    .collect();
                kept.insert(parts.join("/"));
            }
        }
    }
    assert_eq!(kept, files.into_keys().collect());
}

#[test]
fn three_logs_tell_of_the_same_request() {
    let logs = all_text();
    let (_, front) = logs
        .iter()
        .find(|(path, _)| path.ends_with("EX01/inetpub/logs/LogFiles/W3SVC1/u_ex210812.log"))
        .unwrap();
    let step = front
        .lines()
        .find(|line| line.contains("192.0.2.45") && line.contains("X-Rps-CAT"))
        .unwrap();
    let id = step
        .split("cafeReqId=")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let tellers: Vec<&str> = logs
        .iter()
        .filter(|(_, text)| text.contains(id))
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(tellers.len(), 3, "{tellers:?}");
    assert!(
        tellers
            .iter()
            .any(|path| path.contains("HttpProxy/Autodiscover/HttpProxy_20210812"))
    );
    let (_, back) = logs
        .iter()
        .find(|(path, _)| path.contains("EX01/inetpub/logs/LogFiles/W3SVC2/u_ex210812"))
        .unwrap();
    let seen = back.lines().find(|line| line.contains(id)).unwrap();
    assert!(seen.contains(" /powershell/ X-Rps-CAT="), "{seen}");
    assert!(seen.contains(" 444 NT+AUTHORITY\\SYSTEM 10.20.1.11 "), "{seen}");
}

#[test]
fn the_story_is_in_the_logs() {
    let logs = all_text();
    let lines = |server: &str, kind: &str, text: &str| {
        logs.iter()
            .filter(|(path, _)| path.starts_with(server) && path.contains(kind))
            .flat_map(|(_, log)| log.lines())
            .filter(|line| line.contains(text))
            .count()
    };
    assert!(lines("EX01", "W3SVC1", "/aspnet_client/qzkwvbtn.aspx") > 20);
    assert_eq!(lines("EX02", "W3SVC", "/aspnet_client/"), 0);
    assert!(lines("EX01", "W3SVC1", "Check+for+CVE-2021-34473") > 0);
    assert!(lines("EX01", "W3SVC1", " /mapi/nspi/ ") > 0, "benign look-alikes");
    assert!(lines("EX01", "W3SVC1", "&Protocol=") > 0, "benign look-alikes");
    assert!(lines("EX01", "HttpProxy", ",15,1,2176,9,") > 100);
    assert!(lines("EX01", "HttpProxy", ",15,1,2308,14,") > 5);
    assert_eq!(lines("EX02", "HttpProxy", ",15,1,2176,9,"), 0);
    let size: usize = logs.iter().map(|(_, log)| log.len()).sum();
    assert!(size < 4 << 20, "{size} bytes");
}
