use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::ecs::{Secrets, from_json, to_json};
use crate::{
    Blob, CloseReason, Connection, Content, Credentials, Detection, Gap, GapReason, NtlmAuthenticate,
    ReceivedRequest, Recorded, Saw, Scheme, Secret, SensorEvent, Service, Stage, Text, TlsHello, WebRequest,
};

fn text() -> impl Strategy<Value = Text> {
    any::<String>().prop_map(|text| Text::from(text.as_str()))
}

fn maybe() -> impl Strategy<Value = Option<Text>> {
    option::of(text())
}

fn name() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Arc::from)
}

fn blob() -> impl Strategy<Value = Blob> {
    vec(any::<u8>(), 0..100).prop_map(Blob)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000, 0..1_000_000_000)
        .prop_map(|(seconds, nanos)| Timestamp::new(seconds, nanos).unwrap())
}

fn content() -> impl Strategy<Value = Content> {
    (text(), any::<u64>(), any::<u64>()).prop_map(|(sha256, bytes, kept)| Content { sha256, bytes, kept })
}

fn request() -> impl Strategy<Value = WebRequest> {
    let texts = vec(maybe(), 7);
    let numbers = (
        option::of(any::<IpAddr>()),
        option::of(any::<u16>()),
        option::of(any::<u64>()),
    );
    (
        time(),
        text(),
        text(),
        texts,
        numbers,
        option::of(any::<[u16; 4]>()),
    )
        .prop_map(|(time, method, stem, texts, (address, number, bytes), build)| {
            let mut request = WebRequest::new(time, method.as_str(), stem.as_str());
            let mut texts = texts.into_iter();
            let mut next = || texts.next().flatten();
            request.forwarded_for = next();
            request.uri_query = next();
            request.username = next();
            request.user_agent = next();
            request.referer = next();
            request.host = next();
            request.request_id = next();
            (request.client, request.server_address) = (address, address);
            (request.status, request.substatus, request.backend_status) = (number, number, number);
            (request.server_port, request.bytes_sent, request.build) = (number, bytes, build);
            request
        })
}

fn detection() -> impl Strategy<Value = Detection> {
    (name(), name(), name(), vec(name(), 0..3), any::<bool>()).prop_map(
        |(rule, title, level, names, ordinary)| Detection {
            rule,
            title,
            level,
            cves: names.clone(),
            techniques: names,
            ordinary,
        },
    )
}

fn received() -> impl Strategy<Value = Saw> {
    let body = (content(), blob(), any::<bool>());
    let logged = any::<(Option<u32>, Option<u64>)>();
    (request(), text(), blob(), body, logged, vec(detection(), 0..3)).prop_map(
        |(request, version, head, (body, body_start, body_complete), logged, detections)| {
            let received = ReceivedRequest {
                request,
                version,
                head,
                body,
                body_start,
                win32_status: logged.0,
                time_taken_ms: logged.1,
                body_complete,
                detections,
            };
            Saw::WebRequest(Box::new(received))
        },
    )
}

fn gap() -> impl Strategy<Value = Saw> {
    let reason = prop_oneof![
        Just(GapReason::StoreFull),
        Just(GapReason::Evicted),
        Just(GapReason::Damaged)
    ];
    let times = (option::of(time()), option::of(time()));
    let sources = vec(any::<(IpAddr, u64)>(), 0..3);
    (
        reason,
        times,
        option::of(any::<(u64, u64)>()),
        any::<(u64, u64)>(),
        sources,
    )
        .prop_map(|(reason, (from, until), sequences, (lost, of_others), sources)| {
            Saw::Gap(Gap {
                reason,
                from,
                until,
                sequences,
                lost,
                sources,
                of_others,
            })
        })
}

fn hello() -> impl Strategy<Value = Saw> {
    let texts = (text(), text(), text());
    (
        any::<u16>(),
        vec(any::<u16>(), 0..9),
        vec(any::<u8>(), 0..3),
        maybe(),
        vec(text(), 0..3),
        texts,
        blob(),
    )
        .prop_map(
            |(legacy_version, numbers, point_formats, server_name, alpn, (ja3, ja3_full, ja4), raw)| {
                Saw::TlsHello(Box::new(TlsHello {
                    legacy_version,
                    supported_versions: numbers.clone(),
                    ciphers: numbers.clone(),
                    extensions: numbers.clone(),
                    groups: numbers.clone(),
                    point_formats,
                    signature_algorithms: numbers,
                    server_name,
                    alpn,
                    ja3,
                    ja3_full,
                    ja4,
                    raw,
                }))
            },
        )
}

