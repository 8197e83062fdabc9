//! 32 positions at a time with AVX2. This and its sibling for AVX-512 are all unsafe code that there is.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi64, _mm256_and_si256, _mm256_broadcastsi128_si256,
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_sad_epu8, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    _mm256_storeu_si256, _mm256_sub_epi8,
};

use super::buckets::Buckets;
use super::entry::WINDOW;
use super::{Passed, STRETCH, Seen};

const VECTOR: usize = 32;
/// Two vectors a step: each table is loaded once for both.
const STEP: usize = 2 * VECTOR;

/// One group's half-byte tables, `[low, high]` by window position, each twice for both halves of a vector.
type Group = [[__m256i; 2]; WINDOW];

/// The buckets' tables in vector form. It exists only where the processor has AVX2.
#[derive(Debug)]
pub(super) struct Tables {
    groups: Vec<Group>,
}

impl Tables {
    /// `None` where the processor has no AVX2.
    pub fn new(buckets: &Buckets) -> Option<Self> {
        if !is_x86_feature_detected!("avx2") {
            return None;
        }
        // SAFETY: AVX2 was detected above.
        let groups = buckets
            .half_tables()
            .map(|tables| unsafe { load_group(&tables) })
            .collect();
        Some(Self { groups })
    }

    #[inline]
    pub fn search(&self, buckets: &Buckets, text: &[u8], hit: &mut impl FnMut(usize, u32)) -> Seen {
        // SAFETY: `Tables` exists only where AVX2 was detected.
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
/// The processor must have AVX2.
#[target_feature(enable = "avx2")]
unsafe fn load_group(tables: &[[[u8; 16]; 2]; WINDOW]) -> Group {
    tables.map(|halves| {
        halves.map(|table| {
            // SAFETY: a table has the 16 bytes that are read; the load needs no alignment.
            let half = unsafe { _mm_loadu_si128(table.as_ptr().cast::<__m128i>()) };
            _mm256_broadcastsi128_si256(half)
        })
    })
}

/// Searches as many whole steps as the text has; tells how far it came.
///
/// # Safety
/// The processor must have AVX2.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn search<const GROUPS: usize>(
    groups: &[Group; GROUPS],
    buckets: &Buckets,
    text: &[u8],
    hit: &mut impl FnMut(usize, u32),
) -> (usize, Seen) {
    let zero = _mm256_setzero_si256();
    let newline = _mm256_set1_epi8(b'\n' as i8);
    let mut lowest = _mm256_set1_epi8(-1);
    let mut newlines = zero;
    let mut at = 0;
    // The last load of a step ends at `at + STEP + WINDOW - 1`.
    let end = (text.len() + 1).saturating_sub(WINDOW);
    let mut passed = Passed::NONE;
    while at + STEP <= end {
        // Counts are bytes: a stretch's steps, two vectors each, are few enough for them.
        let steps = ((end - at) / STEP).min(STRETCH);
        let mut counted = zero;
        for step in 0..steps {
            let at = at + step * STEP;
            let mut survivors = [[_mm256_set1_epi8(-1); 2]; GROUPS];
            for ahead in 0..WINDOW {
                for half in 0..2 {
                    // SAFETY: `at + STEP <= end`, so `at + half * VECTOR + ahead + VECTOR <= text.len()`;
                    // the load needs no alignment.
                    let bytes = unsafe {
                        _mm256_loadu_si256(text.as_ptr().add(at + half * VECTOR + ahead).cast::<__m256i>())
                    };
                    if ahead == 0 {
                        lowest = _mm256_min_epu8(lowest, bytes);
                        counted = _mm256_sub_epi8(counted, _mm256_cmpeq_epi8(bytes, newline));
                    }
                    let low_half = _mm256_set1_epi8(0x0f);
                    let low = _mm256_and_si256(bytes, low_half);
                    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low_half);
                    for (survivors, group) in survivors.iter_mut().zip(groups) {
                        let by_low = _mm256_shuffle_epi8(group[ahead][0], low);
                        let by_high = _mm256_shuffle_epi8(group[ahead][1], high);
                        survivors[half] =
                            _mm256_and_si256(survivors[half], _mm256_and_si256(by_low, by_high));
                    }
                }
            }
            let any = survivors.into_iter().fold([zero; 2], |any, survivors| {
                [
                    _mm256_or_si256(any[0], survivors[0]),
                    _mm256_or_si256(any[1], survivors[1]),
                ]
            });
            let [first, second] = any.map(|any| !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(any, zero)) as u32));
            passed.note(step, u64::from(first) | u64::from(second) << VECTOR);
        }
        newlines = _mm256_add_epi64(newlines, _mm256_sad_epu8(counted, zero));
        passed.verify(buckets, text, at, hit);
        at += steps * STEP;
    }
    let mut sums = [0_u64; 4];
    let mut minima = [0_u8; VECTOR];
    // SAFETY: both arrays have the 32 bytes that are written; the stores need no alignment.
    unsafe {
        _mm256_storeu_si256(sums.as_mut_ptr().cast::<__m256i>(), newlines);
        _mm256_storeu_si256(minima.as_mut_ptr().cast::<__m256i>(), lowest);
    }
    let lowest = minima.into_iter().min().unwrap_or(u8::MAX);
    (
        at,
        Seen {
            newlines: sums.iter().sum(),
            lowest,
        },
    )
}
