//! The ClientHello: fields, fingerprints by published examples, and splits.

use imker_event::{Text, TlsHello};
use proptest::prelude::*;

use super::build::{HelloBuilder, in_records};
use crate::tls::{HelloReader, NoHello, ja3, ja4};

fn read(bytes: &[u8]) -> Result<Option<TlsHello>, NoHello> {
    HelloReader::default().push(bytes)
}

fn read_one_by_one(bytes: &[u8], sizes: &[usize]) -> Result<Option<TlsHello>, NoHello> {
    let mut reader = HelloReader::default();
    let mut rest = bytes;
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
        rest = after;
        let read = reader.push(part);
        assert!(bytes.starts_with(reader.received()));
        if !matches!(read, Ok(None)) {
            return read;
        }
    }
    Ok(None)
}

/// A Chrome of 2023, from the example in FoxIO's technical description; with GREASE where Chrome puts it.
fn chrome() -> HelloBuilder {
    HelloBuilder {
        ciphers: vec![
            0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
            0x009c, 0x009d, 0x002f, 0x0035,
        ],
        versions: vec![0x3a3a, 0x0304, 0x0303],
        groups: vec![0x4a4a, 0x001d, 0x0017, 0x0018],
        point_formats: vec![0],
        signature_algorithms: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
        server_name: Some("mail.example.org".to_owned()),
        alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        order: vec![
            0x5a5a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
            0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
        ],
        ..HelloBuilder::default()
    }
}

#[test]
fn fields_are_listed_in_order_and_with_grease() {
    let sent = chrome();
    let hello = read(&in_records(&sent.message(), 1 << 14)).unwrap().unwrap();
    assert_eq!(hello.legacy_version, 0x0303);
    assert_eq!(hello.ciphers, sent.ciphers);
    assert_eq!(hello.extensions, sent.order);
    assert_eq!(hello.supported_versions, sent.versions);
    assert_eq!(hello.groups, sent.groups);
    assert_eq!(hello.point_formats, sent.point_formats);
    assert_eq!(hello.signature_algorithms, sent.signature_algorithms);
    assert_eq!(hello.server_name, Some(Text::from("mail.example.org")));
    assert_eq!(hello.alpn, [Text::from("h2"), Text::from("http/1.1")]);
    assert_eq!(hello.raw.0, sent.message());
}

/// `technical_details/JA4.md` in <https://github.com/FoxIO-LLC/ja4>.
#[test]
fn ja4_is_that_of_the_technical_description() {
    let ja4 = |sent: HelloBuilder| {
        read(&in_records(&sent.message(), 1 << 14))
            .unwrap()
            .unwrap()
            .ja4
            .to_string()
    };
    assert_eq!(ja4(chrome()), "t13d1516h2_8daaf6152771_e5627efa2ab1");

    let without_algorithms = HelloBuilder {
        signature_algorithms: Vec::new(),
        ..chrome()
    };
    assert_eq!(ja4(without_algorithms), "t13d1516h2_8daaf6152771_6d807ffa2a79");

    let nothing = HelloBuilder::default();
    assert_eq!(ja4(nothing), "t12i000000_000000000000_000000000000");
    let many = HelloBuilder {
        ciphers: (0..120).collect(),
        ..HelloBuilder::default()
    };
    assert!(ja4(many).starts_with("t12i990000_"));
}

#[test]
fn ja4_of_alpn_falls_back_on_hex() {
    let hello = TlsHello::default();
    let alpn = |bytes: &[u8]| ja4::ja4(&hello, Some(bytes))[8..10].to_owned();
    assert_eq!(alpn(b"h2"), "h2");
    assert_eq!(alpn(b"http/1.1"), "h1");
    assert_eq!(alpn(b"x"), "xx");
    assert_eq!(alpn(b""), "00");
    assert_eq!(alpn(b"\xab"), "ab");
    assert_eq!(alpn(b"\x20"), "20");
    assert_eq!(alpn(b"\xab\xcd"), "ad");
    assert_eq!(alpn(b"\x20\x61"), "21");
    assert_eq!(alpn(b"\x30\xab"), "3b");
    assert_eq!(alpn(b"\x61\x20"), "60");
    assert_eq!(alpn(b"\x30\x31\xab\xcd"), "3d");
    assert_eq!(alpn(b"\x30\xab\xcd\x31"), "01");
}

/// The examples in the README of <https://github.com/salesforce/ja3>.
#[test]
fn ja3_is_that_of_its_readme() {
    let mut hello = TlsHello {
        legacy_version: 769,
        ciphers: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
        extensions: vec![0, 10, 11],
        groups: vec![23, 24, 25],
        point_formats: vec![0],
        ..TlsHello::default()
    };
    let text = "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0";
    assert_eq!(ja3::text(&hello), text);
    assert_eq!(ja3::hash(text), "ada70206e40642a3e4461f35503241d5");
    hello.ciphers.insert(0, 0x0a0a);
    hello.extensions.push(0xfafa);
    hello.groups.push(0x5a5a);
    assert_eq!(ja3::text(&hello), text);

    let bare = HelloBuilder {
        legacy_version: 769,
        ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
        ..HelloBuilder::default()
    };
    let hello = read(&in_records(&bare.message(), 1 << 14)).unwrap().unwrap();
    assert_eq!(hello.ja3_full, Text::from("769,4-5-10-9-100-98-3-6-19-18-99,,,"));
    assert_eq!(hello.ja3, Text::from("de350869b8c85de67a350c8d186f11e6"));
}

