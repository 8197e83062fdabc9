//! A disk that is really full: a file system in memory, in a mount namespace of the test's own.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use imker_event::GapReason;
use imker_honeypot::sinks::saved_status;

use crate::sensor::{
    Place, Sensor, ask, free_port, gaps, markers, numbered, once, path_of, record, wait_for,
};

/// Segments of 1 MiB on a disk of 12; the disk is what limits the spool, and the JSON lines lie elsewhere.
const SPOOL: &str =
    "[spool]\nsegment_size = \"1M\"\nmax_size = \"64M\"\nmin_free = \"0\"\n[view]\nenabled = false\n";

/// All on a disk of 24 MiB, in the proportions of the defaults.
const ONE_DISK: &str = r#"
[spool]
segment_size = "1M"
max_size = "64M"
min_free = "8M"
[view]
max_size = "2M"
[[sink]]
kind = "jsonl"
name = "near"
folder = "disk/near"
rotate_size = "1M"
keep = 2
"#;

/// Holds a namespace in which `disk` is a file system of its own.
struct Disk {
    holder: Child,
    path: PathBuf,
}

impl Disk {
    /// None where this system permits no such thing.
    fn mount(place: &Place, size: &str) -> Option<Self> {
        let run = "mount -t tmpfs -o size=$1 none \"$0\" && echo ready && exec sleep 600";
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", run])
            .arg(place.path("disk"))
            .arg(size)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take()?).read_line(&mut line).ok()?;
        let inside = place.path("disk");
        let path = Path::new(&format!("/proc/{}/root", holder.id())).join(inside.strip_prefix("/").ok()?);
        let disk = Self { holder, path };
        (line == "ready\n").then_some(disk)
    }

    /// Plays the sensor in the namespace.
    fn play(&self, place: &Place) -> Sensor {
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["--user", "--preserve-credentials", "--mount", "--target"]);
        nsenter
            .arg(self.holder.id().to_string())
            .arg(env!("CARGO_BIN_EXE_imker"));
        place.play_by(nsenter)
    }

    fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }

    /// Whether the JSON lines on this disk hold a request, or did until others took their place.
    fn holds(&self, marker: &str) -> bool {
        let entries = fs::read_dir(self.path.join("near")).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        files
            .filter_map(|file| fs::read_to_string(file).ok())
            .any(|lines| lines.contains(&format!("n={marker}&")))
    }

    /// What another program takes of the disk: all that is left.
    fn fill(&self) {
        fill(
            &mut OpenOptions::new()
                .append(true)
                .create(true)
                .open(self.filler())
                .unwrap(),
        );
    }

    fn segments(&self) -> Vec<String> {
        let entries = fs::read_dir(self.data().join("spool")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut segments: Vec<_> = names.filter(|name| name.ends_with(".seg")).collect();
        segments.sort();
        segments
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn fill(file: &mut File) {
    for size in [64 << 10, 4 << 10] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

/// Asks with heads of twelve kilobytes.
fn ask_much(place: &Place, markers: &[String], mut after_each: impl FnMut(&str)) {
    for markers in markers.chunks(25) {
        let mut stream = std::net::TcpStream::connect(place.http()).unwrap();
        for marker in markers {
            let path = format!("{}&pad={}", path_of(marker), "a".repeat(12_000));
            let answered = ask(&mut stream, &path).is_some();
            assert!(
                answered,
                "{marker}: {}",
                fs::read_to_string(place.path("log")).unwrap()
            );
        }
        after_each(markers.last().unwrap());
    }
}

/// No faster than the JSON lines take it.
fn ask_slowly(place: &Place, markers: &[String]) {
    ask_much(place, markers, |last| {
        place.wait_for_json_line(last);
        // A cursor is on disk within a second.
        thread::sleep(Duration::from_millis(1100));
    });
}

/// Whether a client at this address gets any byte of an answer.
fn is_answered(place: &Place, source: &str) -> bool {
    let output = Command::new("curl")
        .args(["--silent", "--max-time", "20", "--include", "--interface", source])
        .arg(format!("http://{}/owa/healthcheck.htm", place.http()))
        .output()
        .unwrap();
    !output.stdout.is_empty()
}

#[test]
fn a_full_disk_costs_what_is_passed_then_what_is_told_and_then_answers() {
    let place = Place::new(SPOOL);
    let Some(disk) = Disk::mount(&place, "12m") else {
        return imker_testing::left_out(
            "this system permits no mount namespaces (unshare --map-root-user --mount)",
        );
    };
    let sensor = disk.play(&place);

    // What all sinks have passed goes first, without a word.
    let passed = numbered("passed", 0..150);
    ask_slowly(&place, &passed);
    let before = disk.segments();
    assert!(before.len() >= 2, "{before:?}");
    disk.fill();
    let kept = numbered("kept", 0..150);
    ask_slowly(&place, &kept);
    assert!(
        disk.segments()[0] > before[0],
        "{:?} after {before:?}",
        disk.segments()
    );
    assert_eq!(gaps(&record(&disk.data()).0), []);
    sensor.stop();

    // A sink that lags: what it has not passed goes as well, and that is told.
    fs::remove_file(disk.filler()).unwrap();
    let syslog = format!(
        "[[sink]]\nkind = \"syslog\"\naddress = \"127.0.0.1:{}\"\ntls = false\n",
        free_port()
    );
    place.configure(&format!("{SPOOL}{syslog}"));
    let sensor = disk.play(&place);
    disk.fill();
    let lagging = numbered("lagging", 0..150);
    ask_slowly(&place, &lagging);
    let (events, missing) = record(&disk.data());
    let evicted = gaps(&events);
    assert!(!evicted.is_empty());
    assert!(
        evicted.iter().all(|gap| gap.reason == GapReason::Evicted),
        "{evicted:?}"
    );
    let gone = missing[0].1;
    let last = evicted
        .iter()
        .filter_map(|gap| gap.sequences)
        .map(|(_, last)| last)
        .max();
    assert_eq!(last, Some(gone), "what is gone is told");

    // Somebody takes all room at once, whatever becomes free.
    let stop = Arc::new(AtomicBool::new(false));
    let filling = {
        let (stop, mut file) = (
            stop.clone(),
            OpenOptions::new().append(true).open(disk.filler()).unwrap(),
        );
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                fill(&mut file);
            }
        })
    };
    wait_for("nothing can be written any more", || {
        !is_answered(&place, "127.0.0.9")
    });
    let sources = [("127.0.0.7", 5), ("127.0.0.8", 3)];
    for (source, times) in sources {
        for _ in 0..times {
            assert!(!is_answered(&place, source), "answered without a record");
        }
    }
    assert!(sensor_lives(&place));

    // There is room again: so is the service, and who was turned away is told by source.
    stop.store(true, Ordering::Relaxed);
    filling.join().unwrap();
    fs::remove_file(disk.filler()).unwrap();
    wait_for("it answers again", || is_answered(&place, "127.0.0.9"));
    let after = numbered("after", 0..5);
    ask_slowly(&place, &after);
    sensor.stop();
    let (events, _) = record(&disk.data());
    let full: Vec<_> = gaps(&events)
        .into_iter()
        .filter(|gap| gap.reason == GapReason::StoreFull)
        .collect();
    for (source, times) in sources {
        let counts = full.iter().flat_map(|gap| &gap.sources);
        let of_source = counts
            .filter(|(address, _)| address.to_string() == source)
            .map(|(_, count)| count);
        let count: u64 = of_source.sum();
        assert!(count >= times, "{count} of {source} told, {times} turned away");
        println!(
            "{times} connections of {source} were closed unanswered; {count} events of it are told as lost"
        );
    }
    // Whatever was answered arrived, once.
    let mut lines = markers(&place.json_lines());
    lines = lines
        .into_iter()
        .map(|(query, times)| (before_padding(&query), times))
        .collect();
    assert_eq!(lines, once([passed, kept, lagging, after].concat()));
}

