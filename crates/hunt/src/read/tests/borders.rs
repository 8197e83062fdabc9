//! Where logs are cut, and how many threads read them, changes nothing.

use proptest::prelude::*;

use super::*;

/// A line of a hostile or ordinary log.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0..40_u32, "[a-z]{0,30}").prop_map(|(step, stem)| ordinary(step, &stem)),
        2 => (0..40_u32).prop_map(|step| ordinary(step, "looked-for/x")),
        1 => Just("#Fields: date time cs-uri-stem c-ip sc-status\r\n".to_owned()),
        1 => Just(format!("{FIELDS}\r\n")),
        1 => Just("torn /looked-for line\n".to_owned()),
        1 => Just("\0\0\0".to_owned()),
        1 => Just("\x01\x02 junk\n".to_owned()),
        1 => Just("x".repeat(700)),
        1 => Just("y".repeat(1500) + "\n"),
        1 => Just("\r\n".to_owned()),
    ]
}

fn ordinary(step: u32, stem: &str) -> String {
    // A step is an hour; the clock may go back.
    let (day, hour) = (10 + step / 24, step % 24);
    row(
        &format!("2021-08-{day} {hour:02}:00:00"),
        &format!("/{stem}"),
        "203.0.113.7",
    )
}

fn read_with(folder: &Path, threads: usize, sizes: Sizes, stats: bool) -> String {
    let limits = crate::Limits {
        line: 1000,
        ..crate::Limits::default()
    };
    let options = Options {
        threads: NonZeroUsize::new(threads),
        stats: Some(stats),
        limits,
        ..options(folder)
    };
    show(&read_in(&options, &rules(), &(), sizes).unwrap(), folder)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn units_and_threads(lines in prop::collection::vec(line(), 0..120), stats: bool) {
        let log = head() + &lines.concat();
        let folder = tree(&[("EX01/W3SVC1/a.log", log.as_bytes())]);
        let whole = Sizes { chunk: 256, block: 512, unit: 1 << 30 };
        let expected = read_with(folder.path(), 1, whole, stats);
        for (threads, unit) in [(1, 512), (3, 512), (2, 1024), (4, 4096)] {
            let found = read_with(folder.path(), threads, Sizes { unit, ..whole }, stats);
            prop_assert_eq!(&expected, &found, "{} threads, units of {}", threads, unit);
        }
    }
}

#[test]
fn more_matches_than_may_be_held() {
    let mut log = head();
    for at in 0..40_000 {
        log += &row(
            "2021-08-12 10:00:00",
            &format!("/looked-for/{at}"),
            "203.0.113.66",
        );
    }
    let folder = tree(&[("a.log", log.as_bytes())]);
    let sizes = Sizes {
        unit: 4 << 20,
        ..Sizes::default()
    };
    let options = Options {
        threads: NonZeroUsize::new(8),
        ..options(folder.path())
    };
    let small = read_in(
        &options,
        &rules(),
        &(),
        Sizes {
            unit: 256 << 10,
            ..sizes
        },
    )
    .unwrap();
    let large = read_in(&options, &rules(), &(), sizes).unwrap();
    assert_eq!(large.sightings.len(), 40_000);
    assert_eq!(show(&small, folder.path()), show(&large, folder.path()));
}