#[test]
fn a_hello_in_the_format_of_ssl2_is_read_where_it_offers_tls() {
    let ssl2 = |version: u16| {
        let mut message = vec![1];
        message.extend(version.to_be_bytes());
        message.extend([0, 9, 0, 0, 0, 16]);
        message.extend([0, 0, 0x35, 7, 0, 0xc0, 0, 0, 0x0a]);
        message.extend([7; 16]);
        [vec![0x80, message.len() as u8], message].concat()
    };
    let hello = read(&ssl2(0x0301)).unwrap().unwrap();
    assert_eq!(hello.legacy_version, 0x0301);
    assert_eq!(hello.ciphers, [0x35, 0x0a]);
    assert_eq!(hello.ja4.to_string().split('_').next(), Some("t10i020000"));
    assert_eq!(read(&ssl2(0x0002)), Err(NoHello::Ssl2));
    assert_eq!(read(&ssl2(0x0002)[..20]), Ok(None));
}

#[test]
fn what_is_no_hello_is_named() {
    assert_eq!(read(b"GET / HTTP/1.1\r\n"), Err(NoHello::PlainHttp));
    assert_eq!(read(b"PROPFIND /ews/"), Err(NoHello::PlainHttp));
    assert_eq!(read(b"RPC_IN_DATA /rpc/"), Err(NoHello::PlainHttp));
    assert_eq!(read(b"GE"), Ok(None));
    assert_eq!(read(b"SSH-2.0-x\r\n"), Err(NoHello::NotTls));
    assert_eq!(read(b"\x03\x00\x00\x13\x0e\xe0"), Err(NoHello::NotTls));
    assert_eq!(read(b"\x16\x01"), Err(NoHello::NotTls));
    assert_eq!(
        read(b"\x15\x03\x01\x00\x02\x02\x28"),
        Err(NoHello::NotClientHello)
    );
    assert_eq!(read(b"\x16\x03\x01\x00\x00"), Err(NoHello::NotClientHello));
    assert_eq!(read(b"\x16\x03\x01\x00\x04\x02"), Err(NoHello::NotClientHello));
    assert_eq!(
        read(b"\x16\x03\x01\x00\x04\x01\xff\xff\xff"),
        Err(NoHello::TooLong)
    );
    assert_eq!(
        read(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"),
        Err(NoHello::Malformed)
    );
}

#[test]
fn records_of_one_byte_are_read_up_to_the_limit() {
    let short = chrome().message();
    assert!(read(&in_records(&short, 1)).unwrap().is_some());
    let long = HelloBuilder {
        ciphers: vec![0x1301; 7_000],
        ..HelloBuilder::default()
    };
    assert!(read(&in_records(&long.message(), 1 << 14)).unwrap().is_some());
    assert_eq!(read(&in_records(&long.message(), 1)), Err(NoHello::TooLong));
}

/// Found by fuzzing: one letter more than the longest method.
#[test]
fn a_method_that_is_too_long_is_so_in_reads_of_any_size() {
    let longest = b"UPDATEREDIRECTREF / HTTP/1.1";
    let too_long = b"UPDATEREDIRECTREFS / HTTP/1.1";
    for size in 1..too_long.len() {
        assert_eq!(read_one_by_one(longest, &[size]), Err(NoHello::PlainHttp));
        assert_eq!(read_one_by_one(too_long, &[size]), Err(NoHello::NotTls));
    }
}

proptest! {
    #[test]
    fn reads_do_not_matter(message in any_message(), size in 1_usize..600, sizes in prop::collection::vec(1_usize..300, 1..8)) {
        let bytes = in_records(&message, size);
        prop_assert_eq!(read_one_by_one(&bytes, &sizes), read(&bytes));
    }

    #[test]
    fn any_bytes_are_read(bytes in any_start(), sizes in prop::collection::vec(1_usize..9, 1..8)) {
        prop_assert_eq!(read_one_by_one(&bytes, &sizes), read(&bytes));
    }

    #[test]
    fn a_cut_hello_is_awaited(cut in 0_usize..300) {
        let bytes = in_records(&chrome().message(), 100);
        prop_assert_eq!(read(&bytes[..cut.min(bytes.len() - 1)]), Ok(None));
    }
}

/// A hello with one stretch overwritten.
fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let overwritten = (
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u8>(), 0..5),
    );
    overwritten.prop_map(|(at, bytes)| {
        let mut message = chrome().message();
        let at = at.index(message.len());
        for (old, new) in message[at..].iter_mut().zip(bytes) {
            *old = new;
        }
        message
    })
}

/// Bytes that begin like something known, or like nothing.
fn any_start() -> impl Strategy<Value = Vec<u8>> {
    let starts: [&[u8]; 8] = [
        b"",
        b"\x16\x03",
        b"\x16\x03\x01\x00\x09\x01\x00\x00\x05",
        b"\x80\x0c\x01\x03",
        b"\x80\x2e\x01\x00",
        b"GET",
        b"\x15",
        b"\xff",
    ];
    let rest = prop::collection::vec(any::<u8>(), 0..60);
    (prop::sample::select(starts.to_vec()), rest).prop_map(|(start, rest)| [start, &rest].concat())
}
