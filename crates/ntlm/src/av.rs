use crate::error::Error;
use crate::message::{text, text_bytes};

/// What an AV pair says ([MS-NLMP] 2.2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AvId(pub u16);

impl AvId {
    /// The end of the list.
    pub const EOL: Self = Self(0);
    /// NetBIOS name of the server.
    pub const NB_COMPUTER_NAME: Self = Self(1);
    /// NetBIOS name of the domain.
    pub const NB_DOMAIN_NAME: Self = Self(2);
    /// DNS name of the server.
    pub const DNS_COMPUTER_NAME: Self = Self(3);
    /// DNS name of the domain.
    pub const DNS_DOMAIN_NAME: Self = Self(4);
    /// DNS name of the forest.
    pub const DNS_TREE_NAME: Self = Self(5);
    /// Bits: 2 says that the AUTHENTICATE message carries a MIC.
    pub const FLAGS: Self = Self(6);
    /// FILETIME: 100 ns since 1601.
    pub const TIMESTAMP: Self = Self(7);
    /// The client's machine.
    pub const SINGLE_HOST: Self = Self(8);
    /// The service that the client believes to talk to: an SPN, as in `HTTP/mail.example.org`.
    pub const TARGET_NAME: Self = Self(9);
    /// MD5 of the TLS channel's bindings; zeros where there are none.
    pub const CHANNEL_BINDINGS: Self = Self(10);
}

/// An attribute and its value as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvPair {
    /// What.
    pub id: AvId,
    /// Value; names are UTF-16 whatever the flags say.
    pub value: Vec<u8>,
}

/// A list of attributes, in order, without its end mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AvPairs(pub Vec<AvPair>);

impl AvPairs {
    /// Reads a list up to its end mark, or to the end of the bytes.
    pub fn parse(mut bytes: &[u8]) -> Result<Self, Error> {
        let mut pairs = Vec::new();
        while let Some((head, rest)) = bytes.split_first_chunk::<4>() {
            let [id_low, id_high, low, high] = *head;
            let id = AvId(u16::from_le_bytes([id_low, id_high]));
            if id == AvId::EOL {
                return Ok(Self(pairs));
            }
            let length = usize::from(u16::from_le_bytes([low, high]));
            let (value, rest) = rest.split_at_checked(length).ok_or(Error::AvPairs)?;
            pairs.push(AvPair {
                id,
                value: value.to_vec(),
            });
            bytes = rest;
        }
        Ok(Self(pairs))
    }

    /// Writes the list with its end mark; a value longer than 65535 bytes is cut.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for AvPair { id, value } in &self.0 {
            let value = &value[..value.len().min(usize::from(u16::MAX))];
            bytes.extend(id.0.to_le_bytes());
            bytes.extend((value.len() as u16).to_le_bytes());
            bytes.extend_from_slice(value);
        }
        bytes.extend([0; 4]);
        bytes
    }

    /// Adds a name.
    pub fn push_text(&mut self, id: AvId, name: &str) {
        self.push(id, &text_bytes(name, true));
    }

    /// Adds a value.
    pub fn push(&mut self, id: AvId, value: &[u8]) {
        self.0.push(AvPair {
            id,
            value: value.to_vec(),
        });
    }

    /// The first value of this kind.
    pub fn get(&self, id: AvId) -> Option<&[u8]> {
        let pair = self.0.iter().find(|pair| pair.id == id)?;
        Some(&pair.value)
    }

    /// The first value of this kind, as a name.
    pub fn text(&self, id: AvId) -> Option<String> {
        self.get(id).map(|value| text(value, true))
    }

    /// The time, as FILETIME.
    pub fn timestamp(&self) -> Option<u64> {
        let value = self.get(AvId::TIMESTAMP)?;
        Some(u64::from_le_bytes(value.try_into().ok()?))
    }
}
