//! 64 positions at a time with AVX-512, whose table look-ups take a whole byte.
//!
//! Half bytes make up more bytes than they were taken from; whole bytes do not, so that fewer positions pass by
//! chance, and a byte takes one look-up in place of two. The upper bit is not looked at.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_cmpeq_epi8_mask, _mm512_loadu_si512, _mm512_min_epu8, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_setzero_si512, _mm512_storeu_si512,
    _mm512_test_epi8_mask,
};

use super::buckets::{Buckets, ByteTables};
use super::entry::WINDOW;
use super::{Passed, STRETCH, Seen};

/// Positions a step.
const VECTOR: usize = 64;

/// One group's tables by window position, each in two registers: bytes below 64, and from 64 on.
type Group = [[__m512i; 2]; WINDOW];

/// The buckets' tables in vector form. It exists only where the processor has the instructions.
#[derive(Debug)]
pub(super) struct Tables {
    groups: Vec<Group>,
}

/// Whether the processor has AVX-512 with byte permutations (VBMI).
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

impl Tables {
    /// `None` where the processor lacks what [`is_available`] asks for.
    pub fn new(buckets: &Buckets) -> Option<Self> {
        if !is_available() {
            return None;
        }
        // SAFETY: AVX-512 was detected above.
        let groups = buckets.byte_tables().map(|tables| unsafe { load_group(&tables) });
        Some(Self {
            groups: groups.collect(),
        })
    }

    #[inline]
    pub fn search(&self, buckets: &Buckets, text: &[u8], hit: &mut impl FnMut(usize, u32)) -> Seen {
        // SAFETY: `Tables` exists only where AVX-512 was detected.
        let (done, mut seen) = unsafe {
            match self.groups.as_slice() {
                [a] => search(&[*a], buckets, text, hit),
                [a, b] => search(&[*a, *b], buckets, text, hit),
                [a, b, c] => search(&[*a, *b, *c], buckets, text, hit),
                [a, b, c, d] => search(&[*a, *b, *c, *d], buckets, text, hit),
                _ => (0, Seen::default()),
            }
        };
        seen.add(buckets.search(text, done, hit));
        seen
    }
}

/// # Safety
/// The processor must have AVX-512.
#[target_feature(enable = "avx512f")]
unsafe fn load_group(tables: &ByteTables) -> Group {
    tables.map(|table| {
        let (low, high) = table.split_at(VECTOR);
        // SAFETY: both halves have the 64 bytes that are read; the load needs no alignment.
        [low, high].map(|half| unsafe { _mm512_loadu_si512(half.as_ptr().cast()) })
    })
}

/// Searches as many whole steps as the text has; tells how far it came.
///
/// # Safety
/// The processor must have AVX-512 with BW and VBMI.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[inline]
unsafe fn search<const GROUPS: usize>(
    groups: &[Group; GROUPS],
    buckets: &Buckets,
    text: &[u8],
    hit: &mut impl FnMut(usize, u32),
) -> (usize, Seen) {
    let newline = _mm512_set1_epi8(b'\n' as i8);
    let mut lowest = _mm512_set1_epi8(-1);
    let mut newlines = 0;
    let mut at = 0;
    // The last load of a step ends at `at + VECTOR + WINDOW - 1`.
    let end = (text.len() + 1).saturating_sub(WINDOW);
    let mut passed = Passed::NONE;
    while at + VECTOR <= end {
        let steps = ((end - at) / VECTOR).min(STRETCH);
        for step in 0..steps {
            let at = at + step * VECTOR;
            let mut survivors = [_mm512_set1_epi8(-1); GROUPS];
            for ahead in 0..WINDOW {
                // SAFETY: `at + VECTOR <= end`, so `at + ahead + VECTOR <= text.len()`; the load needs no alignment.
                let bytes = unsafe { _mm512_loadu_si512(text.as_ptr().add(at + ahead).cast()) };
                if ahead == 0 {
                    lowest = _mm512_min_epu8(lowest, bytes);
                    newlines += u64::from(_mm512_cmpeq_epi8_mask(bytes, newline).count_ones());
                }
                for (survivors, group) in survivors.iter_mut().zip(groups) {
                    let by_byte = _mm512_permutex2var_epi8(group[ahead][0], bytes, group[ahead][1]);
                    *survivors = _mm512_and_si512(*survivors, by_byte);
                }
            }
            let any = survivors
                .into_iter()
                .fold(_mm512_setzero_si512(), |any, survivors| {
                    _mm512_or_si512(any, survivors)
                });
            passed.note(step, _mm512_test_epi8_mask(any, any));
        }
        passed.verify(buckets, text, at, hit);
        at += steps * VECTOR;
    }
    let mut minima = [0_u8; VECTOR];
    // SAFETY: the array has the 64 bytes that are written; the store needs no alignment.
    unsafe { _mm512_storeu_si512(minima.as_mut_ptr().cast(), lowest) };
    let lowest = minima.into_iter().min().unwrap_or(u8::MAX);
    (at, Seen { newlines, lowest })
}
