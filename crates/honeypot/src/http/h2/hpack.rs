//! HPACK (RFC 7541), the decoder's half. Fields come out in order and as they were sent, which the `h2` crate's maps do not
//! keep.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::huffman;

/// Size of the dynamic table, in octets by HPACK's count: the initial value of `SETTINGS_HEADER_TABLE_SIZE`, which is not
/// changed here.
const TABLE: usize = 4096;

/// The bytes are no HPACK, which breaks the connection (RFC 9113, section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("HPACK")]
pub struct NoHpack;

/// Name and value in the dynamic table.
type Entry = (Box<[u8]>, Box<[u8]>);
/// Name and value of a literal.
type Literal<'l> = (Cow<'l, [u8]>, Cow<'l, [u8]>);

/// What is remembered from block to block.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The dynamic table, its newest entry first.
    entries: VecDeque<Entry>,
    size: usize,
    limit: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            limit: TABLE,
        }
    }
}

impl Decoder {
    /// Gives each field of a block, in order, to `field`: name and value. A byte of a block may stand for a field of up to
    /// 4 KiB: whoever keeps fields must limit them.
    pub(super) fn decode(
        &mut self,
        mut block: &[u8],
        mut field: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), NoHpack> {
        let mut begun = false;
        while let Some(&first) = block.first() {
            match first {
                0x80.. => {
                    let (name, value) = self.entry(integer(&mut block, 7)?)?;
                    field(name, value);
                }
                0x40.. => {
                    let (name, value) = self.literal(&mut block, 6)?;
                    field(&name, &value);
                    let (name, value) = (name.into_owned(), value.into_owned());
                    self.insert(name, value);
                }
                0x20.. => {
                    let limit = integer(&mut block, 5)?;
                    if begun || limit > TABLE {
                        return Err(NoHpack);
                    }
                    self.limit = limit;
                    self.evict(0);
                    continue;
                }
                _ => {
                    let (name, value) = self.literal(&mut block, 4)?;
                    field(&name, &value);
                }
            }
            begun = true;
        }
        Ok(())
    }

    fn literal<'l, 'b: 'l>(&'l self, block: &mut &'b [u8], prefix: u32) -> Result<Literal<'l>, NoHpack> {
        let name = match integer(block, prefix)? {
            0 => string(block)?,
            index => Cow::Borrowed(self.entry(index)?.0),
        };
        Ok((name, string(block)?))
    }

    fn entry(&self, index: usize) -> Result<(&[u8], &[u8]), NoHpack> {
        let index = index.checked_sub(1).ok_or(NoHpack)?;
        if let Some((name, value)) = STATIC.get(index) {
            return Ok((name.as_bytes(), value.as_bytes()));
        }
        let (name, value) = self.entries.get(index - STATIC.len()).ok_or(NoHpack)?;
        Ok((name, value))
    }

    fn insert(&mut self, name: Vec<u8>, value: Vec<u8>) {
        let size = size(&name, &value);
        self.evict(size);
        // What is larger than the table only empties it (section 4.4).
        if size <= self.limit {
            self.size += size;
            self.entries.push_front((name.into(), value.into()));
        }
    }

    /// Makes room.
    fn evict(&mut self, room: usize) {
        while self.size + room > self.limit
            && let Some((name, value)) = self.entries.pop_back()
        {
            self.size -= size(&name, &value);
        }
    }
}

/// A field's size by HPACK's count (section 4.1).
pub(super) fn size(name: &[u8], value: &[u8]) -> usize {
    name.len() + value.len() + 32
}

/// An integer with a prefix of so many bits (section 5.1); at most four bytes follow.
fn integer(block: &mut &[u8], prefix: u32) -> Result<usize, NoHpack> {
    let (&first, mut rest) = block.split_first().ok_or(NoHpack)?;
    let mask = (1 << prefix) - 1;
    let mut value = usize::from(first) & mask;
    if value == mask {
        let mut shift = 0;
        loop {
            let (&byte, after) = rest.split_first().ok_or(NoHpack)?;
            rest = after;
            value += (usize::from(byte) & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
            shift += 7;
            if shift > 21 {
                return Err(NoHpack);
            }
        }
    }
    *block = rest;
    Ok(value)
}

/// A string (section 5.2).
fn string<'b>(block: &mut &'b [u8]) -> Result<Cow<'b, [u8]>, NoHpack> {
    let huffman_coded = block.first().ok_or(NoHpack)? & 0x80 != 0;
    let length = integer(block, 7)?;
    let (text, rest) = block.split_at_checked(length).ok_or(NoHpack)?;
    *block = rest;
    match huffman_coded {
        true => huffman::decode(text).map(Cow::Owned),
        false => Ok(Cow::Borrowed(text)),
    }
}

/// The static table (appendix A).
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let (pairs, _) = digits.as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        pairs.iter().map(byte).collect()
    }

    fn fields(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<String>, NoHpack> {
        let mut fields = Vec::new();
        decoder.decode(block, |name, value| {
            fields.push(format!("{}: {}", name.escape_ascii(), value.escape_ascii()));
        })?;
        Ok(fields)
    }

    /// RFC 7541, appendix C.3 without and C.4 with the Huffman code: three requests on one connection.
    #[test]
    fn the_rfcs_examples() {
        let plain = [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ];
        let huffman = [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ];
        for blocks in [plain, huffman] {
            let mut decoder = Decoder::default();
            let all: Vec<_> = blocks
                .iter()
                .map(|block| fields(&mut decoder, &bytes(block)).unwrap())
                .collect();
            let start = [
                ":method: GET",
                ":scheme: http",
                ":path: /",
                ":authority: www.example.com",
            ];
            assert_eq!(all[0], start);
            assert_eq!(all[1], [&start[..], &["cache-control: no-cache"]].concat());
            let third = [
                ":method: GET",
                ":scheme: https",
                ":path: /index.html",
                ":authority: www.example.com",
                "custom-key: custom-value",
            ];
            assert_eq!(all[2], third);
            assert_eq!(decoder.size, 164);
        }
    }

    #[test]
    fn what_is_no_hpack() {
        for hex in [
            "80",                   // index 0
            "be",                   // beyond both tables
            "ff ff ff ff ff 7f",    // an integer that is too long
            "3f e2 1f",             // a table of 4097
            "82 20",                // a size after a field
            "40",                   // cut off
            "00 03 61",             // a string beyond the block
            "00 81 00 81 ff",       // padding of zeros
            "00 84 ff ff ff ff 00", // the end mark
        ] {
            assert_eq!(
                fields(&mut Decoder::default(), &bytes(hex)),
                Err(NoHpack),
                "{hex}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_the_table_is_bounded(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
            let mut decoder = Decoder::default();
            for block in blocks {
                let _ = decoder.decode(&block, |_, _| {});
                prop_assert!(decoder.size <= TABLE);
                let sizes = decoder.entries.iter().map(|(name, value)| size(name, value));
                prop_assert_eq!(decoder.size, sizes.sum::<usize>());
            }
        }
    }
}