fn logon() -> impl Strategy<Value = Saw> {
    let scheme = prop_oneof![
        Just(Scheme::Forms),
        Just(Scheme::Basic),
        Just(Scheme::Ntlm),
        Just(Scheme::Kerberos),
        Just(Scheme::Bearer)
    ];
    (scheme, text(), text(), maybe(), maybe(), any::<bool>()).prop_map(
        |(scheme, place, username, domain, secret, own_domain)| {
            let secret = secret.map(Secret);
            Saw::Credentials(Credentials {
                scheme,
                place,
                username,
                domain,
                secret,
                own_domain,
            })
        },
    )
}

fn ntlm() -> impl Strategy<Value = Saw> {
    (any::<(u32, bool)>(), vec(text(), 3), vec(maybe(), 3), blob()).prop_map(
        |((flags, v2), texts, maybes, raw)| {
            let [domain, user, workstation] = texts.try_into().unwrap();
            let [version, challenge, target] = maybes.try_into().unwrap();
            let message = NtlmAuthenticate {
                flags,
                domain,
                user,
                workstation,
                version,
                challenge,
                target,
                v2,
                raw,
            };
            Saw::NtlmAuthenticate(Box::new(message))
        },
    )
}

fn closed() -> impl Strategy<Value = Saw> {
    let reason = prop_oneof![
        Just(CloseReason::Client),
        Just(CloseReason::SlowReader),
        Just(CloseReason::NotRecorded)
    ];
    (any::<(u64, u64, u64, u32)>(), reason).prop_map(
        |((bytes_received, bytes_sent, duration_ms, requests), reason)| Saw::ConnectionClosed {
            bytes_received,
            bytes_sent,
            duration_ms,
            requests,
            reason,
        },
    )
}

fn saw() -> impl Strategy<Value = Saw> {
    prop_oneof![
        (text(), vec(text(), 0..3))
            .prop_map(|(version, listening)| Saw::SensorStarted { version, listening }),
        Just(Saw::SensorStopped {}),
        Just(Saw::ConnectionOpened {}),
        closed(),
        gap(),
        hello(),
        (text(), text(), maybe(), any::<bool>()).prop_map(|(version, cipher, alpn, resumed)| {
            Saw::TlsEstablished {
                version,
                cipher,
                alpn,
                resumed,
            }
        }),
        (text(), blob()).prop_map(|(reason, received)| Saw::TlsFailed { reason, received }),
        received(),
        (text(), option::of(any::<u16>()), blob()).prop_map(|(reason, status, received)| {
            Saw::WebRequestRefused {
                reason,
                status,
                received,
            }
        }),
        (any::<u16>(), blob(), content(), blob()).prop_map(|(status, head, body, body_start)| {
            Saw::WebResponse {
                body_start,
                status,
                head,
                body,
            }
        }),
        logon(),
        (any::<u32>(), maybe(), maybe(), maybe()).prop_map(|(flags, domain, workstation, version)| {
            Saw::NtlmNegotiate {
                flags,
                domain,
                workstation,
                version,
            }
        }),
        ntlm(),
        (text(), text(), text()).prop_map(|(script, parameter, command)| Saw::Command {
            script,
            parameter,
            command
        }),
        (maybe(), content(), any::<bool>()).prop_map(|(name, content, secrets)| Saw::Upload {
            name,
            content,
            secrets
        }),
        (name(), name(), any::<(u32, bool)>(), vec(name(), 0..3)).prop_map(
            |(chain, stage, (order, succeeded), names)| {
                Saw::StageReached(Stage {
                    chain,
                    stage,
                    order,
                    succeeded,
                    cves: names.clone(),
                    techniques: names,
                })
            }
        ),
    ]
}

fn connection() -> impl Strategy<Value = Connection> {
    let service = prop_oneof![Just(Service::Http), Just(Service::Https)];
    let end = || any::<(IpAddr, u16)>().prop_map(SocketAddr::from);
    (
        name(),
        name(),
        name(),
        name(),
        service,
        end(),
        end(),
        option::of(end()),
    )
        .prop_map(
            |(id, session, host, persona, service, source, destination, proxy)| Connection {
                id,
                session,
                host,
                persona,
                service,
                source,
                destination,
                proxy,
            },
        )
}

proptest! {
    #[test]
    fn a_line_holds_the_whole_event(
        sequence: u64,
        time in time(),
        sensor in name(),
        connection in option::of(connection()),
        request: Option<u32>,
        saw in saw(),
    ) {
        let connection = connection.map(Arc::new);
        let recorded = Recorded { sequence, event: SensorEvent { time, sensor, connection, request, saw } };
        let line = to_json(&recorded, None, Secrets::Kept).unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(&from_json(line.as_bytes()).unwrap().recorded, &recorded);
        // Masking never makes a line that cannot be read.
        let masked = to_json(&recorded, None, Secrets::Masked).unwrap();
        prop_assert_eq!(from_json(masked.as_bytes()).unwrap().recorded.id(), recorded.id());
    }

    #[test]
    fn no_line_makes_the_reader_panic(line in vec(any::<u8>(), 0..200)) {
        let _ = from_json(&line);
    }
}
