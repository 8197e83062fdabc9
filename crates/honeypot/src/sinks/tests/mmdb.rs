//! Writes databases in MaxMind's DB format 2.0 (<https://maxmind.github.io/MaxMind-DB/>), as far as tests need it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value, json};

#[derive(Clone, Copy)]
enum Slot {
    Empty,
    Node(usize),
    Data(usize),
}

/// A database of IPv6, with IPv4 in `::/96`, and records of 24 bits.
pub(crate) fn database(kind: &str, networks: &[(&str, Value)]) -> Vec<u8> {
    let mut nodes = vec![[Slot::Empty; 2]];
    let mut data = Vec::new();
    for (network, value) in networks {
        let network: IpNet = network.parse().unwrap();
        let (bits, length) = match network.network() {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 96 + network.prefix_len()),
            IpAddr::V6(address) => (u128::from(address), network.prefix_len()),
        };
        let record = Slot::Data(data.len());
        encode(value, "", &mut data);
        let mut node = 0;
        for bit in 0..length {
            let side = usize::from(bits >> (127 - bit) & 1 == 1);
            if bit + 1 == length {
                nodes[node][side] = record;
            } else if let Slot::Node(next) = nodes[node][side] {
                node = next;
            } else {
                nodes.push([Slot::Empty; 2]);
                nodes[node][side] = Slot::Node(nodes.len() - 1);
                node = nodes.len() - 1;
            }
        }
    }
    let count = nodes.len();
    let mut file = Vec::new();
    for slot in nodes.iter().flatten() {
        let value = match slot {
            Slot::Empty => count,
            Slot::Node(node) => *node,
            Slot::Data(offset) => count + 16 + offset,
        };
        file.extend_from_slice(&u32::try_from(value).unwrap().to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.extend_from_slice(&data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    let metadata = json!({
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1_700_000_000,
        "database_type": kind, "description": {"en": "made up"}, "ip_version": 6, "languages": ["en"],
        "node_count": count, "record_size": 24,
    });
    encode(&metadata, "", &mut file);
    file
}

fn control(kind: u8, size: usize, data: &mut Vec<u8>) {
    // Sizes from 29 to 284 are told in a byte of their own.
    let longer = size.checked_sub(29).map(|rest| u8::try_from(rest).unwrap());
    let size = u8::try_from(size.min(29)).unwrap();
    // Kinds from 8 on are told in a second byte.
    if kind < 8 {
        data.push(kind << 5 | size);
    } else {
        data.extend_from_slice(&[size, kind - 7]);
    }
    data.extend(longer);
}

/// Encodes the value of a key: the kind of a number depends on what it is for.
fn encode(value: &Value, key: &str, data: &mut Vec<u8>) {
    match value {
        Value::String(text) => {
            control(2, text.len(), data);
            data.extend_from_slice(text.as_bytes());
        }
        Value::Number(number) => match number.as_u64() {
            Some(number) => {
                let bytes = number.to_be_bytes();
                let bytes = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(8)..];
                let kind = match key {
                    "build_epoch" => 9,
                    "autonomous_system_number" | "node_count" => 6,
                    _ => 5,
                };
                control(kind, bytes.len(), data);
                data.extend_from_slice(bytes);
            }
            None => {
                control(3, 8, data);
                data.extend_from_slice(&number.as_f64().unwrap().to_be_bytes());
            }
        },
        Value::Array(values) => {
            control(11, values.len(), data);
            values.iter().for_each(|value| encode(value, key, data));
        }
        Value::Object(map) => encode_map(map, data),
        Value::Null | Value::Bool(_) => panic!("not needed"),
    }
}

fn encode_map(map: &Map<String, Value>, data: &mut Vec<u8>) {
    control(7, map.len(), data);
    for (name, value) in map {
        encode(&Value::from(name.as_str()), "", data);
        encode(value, name, data);
    }
}
