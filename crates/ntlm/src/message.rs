//! What all messages share: signature, type, and fields that point into a payload.

use crate::error::Error;
use crate::flags::Flags;
use crate::version::Version;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// The three messages, by MessageType.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// Type 1, from the client.
    Negotiate,
    /// Type 2, from the server.
    Challenge,
    /// Type 3, from the client.
    Authenticate,
}

/// Which message `bytes` claim to be; `None`: none.
pub fn message_type(bytes: &[u8]) -> Option<MessageType> {
    let rest = bytes.strip_prefix(SIGNATURE)?;
    match u32::from_le_bytes(*rest.first_chunk()?) {
        1 => Some(MessageType::Negotiate),
        2 => Some(MessageType::Challenge),
        3 => Some(MessageType::Authenticate),
        _ => None,
    }
}

/// A message being read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub message: &'static str,
    pub bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks signature, type and length of the fixed part.
    pub fn new(message: &'static str, bytes: &'a [u8], kind: u32, least: usize) -> Result<Self, Error> {
        let start = &bytes[..bytes.len().min(SIGNATURE.len())];
        if start != SIGNATURE {
            return Err(Error::Signature);
        }
        let reader = Self { message, bytes };
        let found = reader.u32(SIGNATURE.len()).unwrap_or(0);
        if found != kind {
            return Err(Error::Type { message, found });
        }
        if bytes.len() < least {
            let bytes = bytes.len();
            return Err(Error::Short {
                message,
                bytes,
                least,
            });
        }
        Ok(reader)
    }

    /// `N` bytes at a place of the fixed part; `None` where the message is shorter.
    pub fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    pub fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub fn flags(&self, at: usize) -> Flags {
        Flags(self.u32(at).unwrap_or(0))
    }

    /// The VERSION at `at`, where the flags announce one.
    pub fn version(&self, at: usize, flags: Flags) -> Option<Version> {
        flags
            .has(Flags::VERSION)
            .then(|| self.array(at).map(Version::parse))?
    }

    /// What the field at `at` (length, length allocated, offset) points to. Empty where the message ends before the
    /// field does: old clients leave the last ones out.
    pub fn payload(&self, at: usize, field: &'static str) -> Result<&'a [u8], Error> {
        let (Some(length), Some(offset)) = (self.array(at).map(u16::from_le_bytes), self.u32(at + 4)) else {
            return Ok(&[]);
        };
        if length == 0 {
            return Ok(&[]);
        }
        let start = offset as usize;
        let end = start.saturating_add(usize::from(length));
        self.bytes.get(start..end).ok_or(Error::Bounds {
            message: self.message,
            field,
        })
    }

    /// Where the field at `at` points to, if it holds anything.
    pub fn offset(&self, at: usize) -> Option<usize> {
        let length = self.array(at).map(u16::from_le_bytes)?;
        let offset = self.u32(at + 4)? as usize;
        (length > 0).then_some(offset)
    }
}

/// A message being written: the fixed part, then what its fields point to.
pub(crate) struct Writer {
    fixed: Vec<u8>,
    payload: Vec<u8>,
    /// Length of the fixed part.
    start: usize,
}

impl Writer {
    pub fn new(kind: u32, start: usize) -> Self {
        let mut fixed = SIGNATURE.to_vec();
        fixed.extend(kind.to_le_bytes());
        Self {
            fixed,
            payload: Vec::new(),
            start,
        }
    }

    pub fn put(&mut self, bytes: &[u8]) {
        self.fixed.extend_from_slice(bytes);
    }

    pub fn version(&mut self, version: Option<Version>) {
        self.put(&version.map_or([0; Version::LENGTH], Version::encode));
    }

    /// A field and what it points to; what is longer than a field can say (65535 bytes) is cut.
    pub fn field(&mut self, value: &[u8]) {
        let value = &value[..value.len().min(usize::from(u16::MAX))];
        let length = (value.len() as u16).to_le_bytes();
        let offset = ((self.start + self.payload.len()) as u32).to_le_bytes();
        self.put(&[length, length].concat());
        self.put(&offset);
        self.payload.extend_from_slice(value);
    }

    pub fn finish(mut self) -> Vec<u8> {
        debug_assert_eq!(self.fixed.len(), self.start);
        self.fixed.append(&mut self.payload);
        self.fixed
    }
}

/// A name as a message carries it. OEM code pages differ; their bytes are read as Latin-1.
pub(crate) fn text(bytes: &[u8], unicode: bool) -> String {
    if !unicode {
        return bytes.iter().copied().map(char::from).collect();
    }
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The reverse; what Latin-1 lacks becomes `?`.
pub(crate) fn text_bytes(text: &str, unicode: bool) -> Vec<u8> {
    if unicode {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
}