#[test]
fn sinks_on_the_disk_of_the_record_get_on_when_that_is_full() {
    let place = Place::new(ONE_DISK);
    let Some(disk) = Disk::mount(&place, "24m") else {
        return imker_testing::left_out(
            "this system permits no mount namespaces (unshare --map-root-user --mount)",
        );
    };
    let status_of = |name: &str| {
        let status = saved_status(&disk.data()).unwrap();
        status.into_iter().find(|status| status.name == name).unwrap()
    };
    let get_on = |markers: &[String], slowly: bool| {
        let mut asked = 0;
        ask_much(&place, markers, |last| {
            wait_for("the sinks get on", || disk.holds(last));
            asked += 1;
            // Two of these are what may go ahead of sinks whose cursors are not on disk.
            if slowly && asked % 2 == 0 {
                let near = status_of("near").delivered;
                wait_for("the view gets on", || status_of("_view").delivered >= near);
                thread::sleep(Duration::from_millis(1100));
            }
        });
        wait_for("sinks here are out of trouble", || {
            status_of("near").trouble.is_none() && status_of("_view").trouble.is_none()
        });
    };
    let sensor = disk.play(&place);
    get_on(&numbered("full", 0..700), true);
    let segments = disk.segments();
    assert_ne!(segments[0], "00000000000000000001.seg", "the disk is full");
    assert_eq!(gaps(&record(&disk.data()).0), []);
    sensor.stop();

    // One that is down holds up none of the others.
    let syslog = format!(
        "[[sink]]\nkind = \"syslog\"\naddress = \"127.0.0.1:{}\"\ntls = false\n",
        free_port()
    );
    place.configure(&format!("{ONE_DISK}{syslog}"));
    let sensor = disk.play(&place);
    get_on(&numbered("lagging", 0..900), false);
    let evicted = gaps(&record(&disk.data()).0);
    assert!(!evicted.is_empty());
    assert!(
        evicted.iter().all(|gap| gap.reason == GapReason::Evicted),
        "{evicted:?}"
    );
    sensor.stop();
}

