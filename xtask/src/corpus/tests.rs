#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use super::*;

fn options(out: &Path, attacks: &str) -> Options {
    Options {
        size: 2 << 20,
        seed: 11,
        out: out.to_owned(),
        attacks: attack::kinds(attacks).unwrap(),
        layout: Layout::Single,
        files: None,
        gz: false,
    }
}

fn only_log(folder: &Path) -> String {
    fs::read_to_string(folder.join(FOLDER).join("u_ex2108.log")).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(&options(one.path(), "all")).unwrap();
    write(&options(two.path(), "all")).unwrap();
    assert!(only_log(one.path()) == only_log(two.path()));
    let truth = |folder: &Path| fs::read_to_string(folder.join("truth.json")).unwrap();
    assert_eq!(truth(one.path()), truth(two.path()));
}

#[test]
fn lines_are_well_formed_and_in_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let truth = write(&options(folder.path(), "all")).unwrap();
    let log = only_log(folder.path());
    assert_eq!(log.len() as u64, truth.bytes);
    assert_eq!(log.lines().count() as u64, truth.lines);
    assert_eq!(log.matches("\r\n").count() as u64, truth.lines);
    let mut before = String::new();
    for line in log.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(line.split(' ').count(), 15, "{line}");
        assert!(line[..19] >= *before, "{line}");
        before = line[..19].to_owned();
    }
    let events = truth.lines - 12;
    let mean = truth.bytes / events;
    assert!((370..=410).contains(&mean), "{mean} bytes a line");
}

#[test]
fn the_truth_points_at_the_attackers_lines_and_at_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let truth = write(&options(folder.path(), "all")).unwrap();
    let log = only_log(folder.path());
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(truth.attacks.len(), kinds::KINDS.len());
    for attack in &truth.attacks {
        let count: u64 = attack.stages.iter().map(|stage| stage.count).sum();
        assert_eq!(count, attack.lines.len() as u64, "{}", attack.kind);
        for place in &attack.lines {
            let client = lines[place.line as usize - 1].split(' ').nth(8).unwrap();
            assert!(
                attack.clients.iter().any(|known| known == client),
                "{}: {client}",
                attack.kind
            );
        }
        let of_clients = lines
            .iter()
            .filter(|line| {
                line.split(' ')
                    .nth(8)
                    .is_some_and(|client| attack.clients.iter().any(|c| c == client))
            })
            .count();
        assert_eq!(of_clients, attack.lines.len(), "{}", attack.kind);
    }
}

#[test]
fn without_attacks_there_is_no_attackers_address() {
    let folder = tempfile::tempdir().unwrap();
    let truth = write(&options(folder.path(), "none")).unwrap();
    assert_eq!(truth.verdict, truth::Verdict::NoTrace);
    let log = only_log(folder.path());
    for text in ["192.0.2.", "2001:db8:bad", "X-Rps-CAT", ".aspx 200"] {
        assert!(!log.contains(text), "{text}");
    }
    assert!(log.contains("/mapi/nspi/") && log.contains("autodiscover.json"));
}

#[test]
fn many_small_files_hold_the_same_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut small = options(folder.path(), "all");
    small.files = Some(200);
    let truth = write(&small).unwrap();
    assert!((195..=215).contains(&truth.files), "{}", truth.files);
    let place = &truth.attacks[0].lines[0];
    let log = fs::read_to_string(folder.path().join(&place.file)).unwrap();
    let client = &truth.attacks[0].clients[0];
    assert!(
        log.lines()
            .nth(place.line as usize - 1)
            .unwrap()
            .contains(client.as_str())
    );
}

#[test]
fn sizes_are_read() {
    assert_eq!(size("20M"), Ok(20 << 20));
    assert_eq!(size("7"), Ok(7));
    assert!(size("").is_err() && size("M").is_err() && size("0").is_err() && size("99999999999G").is_err());
}
