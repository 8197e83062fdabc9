//! Appends per second, each acknowledged only after a sync: `cargo run --release -p imker-spool --example appends [FOLDER]`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use imker_spool::{Options, Spool};

/// About the JSON of a request and its answer.
const PAYLOAD: usize = 1500;
const RUN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = parent.join(format!("imker-appends-{}", std::process::id()));
    let (spool, _) = Spool::open(&dir.join("spool"), Options::default(), |loss| {
        format!("{loss:?}").into_bytes()
    })?;
    println!(
        "{:>11} {:>10} {:>8} {:>8}  batches of 2 x {PAYLOAD} bytes",
        "concurrency", "appends/s", "p50 ms", "p99 ms"
    );
    for concurrency in [1, 64, 256] {
        let start = Instant::now();
        let workers: Vec<_> = (0..concurrency)
            .map(|_| tokio::spawn(work(spool.clone(), start)))
            .collect();
        let mut took = Vec::new();
        for worker in workers {
            took.extend(worker.await?);
        }
        let rate = took.len() as f64 / start.elapsed().as_secs_f64();
        took.sort_unstable();
        let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
        println!(
            "{concurrency:>11} {rate:>10.0} {:>8.2} {:>8.2}",
            at(0.5),
            at(0.99)
        );
    }
    drop(spool);
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

async fn work(spool: Spool, start: Instant) -> Vec<Duration> {
    let mut took = Vec::new();
    while start.elapsed() < RUN {
        let begun = Instant::now();
        let append = spool.append(vec![vec![b'{'; PAYLOAD], vec![b'}'; PAYLOAD]]);
        if append.await.is_err() {
            break;
        }
        took.push(begun.elapsed());
    }
    took
}