#[test]
fn the_one_segment_gives_way_once_all_sinks_have_passed_it() {
    let min_free = 2 << 20;
    let place = Place::new(&format!(
        "[spool]\nsegment_size = \"8M\"\nmax_size = \"64M\"\nmin_free = \"{min_free}\"\n[view]\nenabled = false\n"
    ));
    let Some(disk) = Disk::mount(&place, "12m") else {
        return imker_testing::left_out(
            "this system permits no mount namespaces (unshare --map-root-user --mount)",
        );
    };
    let sensor = disk.play(&place);
    ask_slowly(&place, &numbered("passed", 0..50));
    let before = disk.segments();
    assert_eq!(before.len(), 1);
    disk.fill();
    let filler = OpenOptions::new().write(true).open(disk.filler()).unwrap();
    let length = filler.metadata().unwrap().len();
    filler.set_len(length - min_free).unwrap();
    wait_for("all sinks have passed it", || is_answered(&place, "127.0.0.9"));
    assert_ne!(disk.segments()[0], before[0]);
    ask_slowly(&place, &numbered("kept", 0..25));
    sensor.stop();
    let sensor = disk.play(&place);
    ask_slowly(&place, &numbered("after", 0..5));
    sensor.stop();
    let gaps = gaps(&record(&disk.data()).0);
    assert!(
        gaps.iter().all(|gap| gap.reason == GapReason::StoreFull),
        "{gaps:?}"
    );
}

fn sensor_lives(place: &Place) -> bool {
    std::net::TcpStream::connect(place.http()).is_ok()
}

fn before_padding(query: &str) -> String {
    query.split('&').next().unwrap().to_owned()
}
