//! HPACK's Huffman code (RFC 7541, appendix B), read.

use std::sync::LazyLock;

use super::hpack::NoHpack;

/// Length of each byte's code in bits, and of the end mark's. The code is canonical: codes of one length count up in the
/// order of bytes, and shorter ones come first.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];
const LONGEST: usize = 30;

/// Codes by length.
struct Code {
    /// The first code of each length, how many there are, and where their bytes begin in `symbols`.
    lengths: [(u32, u32, usize); LONGEST + 1],
    /// Bytes, and 256 for the end mark, in the order of their codes.
    symbols: Vec<u16>,
}

static CODE: LazyLock<Code> = LazyLock::new(|| {
    let mut symbols: Vec<u16> = (0..257).collect();
    symbols.sort_by_key(|symbol| LENGTHS[usize::from(*symbol)]);
    let mut lengths = [(0, 0, 0); LONGEST + 1];
    let (mut code, mut start) = (0, 0);
    for (length, of_length) in lengths.iter_mut().enumerate().skip(1) {
        let count = LENGTHS
            .iter()
            .filter(|known| usize::from(**known) == length)
            .count();
        code *= 2;
        *of_length = (code, count as u32, start);
        code += count as u32;
        start += count;
    }
    Code { lengths, symbols }
});

/// Decodes a string; it becomes at most 8/5 as long.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<u8>, NoHpack> {
    let table = &*CODE;
    let mut text = Vec::with_capacity(bytes.len() * 8 / 5);
    let (mut code, mut length) = (0_u32, 0);
    for bit in bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
    {
        code = code << 1 | u32::from(bit);
        length += 1;
        let &(first, count, start) = table.lengths.get(length).ok_or(NoHpack)?;
        let place = code.wrapping_sub(first);
        if place < count {
            // The end mark has no place in a string.
            let symbol = table.symbols[start + place as usize];
            text.push(u8::try_from(symbol).map_err(|_| NoHpack)?);
            (code, length) = (0, 0);
        }
    }
    // Filled up with the first bits of the end mark, which are all ones: less than a byte.
    let padding = (1 << length) - 1;
    if length > 7 || code != padding {
        return Err(NoHpack);
    }
    Ok(text)
}
