//! Servers that are broken or hostile: each ends in bounded time with a named reason.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use imker_posture::{Checks, FaultKind};
use imker_scan::ask::{Asker, Scheme};
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use crate::peer::{answering, ask, destination, faults, plan, request, serve, statuses};

/// As long as any of them may take: three requests, each within its limit, and much for a busy machine.
const AT_MOST: Duration = Duration::from_secs(25);

/// Asks over plain HTTP; the first fault.
async fn first_fault(address: SocketAddr) -> Option<FaultKind> {
    let began = Instant::now();
    let seen = ask(Checks::Quick, address, Some(Scheme::Http)).await;
    assert!(began.elapsed() < AT_MOST, "{seen:#?}");
    faults(&seen).first().copied()
}

#[tokio::test]
async fn answers_that_are_wrong() {
    const OK: &str = "HTTP/1.1 200 OK\r\n";
    let table: &[(&str, String, Option<FaultKind>)] = &[
        ("whole", format!("{OK}Content-Length: 2\r\n\r\nhi"), None),
        ("until the end", format!("{OK}\r\nhi"), None),
        ("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhi".into(), None),
        (
            "no reason",
            "HTTP/1.1 302\r\nContent-Length: 0\r\n\r\n".into(),
            None,
        ),
        (
            "line feeds alone",
            "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi".into(),
            None,
        ),
        (
            "an interim answer",
            format!("HTTP/1.1 100 Continue\r\n\r\n{OK}Content-Length: 0\r\n\r\n"),
            None,
        ),
        ("nothing", String::new(), Some(FaultKind::Closed)),
        ("half a head", OK.into(), Some(FaultKind::Closed)),
        (
            "half a body",
            format!("{OK}Content-Length: 3\r\n\r\nhi"),
            Some(FaultKind::Closed),
        ),
        (
            "half a chunk",
            format!("{OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhi"),
            Some(FaultKind::Closed),
        ),
        (
            "no end of chunks",
            format!("{OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"),
            Some(FaultKind::Closed),
        ),
        (
            "negative length",
            format!("{OK}Content-Length: -1\r\n\r\n"),
            Some(FaultKind::BadBody),
        ),
        (
            "two lengths",
            format!("{OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi"),
            Some(FaultKind::BadBody),
        ),
        (
            "one length twice",
            format!("{OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi"),
            None,
        ),
        (
            "huge length",
            format!("{OK}Content-Length: 99999999999999999999\r\n\r\n"),
            Some(FaultKind::BadBody),
        ),
        (
            "negative chunk",
            format!("{OK}Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
            Some(FaultKind::BadBody),
        ),
        (
            "an endless extension",
            format!("{OK}Transfer-Encoding: chunked\r\n\r\n1;{}", "x".repeat(100_000)),
            Some(FaultKind::BadBody),
        ),
        (
            "endless extensions",
            format!(
                "{OK}Transfer-Encoding: chunked\r\n\r\n{}",
                format!("1;{}\r\nx\r\n", "x".repeat(900)).repeat(100)
            ),
            Some(FaultKind::BadBody),
        ),
        (
            "endless trailers",
            format!(
                "{OK}Transfer-Encoding: chunked\r\n\r\n0\r\n{}",
                "X: y\r\n".repeat(20_000)
            ),
            Some(FaultKind::BadBody),
        ),
        (
            "a giant header",
            format!("{OK}X: {}", "x".repeat(100_000)),
            Some(FaultKind::HeadTooLarge),
        ),
        (
            "many headers",
            format!("{OK}{}\r\n", "X: y\r\n".repeat(1000)),
            Some(FaultKind::HeadTooLarge),
        ),
        (
            "endless interim answers",
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
            Some(FaultKind::BadHead),
        ),
        (
            "another protocol",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n".into(),
            Some(FaultKind::BadHead),
        ),
        ("SSH", "SSH-2.0-OpenSSH_9.2\r\n".into(), Some(FaultKind::NotHttp)),
        ("HTTP/0.9", "<html>".into(), Some(FaultKind::NotHttp)),
        ("HTTP/2", "HTTP/2 200\r\n\r\n".into(), Some(FaultKind::BadHead)),
        (
            "no status",
            "HTTP/1.1 abc OK\r\n\r\n".into(),
            Some(FaultKind::BadHead),
        ),
        (
            "a NUL",
            "HTTP/1.1 200 OK\0\r\n\r\n".into(),
            Some(FaultKind::BadHead),
        ),
        (
            "no gzip",
            format!("{OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"),
            Some(FaultKind::BadBody),
        ),
        (
            "br",
            format!("{OK}Content-Encoding: br\r\nContent-Length: 2\r\n\r\nhi"),
            Some(FaultKind::BadBody),
        ),
    ];
    for (name, bytes, expected) in table {
        let address = answering(bytes.clone().leak().as_bytes()).await;
        assert_eq!(first_fault(address).await, *expected, "{name}");
    }
}

#[tokio::test]
async fn endless_bodies_are_cut() {
    for head in [
        "",
        "Content-Length: 999999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let address = serve(move |mut stream| async move {
            request(&mut stream).await?;
            stream
                .write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes())
                .await?;
            loop {
                stream
                    .write_all(format!("1000\r\n{}\r\n", "x".repeat(0x1000)).as_bytes())
                    .await?;
            }
        })
        .await;
        let seen = ask(Checks::Quick, address, Some(Scheme::Http)).await;
        assert_eq!((statuses(&seen), faults(&seen)), (vec![200; 3], vec![]), "{head}");
        assert_eq!(seen.visits.len(), 3);
        let answers = seen.visits.iter().flat_map(|visit| &visit.answers);
        for response in answers.filter_map(|answer| answer.response.as_ref()) {
            assert_eq!(response.body_bytes, 128 * 1024);
        }
    }
}

