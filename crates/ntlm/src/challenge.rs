use crate::av::{AvId, AvPairs};
use crate::error::Error;
use crate::flags::Flags;
use crate::message::{Reader, Writer, text, text_bytes};
use crate::version::Version;

const MESSAGE: &str = "CHALLENGE_MESSAGE";
const TARGET_NAME: usize = 12;
const FLAGS: usize = 20;
const SERVER_CHALLENGE: usize = 24;
const TARGET_INFO: usize = 40;
const VERSION: usize = 48;
const PAYLOAD: usize = 56;

/// A CHALLENGE_MESSAGE, type 2 ([MS-NLMP] 2.2.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What was agreed on.
    pub flags: Flags,
    /// The target: NetBIOS name of the domain or, outside of one, of the server.
    pub target_name: String,
    /// What the client has to answer.
    pub server_challenge: [u8; 8],
    /// The server's names and time.
    pub target_info: AvPairs,
    /// The server's Windows.
    pub version: Option<Version>,
}

/// A domain member's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerNames<'a> {
    /// NetBIOS name of the domain.
    pub netbios_domain: &'a str,
    /// NetBIOS name of the server.
    pub netbios_computer: &'a str,
    /// DNS name of the domain.
    pub dns_domain: &'a str,
    /// DNS name of the server.
    pub dns_computer: &'a str,
    /// DNS name of the forest.
    pub dns_tree: &'a str,
}

impl Challenge {
    /// What a member of a domain answers to a client that offers `offered`, AV pairs in Windows's order. `time` is
    /// FILETIME.
    pub fn answering(
        offered: Flags,
        names: &ServerNames<'_>,
        server_challenge: [u8; 8],
        time: u64,
        version: Version,
    ) -> Self {
        let flags = offered.answered();
        let mut target_info = AvPairs::default();
        for (id, name) in [
            (AvId::NB_DOMAIN_NAME, names.netbios_domain),
            (AvId::NB_COMPUTER_NAME, names.netbios_computer),
            (AvId::DNS_DOMAIN_NAME, names.dns_domain),
            (AvId::DNS_COMPUTER_NAME, names.dns_computer),
            (AvId::DNS_TREE_NAME, names.dns_tree),
        ] {
            target_info.push_text(id, name);
        }
        target_info.push(AvId::TIMESTAMP, &time.to_le_bytes());
        let target_name = match flags.has(Flags::REQUEST_TARGET) {
            true => names.netbios_domain.to_owned(),
            false => String::new(),
        };
        Self {
            flags,
            target_name,
            server_challenge,
            target_info,
            version: Some(version),
        }
    }

    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let reader = Reader::new(MESSAGE, bytes, 2, SERVER_CHALLENGE + 8)?;
        let flags = reader.flags(FLAGS);
        Ok(Self {
            flags,
            target_name: text(
                reader.payload(TARGET_NAME, "TargetName")?,
                flags.has(Flags::UNICODE),
            ),
            server_challenge: reader.array(SERVER_CHALLENGE).unwrap_or_default(),
            target_info: match flags.has(Flags::TARGET_INFO) {
                true => AvPairs::parse(reader.payload(TARGET_INFO, "TargetInfo")?)?,
                false => AvPairs::default(),
            },
            version: reader.version(VERSION, flags),
        })
    }

    /// Writes one; flags are written as they are, but for those that say which parts are there.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(2, PAYLOAD);
        writer.field(&text_bytes(&self.target_name, self.flags.has(Flags::UNICODE)));
        writer.put(&self.flags.0.to_le_bytes());
        writer.put(&self.server_challenge);
        writer.put(&[0; 8]);
        match self.flags.has(Flags::TARGET_INFO) {
            true => writer.field(&self.target_info.encode()),
            false => writer.put(&[0; 8]),
        }
        writer.version(self.version);
        writer.finish()
    }
}
