/// Set on a batch's last frame.
pub(crate) const END: u8 = 1;
/// Set on frames that tell what the reserve had counted.
pub(crate) const TELLS: u8 = 2;
/// Bytes before the payload.
pub(crate) const HEAD: usize = 17;
/// The longest payload, and the most that the payloads of a batch have together.
pub(crate) const MAX_BATCH: usize = 16 << 20;

/// A frame at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'b> {
    pub(crate) sequence: u64,
    pub(crate) flags: u8,
    pub(crate) payload: &'b [u8],
}

/// What some bytes begin with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed<'b> {
    Frame(Frame<'b>),
    /// It takes this many bytes to tell.
    Short(usize),
    Bad,
}

pub(crate) fn encode(id: u64, frame: Frame<'_>, out: &mut Vec<u8>) {
    // Payloads are at most MAX_BATCH long.
    let length = (frame.payload.len() as u32).to_le_bytes();
    let sequence = frame.sequence.to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(id, length, sequence, frame.flags, frame.payload).to_le_bytes());
    out.extend_from_slice(&sequence);
    out.push(frame.flags);
    out.extend_from_slice(frame.payload);
}

pub(crate) fn parse(id: u64, bytes: &[u8]) -> Parsed<'_> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
        return Parsed::Short(HEAD);
    };
    let [
        l0,
        l1,
        l2,
        l3,
        c0,
        c1,
        c2,
        c3,
        s0,
        s1,
        s2,
        s3,
        s4,
        s5,
        s6,
        s7,
        flags,
    ] = *head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > MAX_BATCH || flags & !(END | TELLS) != 0 {
        return Parsed::Bad;
    }
    let Some(payload) = rest.get(..length) else {
        return Parsed::Short(HEAD + length);
    };
    let sequence = [s0, s1, s2, s3, s4, s5, s6, s7];
    if checksum(id, [l0, l1, l2, l3], sequence, flags, payload) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Parsed::Bad;
    }
    Parsed::Frame(Frame {
        sequence: u64::from_le_bytes(sequence),
        flags,
        payload,
    })
}

/// The sequence number that the bytes would have if a frame began here.
pub(crate) fn sequence(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?))
}

fn checksum(id: u64, length: [u8; 4], sequence: [u8; 8], flags: u8, payload: &[u8]) -> u32 {
    let mut head = [0; 21];
    head[..8].copy_from_slice(&id.to_le_bytes());
    head[8..12].copy_from_slice(&length);
    head[12..20].copy_from_slice(&sequence);
    head[20] = flags;
    crc32c::crc32c_append(crc32c::crc32c(&head), payload)
}
