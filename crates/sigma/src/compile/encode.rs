//! Texts as they look encoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::modifiers::{Base64, Wide};

/// Dashes that may be exchanged in one value: 5^4 = 625 spellings.
const MAX_DASHES: usize = 4;

/// Characters that Windows command lines take for a dash, after the Sigma specification.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// UTF-16 of the text.
pub(super) fn wide(text: &str, kind: Wide) -> Vec<u8> {
    let units = text.encode_utf16();
    match kind {
        Wide::LittleEndian => units.flat_map(u16::to_le_bytes).collect(),
        Wide::BigEndian => units.flat_map(u16::to_be_bytes).collect(),
        Wide::WithMark => [0xff, 0xfe]
            .into_iter()
            .chain(units.flat_map(u16::to_le_bytes))
            .collect(),
    }
}

/// Base64 of the bytes: the whole, or for each of the three offsets that the bytes can have in what was
/// encoded the characters that depend on nothing but them.
pub(super) fn base64(bytes: &[u8], kind: Base64) -> Vec<String> {
    if kind == Base64::Whole {
        return vec![STANDARD.encode(bytes)];
    }
    (0..3)
        .filter_map(|offset| {
            let mut shifted = vec![0; offset];
            shifted.extend_from_slice(bytes);
            let encoded = STANDARD.encode(&shifted);
            let start = (offset * 8).div_ceil(6);
            let end = shifted.len() * 8 / 6;
            encoded
                .get(start..end)
                .filter(|fixed| !fixed.is_empty())
                .map(str::to_owned)
        })
        .collect()
}

/// The text with each of its dashes spelt in all ways.
pub(super) fn windash(text: &str) -> Result<Vec<String>, String> {
    let dashes = text.matches('-').count();
    if dashes > MAX_DASHES {
        return Err(format!(
            "`windash` on a value with {dashes} dashes: at most {MAX_DASHES} are supported"
        ));
    }
    let mut spelt = vec![String::new()];
    for char in text.chars() {
        if char == '-' {
            spelt = spelt
                .iter()
                .flat_map(|start| DASHES.map(|dash| format!("{start}{dash}")))
                .collect();
        } else {
            spelt.iter_mut().for_each(|start| start.push(char));
        }
    }
    Ok(spelt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_keep_what_neighbours_cannot_change() {
        let patterns = base64(b"autodiscover", Base64::AnyOffset);
        assert_eq!(patterns.len(), 3);
        for (offset, pattern) in patterns.iter().enumerate() {
            for neighbour in [0, 0x55, 0xff] {
                let mut text = vec![neighbour; offset];
                text.extend_from_slice(b"autodiscover");
                text.extend([neighbour; 4]);
                assert!(STANDARD.encode(&text).contains(pattern), "{offset} {neighbour}");
            }
        }
    }

    #[test]
    fn dashes_are_spelt_in_all_ways() {
        assert_eq!(windash("a-b").map(|spelt| spelt.len()), Ok(5));
        assert!(windash("-a -b").is_ok_and(|spelt| spelt.contains(&"/a \u{2013}b".to_string())));
        assert!(windash("-----").is_err());
    }

    #[test]
    fn wide_texts() {
        assert_eq!(wide("aä", Wide::LittleEndian), [0x61, 0, 0xe4, 0]);
        assert_eq!(wide("a", Wide::BigEndian), [0, 0x61]);
        assert_eq!(wide("a", Wide::WithMark), [0xff, 0xfe, 0x61, 0]);
    }
}