#[tokio::test]
async fn a_gzip_bomb_is_not_unpacked() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..8 {
        std::io::Write::write_all(&mut encoder, &vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let answer: &'static [u8] = [head.into_bytes(), bomb].concat().leak();
    assert_eq!(first_fault(answering(answer).await).await, None);
}

#[tokio::test]
async fn drips_are_too_slow() {
    for start in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"] {
        let address = serve(move |mut stream| async move {
            request(&mut stream).await?;
            stream.write_all(start.as_bytes()).await?;
            loop {
                sleep(Duration::from_millis(100)).await;
                stream.write_all(b"x").await?;
            }
        })
        .await;
        assert_eq!(first_fault(address).await, Some(FaultKind::TooSlow), "{start}");
    }
}

#[tokio::test]
async fn a_tarpit_is_left() {
    let address = serve(|mut stream| async move {
        let _ = request(&mut stream).await;
        sleep(Duration::from_secs(60)).await;
        Ok(())
    })
    .await;
    assert_eq!(first_fault(address).await, Some(FaultKind::Timeout));
    let seen = ask(Checks::Quick, address, Some(Scheme::Https)).await;
    assert_eq!(faults(&seen), [FaultKind::TlsTimeout]);
}

#[tokio::test]
async fn resets_tell_themselves() {
    let address = serve(|mut stream| async move {
        request(&mut stream).await?;
        stream.set_zero_linger()
    })
    .await;
    let seen = ask(Checks::Quick, address, Some(Scheme::Http)).await;
    assert_eq!(faults(&seen)[..2], [FaultKind::Reset; 2], "{seen:#?}");
    let address = serve(|stream| async move { stream.set_zero_linger() }).await;
    let seen = ask(Checks::Quick, address, Some(Scheme::Https)).await;
    assert_eq!(faults(&seen), [FaultKind::Reset], "{seen:#?}");
}

