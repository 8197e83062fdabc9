//! What stands between: balancers, filters that reset, servers that close when they like.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use imker_posture::{Check, Checks, FaultKind, Observation};
use imker_scan::ask::Scheme;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::peer::{ask, faults, request, serve, statuses};

/// What Exchange answers to most: with the name of a front end.
async fn refuse(stream: &mut TcpStream, front_end: usize) -> std::io::Result<()> {
    let head =
        format!("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nX-FEServer: EX{front_end:02}\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}

fn faults_of(seen: &Observation, check: Check) -> Vec<Option<FaultKind>> {
    let answers = seen.visits.iter().flat_map(|visit| &visit.answers);
    answers
        .filter(|answer| answer.check == check)
        .map(|answer| answer.fault.as_ref().map(|fault| fault.kind))
        .collect()
}

#[tokio::test]
async fn servers_behind_a_balancer_are_found() {
    for (servers, fresh) in [(1, 3), (2, 3), (4, 4), (50, 6)] {
        let connections = Arc::new(AtomicUsize::new(0));
        let address = serve(move |mut stream| {
            let front_end = connections.fetch_add(1, Ordering::Relaxed) % servers;
            async move {
                while request(&mut stream).await.is_ok() {
                    refuse(&mut stream, front_end).await?;
                }
                Ok(())
            }
        })
        .await;
        let seen = ask(Checks::Full, address, Some(Scheme::Http)).await;
        let names: std::collections::BTreeSet<_> = seen
            .visits
            .iter()
            .flat_map(|visit| &visit.answers)
            .filter_map(|answer| answer.response.as_ref()?.header("X-FEServer"))
            .collect();
        // Three connections for all checks, then those that look for more.
        assert_eq!(seen.visits.len(), 3 + fresh, "{servers}: {seen:#?}");
        assert_eq!(names.len(), servers.min(3 + fresh));
        assert_eq!(faults_of(&seen, Check::PsNspi), vec![None; 1 + fresh]);
    }
}

#[tokio::test]
async fn a_mitigation_that_resets_is_seen_alone() {
    let address = serve(|mut stream| async move {
        loop {
            let asked = request(&mut stream).await?;
            if asked.contains("Powershell") {
                return stream.set_zero_linger();
            }
            refuse(&mut stream, 1).await?;
        }
    })
    .await;
    let seen = ask(Checks::Full, address, Some(Scheme::Http)).await;
    assert_eq!(faults(&seen), [FaultKind::Reset], "{seen:#?}");
    assert_eq!(faults_of(&seen, Check::ProxyNotShell), [Some(FaultKind::Reset)]);
}

#[tokio::test]
async fn a_filter_that_resets_checks_leaves_the_logon_page() {
    let address = serve(|mut stream| async move {
        loop {
            let asked = request(&mut stream).await?;
            if asked.contains("autodiscover.json") {
                return stream.set_zero_linger();
            }
            refuse(&mut stream, 1).await?;
        }
    })
    .await;
    let seen = ask(Checks::Quick, address, Some(Scheme::Http)).await;
    assert_eq!(
        (statuses(&seen), faults(&seen)),
        (vec![401], vec![FaultKind::Reset; 2]),
        "{seen:#?}"
    );
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_no_answer() {
    let address = serve(|mut stream| async move {
        request(&mut stream).await?;
        refuse(&mut stream, 1).await
    })
    .await;
    let seen = ask(Checks::Quick, address, Some(Scheme::Http)).await;
    assert_eq!(
        (statuses(&seen), faults(&seen), seen.visits.len()),
        (vec![401; 3], vec![], 3)
    );
}

#[tokio::test]
async fn a_reset_at_any_point_is_named() {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for length in 0..ANSWER.len() {
        let address = serve(move |mut stream| async move {
            request(&mut stream).await?;
            stream.write_all(&ANSWER[..length]).await?;
            stream.set_zero_linger()
        })
        .await;
        let seen = ask(Checks::Quick, address, Some(Scheme::Http)).await;
        let answers = seen.visits.iter().flat_map(|visit| &visit.answers);
        for answer in answers {
            assert_eq!(
                answer.fault.as_ref().unwrap().kind,
                FaultKind::Reset,
                "{length}: {seen:#?}"
            );
        }
    }
}
