//! Runs: stretches of a literal that stand in a log line byte for byte, letter case and escapes aside.

/// Whether a literal's byte stands in a line as itself or escaped, and in no other form.
///
/// Not so for a blank and `+`, which stand for each other; for `?`, which a W3C log writes as the blank between
/// stem and query; for `"`, which CSV doubles; for control characters and what is not ASCII.
fn is_usable(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'+' | b'"' | b'?')
}

/// Whether lines that hold this byte escaped are not decoded for that reason alone.
///
/// Browsers and Exchange escape most punctuation as a matter of course, but never letters, digits, `.`, `/`, `-`.
pub(super) fn is_often_escaped(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'/' | b'-' | b'%')
}

/// Cuts a literal into runs.
pub(super) fn runs(literal: &[u8]) -> impl Iterator<Item = &[u8]> {
    literal
        .split(|byte| !is_usable(*byte))
        .filter(|run| !run.is_empty())
}

/// Whether `run`, in lower case, stands in `text` so that its byte `index` starts at `at`.
pub(super) fn stands(run: &[u8], index: usize, text: &[u8], at: usize) -> bool {
    let (before, after) = run.split_at(index);
    let mut end = at;
    for &byte in after {
        match text[end..] {
            [plain, ..] if plain.to_ascii_lowercase() == byte => end += 1,
            [b'%', high, low, ..] if is_escape(high, low, byte) => end += 3,
            _ => return false,
        }
    }
    let mut start = at;
    for &byte in before.iter().rev() {
        match text[..start] {
            [.., plain] if plain.to_ascii_lowercase() == byte => start -= 1,
            [.., b'%', high, low] if is_escape(high, low, byte) => start -= 3,
            _ => return false,
        }
    }
    true
}

fn is_escape(high: u8, low: u8, byte: u8) -> bool {
    is_often_escaped(byte) && [high.to_ascii_lowercase(), low.to_ascii_lowercase()] == hex(byte)
}

fn hex(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|half| b"0123456789abcdef"[usize::from(half)])
}

/// One of the forms in which a part of a run may stand in a line that is not decoded.
#[derive(Debug)]
pub(super) struct Form {
    /// As written, in lower case.
    pub bytes: Vec<u8>,
    /// Where each byte of the part starts in it.
    pub starts: Vec<usize>,
}

/// All forms of a part: each byte that is often escaped as itself or escaped.
pub(super) fn forms(part: &[u8]) -> Vec<Form> {
    let mut forms = vec![Form {
        bytes: Vec::new(),
        starts: Vec::new(),
    }];
    for &byte in part {
        let plain = forms.len();
        if is_often_escaped(byte) {
            for at in 0..plain {
                let mut bytes = forms[at].bytes.clone();
                let mut starts = forms[at].starts.clone();
                starts.push(bytes.len());
                bytes.push(b'%');
                bytes.extend(hex(byte));
                forms.push(Form { bytes, starts });
            }
        }
        for form in &mut forms[..plain] {
            form.starts.push(form.bytes.len());
            form.bytes.push(byte);
        }
    }
    forms
}