#[tokio::test]
async fn tls_that_is_none() {
    for (bytes, expected) in [
        (&b"\x16\x03\x03\x00\x04garbage"[..], FaultKind::Tls),
        (b"\x15\x03\x03\x00\x02\x02\x28", FaultKind::Tls),
        (b"", FaultKind::Closed),
        (b"220 mail.example.org ESMTP\r\n", FaultKind::NotHttp),
    ] {
        let address = serve(move |mut stream| async move {
            tokio::io::AsyncReadExt::read_buf(&mut stream, &mut Vec::new()).await?;
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            sleep(Duration::from_secs(1)).await;
            Ok(())
        })
        .await;
        let seen = ask(Checks::Quick, address, Some(Scheme::Https)).await;
        assert_eq!(
            faults(&seen).last(),
            Some(&expected),
            "{} {seen:#?}",
            bytes.escape_ascii()
        );
    }
}

#[tokio::test]
async fn a_dripping_handshake_ends() {
    let address = serve(|mut stream| async move {
        for byte in b"\x16\x03\x03\x40\x00".iter().cycle() {
            stream.write_all(&[*byte]).await?;
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    })
    .await;
    let seen = ask(Checks::Quick, address, None).await;
    assert_eq!(faults(&seen).len(), 1);
    assert!(
        matches!(faults(&seen)[0], FaultKind::TlsTimeout | FaultKind::Tls),
        "{seen:#?}"
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let address = serve(|mut stream| async move {
        loop {
            let asked = request(&mut stream).await?;
            let target = asked.split(' ').nth(1).unwrap().to_owned();
            let answer = format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await?;
        }
    })
    .await;
    let seen = ask(Checks::Quick, address, Some(Scheme::Http)).await;
    assert_eq!((statuses(&seen), faults(&seen)), (vec![302; 3], vec![]));
    assert_eq!(seen.visits.len(), 1, "one connection suffices");
}

#[tokio::test]
async fn a_target_has_its_time() {
    let address = serve(|mut stream| async move {
        loop {
            request(&mut stream).await?;
            sleep(Duration::from_millis(1500)).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await?;
        }
    })
    .await;
    let mut plan = plan(Checks::Full);
    plan.limits.target = Duration::from_secs(4);
    let asker = Asker::new(plan).unwrap();
    let began = Instant::now();
    let seen = asker.ask(&destination(address, Some(Scheme::Http))).await;
    assert!(began.elapsed() < AT_MOST);
    assert!((1..8).contains(&statuses(&seen).len()), "{seen:#?}");
    assert_eq!(faults(&seen), [FaultKind::TooSlow]);
}

#[tokio::test]
async fn plain_http_on_a_port_for_tls_is_asked_in_plain() {
    // It takes the ClientHello for a bad request.
    let address = serve(|mut stream| async move {
        let mut bytes = [0; 3];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut bytes).await?;
        if &bytes == b"GET" {
            request(&mut stream).await?;
        }
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .await?;
        stream.shutdown().await?;
        sleep(Duration::from_secs(1)).await;
        Ok(())
    })
    .await;
    let seen = ask(Checks::Quick, address, None).await;
    assert_eq!((statuses(&seen), faults(&seen)), (vec![400; 3], vec![]));
    assert!(seen.visits.iter().all(|visit| visit.tls.is_none()));
}

#[tokio::test]
async fn where_nothing_speaks_https_http_is_asked() {
    let address: SocketAddr = "127.0.7.150:80".parse().unwrap();
    let listener = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => return imker_testing::left_out(format_args!("{address}: {error}")),
    };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while request(&mut stream).await.is_ok() {
                    let _ = stream
                        .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                        .await;
                }
            });
        }
    });
    let asked = |checks| async move {
        let mut destination = destination(address, None);
        destination.port = None;
        Asker::new(plan(checks)).unwrap().ask(&destination).await
    };
    let quick = asked(Checks::Quick).await;
    assert_eq!(
        (quick.visits.len(), faults(&quick)),
        (0, vec![FaultKind::Refused])
    );
    let full = asked(Checks::Full).await;
    assert_eq!((statuses(&full)[0], faults(&full)), (404, vec![]), "{full:#?}");
    assert_eq!(full.visits[0].address, address);
}
