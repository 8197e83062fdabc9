use crate::error::Error;
use crate::flags::Flags;
use crate::message::{Reader, Writer, text, text_bytes};
use crate::version::Version;

const MESSAGE: &str = "NEGOTIATE_MESSAGE";
const FLAGS: usize = 12;
const DOMAIN: usize = 16;
const WORKSTATION: usize = 24;
const VERSION: usize = 32;
const PAYLOAD: usize = 40;

/// A NEGOTIATE_MESSAGE, type 1 ([MS-NLMP] 2.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiate {
    /// What the client offers.
    pub flags: Flags,
    /// The client's domain.
    pub domain: Option<String>,
    /// The client's name.
    pub workstation: Option<String>,
    /// The client's Windows.
    pub version: Option<Version>,
}

impl Negotiate {
    /// Reads one. Old clients end after the flags.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let reader = Reader::new(MESSAGE, bytes, 1, FLAGS + 4)?;
        let flags = reader.flags(FLAGS);
        let name = |at, field, supplied| -> Result<Option<String>, Error> {
            if !flags.has(supplied) {
                return Ok(None);
            }
            // OEM whatever the flags say.
            Ok(Some(text(reader.payload(at, field)?, false)))
        };
        Ok(Self {
            flags,
            domain: name(DOMAIN, "DomainName", Flags::OEM_DOMAIN_SUPPLIED)?,
            workstation: name(WORKSTATION, "Workstation", Flags::OEM_WORKSTATION_SUPPLIED)?,
            version: reader.version(VERSION, flags),
        })
    }

    /// Writes one, with the flags that the names and the version ask for.
    pub fn encode(&self) -> Vec<u8> {
        let mut flags = self.flags;
        for (is_there, flag) in [
            (self.domain.is_some(), Flags::OEM_DOMAIN_SUPPLIED),
            (self.workstation.is_some(), Flags::OEM_WORKSTATION_SUPPLIED),
            (self.version.is_some(), Flags::VERSION),
        ] {
            flags = match is_there {
                true => flags | flag,
                false => Flags(flags.0 & !flag.0),
            };
        }
        let mut writer = Writer::new(1, PAYLOAD);
        writer.put(&flags.0.to_le_bytes());
        for name in [&self.domain, &self.workstation] {
            writer.field(&text_bytes(name.as_deref().unwrap_or_default(), false));
        }
        writer.version(self.version);
        writer.finish()
    }
}
