use std::path::Path;
use std::time::{Duration, Instant};

use imker_event::ecs::Reader;
use imker_event::{Recorded, SensorEvent};
use imker_spool::{Options, Spool};

use super::events::opened;
use crate::config::Config;
use crate::sinks::{Sinks, Source, SpoolSource, save_status, saved_status};
use crate::view::{Filter, View};

fn spool(folder: &Path) -> Spool {
    let options = Options {
        min_free: 0,
        ..Options::default()
    };
    Spool::open(&folder.join("data/spool"), options, |_| Vec::new())
        .unwrap()
        .0
}

fn append(spool: &Spool, events: &[Recorded]) {
    let json = |event: &SensorEvent| serde_json::to_vec(event).unwrap();
    spool
        .append(events.iter().map(|event| json(&event.event)).collect())
        .wait()
        .unwrap();
}

#[test]
fn a_source_reads_in_batches_passes_over_what_is_no_event_and_wakes_up() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let mut source = SpoolSource::open(&spool, "test").unwrap();
    assert_eq!(source.next_batch(0, 10).unwrap().through, 0);
    let begun = Instant::now();
    source.wait(Duration::from_millis(50));
    assert!(begun.elapsed() >= Duration::from_millis(50));

    let events = opened(5);
    append(&spool, &events[..3]);
    spool.append(vec![b"no event".to_vec()]).wait().unwrap();
    source.wait(Duration::from_secs(60));
    let batch = source.next_batch(0, 2).unwrap();
    assert_eq!((batch.events, batch.through), (events[..2].to_vec(), 2));
    let batch = source.next_batch(2, 10).unwrap();
    assert_eq!(
        (batch.events, batch.through, batch.unreadable),
        (events[2..3].to_vec(), 4, 1)
    );
    assert_eq!(
        source.next_batch(1, 10).unwrap().events,
        events[1..3],
        "as often as asked"
    );
    assert_eq!(source.passed(), 0);

    source.pass(3);
    let waiting = spool.clone();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        append(&waiting, &opened(1));
    });
    let begun = Instant::now();
    let mut source = SpoolSource::open(&spool, "test").unwrap();
    assert_eq!(
        (source.passed(), source.next_batch(4, 10).unwrap().through),
        (3, 4)
    );
    source.wait(Duration::from_secs(60));
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(source.next_batch(4, 10).unwrap().through, 5);
    writer.join().unwrap();
}

fn config(folder: &Path, sinks: &str) -> Config {
    let text = r#"
sensor = "sensor-1"
data = "data"
[[domain]]
dns_domain = "corp.example.org"
netbios_domain = "EXAMPLE"
organisation = "Example"
mail_domain = "example.org"
external_name = "mail.example.org"
language = "de-DE"
time_zone = "Europe/Berlin"
users = 25
seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
[[host]]
name = "EX01"
persona = "exchange-2016-cu19-mar21su"
addresses = ["192.0.2.10"]
"#;
    Config::parse(&format!("{text}{sinks}"), &folder.join("honeypot.toml")).unwrap()
}

fn wait_for(sinks: &Sinks, sequence: u64) {
    let begun = Instant::now();
    while sinks.status().iter().any(|status| status.delivered < sequence) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", sinks.status());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn configured_sinks_start_stop_and_go_on_without_one_that_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let jsonl = "\n[[sink]]\nkind = \"jsonl\"\nfolder = \"out\"\n";
    // Nobody listens there.
    let down = "\n[[sink]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\n";
    let events = opened(500);
    let spool = spool(folder.path());
    append(&spool, &events[..200]);

    let sinks = Sinks::start(&config(folder.path(), &format!("{jsonl}{down}")), &spool).unwrap();
    let begun = Instant::now();
    while sinks
        .status()
        .iter()
        .filter(|status| status.delivered == 200)
        .count()
        < 2
        || sinks.status().iter().all(|status| status.trouble.is_none())
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", sinks.status());
        std::thread::sleep(Duration::from_millis(5));
    }
    save_status(&folder.path().join("data"), &sinks.status()).unwrap();
    let saved = std::fs::read_to_string(folder.path().join("data/sinks.json")).unwrap();
    assert!(
        saved.contains("\"name\": \"webhook\"") && saved.contains("127.0.0.1:1"),
        "{saved}"
    );
    std::fs::write(folder.path().join("data/sinks.json"), "").unwrap();
    let error = saved_status(&folder.path().join("data")).unwrap_err().to_string();
    assert!(
        error.contains("data/sinks.json: EOF") && error.contains("delete it"),
        "{error}"
    );
    sinks.stop();
    let cursor = folder.path().join("data/cursors/webhook");
    assert!(cursor.exists());

    let sinks = Sinks::start(&config(folder.path(), jsonl), &spool).unwrap();
    assert!(!cursor.exists(), "it would hold back what nobody wants");
    append(&spool, &events[200..]);
    wait_for(&sinks, 500);
    sinks.stop();

    let lines = std::fs::read(folder.path().join("out/events-00000000000000000001.jsonl")).unwrap();
    let lines: Vec<Recorded> = Reader::new(&*lines).map(|read| read.unwrap().recorded).collect();
    assert_eq!(lines, events);
    let view = View::open(folder.path().join("data/view.sqlite")).unwrap();
    assert_eq!(view.position().unwrap(), Some(500));
    let attackers: Vec<_> = view
        .attackers(&Filter::default())
        .unwrap()
        .map(|attacker| attacker.unwrap().activity.events)
        .collect();
    assert_eq!(attackers, [500]);
}
