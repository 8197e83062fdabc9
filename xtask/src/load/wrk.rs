//! Running wrk, and reading what it prints.

use std::fmt;
use std::net::SocketAddr;
use std::process::Command;

use miette::{IntoDiagnostic, Result, WrapErr, ensure, miette};

/// One run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub requests_per_second: f64,
    /// Milliseconds.
    pub median: f64,
    /// Milliseconds.
    pub p99: f64,
    /// Socket errors and answers other than 2xx and 3xx.
    pub errors: u64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0} | {:.2} | {:.2} | {}",
            self.requests_per_second, self.median, self.p99, self.errors
        )
    }
}

/// Asks for one page, over TLS with keep-alive, as often as it can.
pub fn run(server: SocketAddr, path: &str, connections: usize, seconds: u64) -> Result<Measured> {
    let output = Command::new("wrk")
        .args(["--latency", "--threads", "1", "--timeout", "30s"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")])
        .arg(format!("https://{server}{path}"))
        .output()
        .into_diagnostic()
        .wrap_err("wrk does not run; it is in Debian's package wrk")?;
    ensure!(output.status.success(), "wrk failed");
    let text = String::from_utf8_lossy(&output.stdout);
    read(&text).ok_or_else(|| miette!("wrk's output is not understood:\n{text}"))
}

fn read(text: &str) -> Option<Measured> {
    let after = |label: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label))?;
        line.split_whitespace().next()
    };
    let errors = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Socket errors:"))
        .flat_map(|line| line.split(','))
        .filter_map(|part| part.split_whitespace().nth(1)?.parse::<u64>().ok())
        .sum::<u64>();
    let not_2xx = after("Non-2xx or 3xx responses:").and_then(|count| count.parse().ok());
    Some(Measured {
        requests_per_second: after("Requests/sec:")?.parse().ok()?,
        median: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
        errors: errors + not_2xx.unwrap_or(0),
    })
}

fn milliseconds(text: &str) -> Option<f64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1000.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// The run with the median of requests per second.
pub fn median(runs: &[Measured]) -> Measured {
    let mut sorted = runs.to_vec();
    sorted.sort_by(|a, b| a.requests_per_second.total_cmp(&b.requests_per_second));
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Running 8s test @ https://127.0.0.1:8443/
  1 threads and 128 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.75ms    2.00ms  40.00ms   90.00%
    Req/Sec    18.90k     1.10k   20.00k    70.00%
  Latency Distribution
     50%  850.00us
     75%    7.00ms
     90%    8.00ms
     99%    1.50s
  151200 requests in 8.00s, 1.20GB read
  Socket errors: connect 0, read 1, write 2, timeout 3
  Non-2xx or 3xx responses: 4
Requests/sec:  18900.12
Transfer/sec:    150.00MB
";

    #[test]
    fn output_is_understood() {
        let expected = Measured {
            requests_per_second: 18900.12,
            median: 0.85,
            p99: 1500.0,
            errors: 10,
        };
        assert_eq!(read(OUTPUT), Some(expected));
    }
}
