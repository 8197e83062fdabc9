//! Throughput of the prefilter on ordinary traffic, in blocks as the reader hands them out.
//!
//! The modules are compiled in here, because requirements are not part of the crate's interface.

#![allow(missing_docs, dead_code, unreachable_pub)]

#[path = "../src/decode.rs"]
mod decode;
#[path = "../src/prefilter/mod.rs"]
mod prefilter;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use imker_sigma::RuleIndex;
use prefilter::{Pointed, Prefilter, Requirement, ScanScratch};

const BLOCK: usize = 256 << 10;

/// What rules against attacks on Exchange typically ask for.
const LITERALS: [&str; 40] = [
    "autodiscover.json?@",
    "X-Rps-CAT=",
    "json/powershell",
    "Email=autodiscover/autodiscover.json",
    "/ecp/y.js",
    "/ecp/default.flt",
    "/ecp/main.css",
    "ServerInfo~",
    "X-AnonResource-Backend",
    "X-BEResource=",
    "proxyLogon.ecp",
    "SecurityToken=",
    "InboxRules.svc/NewObject",
    "/aspnet_client/",
    "/owa/auth/shell",
    "/ecp/auth/x",
    "errorEE.aspx",
    "web.aspx",
    "discover.aspx",
    "OutlookEN.aspx",
    "__VIEWSTATEGENERATOR=",
    "ysoserial",
    "Set-OabVirtualDirectory",
    "python-requests",
    "nuclei",
    "Nmap+Scripting",
    "masscan",
    "sqlmap",
    "nikto",
    "Go-http-client",
    "${jndi:",
    "../..",
    "cmd.exe",
    "/bin/sh",
    "<script",
    "union+select",
    "/etc/passwd",
    "win.ini",
    "xp_cmdshell",
    "New-MailboxExportRequest",
];

/// The built-in sample with other digits in each repetition, until there is enough of it for one block.
fn traffic() -> Vec<u8> {
    let sample = include_bytes!("../../../data/traffic-sample.log");
    let mut state = 7_u32;
    let mut digit = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'0' + (state >> 24) as u8 % 10
    };
    let mut text: Vec<u8> = sample.iter().copied().cycle().take(BLOCK).collect();
    text.iter_mut()
        .filter(|byte| byte.is_ascii_digit())
        .for_each(|byte| *byte = digit());
    text
}

/// Many literals: the first ones, each with numbers in the middle.
fn literals(count: usize) -> Vec<Requirement> {
    let numbered = |at: usize| {
        let literal = LITERALS[at % LITERALS.len()];
        match at / LITERALS.len() {
            0 => literal.to_owned(),
            round => format!("{}{round}z{}", &literal[..3], &literal[3..]),
        }
    };
    (0..count)
        .map(|at| Requirement::Literal(numbered(at).into_bytes().into()))
        .collect()
}

fn scan(criterion: &mut Criterion) {
    let text = traffic();
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for count in [1, 40, 300] {
        let filter = Prefilter::new(&literals(count));
        let mut scratch = ScanScratch::default();
        group.bench_with_input(BenchmarkId::from_parameter(count), &text, |bencher, text| {
            bencher.iter(|| {
                let mut candidates = 0;
                let seen = filter.scan(black_box(text), &mut scratch, &mut |_, pointed| {
                    candidates += u32::from(matches!(pointed, Pointed::Candidate(_)));
                });
                (seen, candidates)
            });
        });
    }
    group.finish();
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for count in [40, 300] {
        let requirements = literals(count);
        group.bench_with_input(
            BenchmarkId::from_parameter(count),
            &requirements,
            |bencher, requirements| {
                bencher.iter(|| Prefilter::new(requirements));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, scan, compile);
criterion_main!(benches);
