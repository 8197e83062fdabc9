use std::fmt::Write as _;

use crate::error::Error;
use crate::flags::Flags;
use crate::message::{Reader, Writer, text, text_bytes};
use crate::response::NtResponse;
use crate::version::Version;

const MESSAGE: &str = "AUTHENTICATE_MESSAGE";
const LM_RESPONSE: usize = 12;
const NT_RESPONSE: usize = 20;
const DOMAIN: usize = 28;
const USER: usize = 36;
const WORKSTATION: usize = 44;
const SESSION_KEY: usize = 52;
const FLAGS: usize = 60;
const VERSION: usize = 64;
const MIC: usize = 72;
const PAYLOAD: usize = 88;

/// An AUTHENTICATE_MESSAGE, type 3 ([MS-NLMP] 2.2.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// What was agreed on; none where an old client ends before them.
    pub flags: Flags,
    /// Domain, or the server's name for a local user.
    pub domain: String,
    /// User.
    pub user: String,
    /// The client's machine.
    pub workstation: String,
    /// LmChallengeResponse.
    pub lm_response: Vec<u8>,
    /// NtChallengeResponse.
    pub nt_response: NtResponse,
    /// EncryptedRandomSessionKey.
    pub session_key: Vec<u8>,
    /// The client's Windows.
    pub version: Option<Version>,
    /// The message integrity code, where the payload leaves room for it.
    pub mic: Option<[u8; 16]>,
}

impl Authenticate {
    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let reader = Reader::new(MESSAGE, bytes, 3, SESSION_KEY)?;
        let fields = [LM_RESPONSE, NT_RESPONSE, DOMAIN, USER, WORKSTATION, SESSION_KEY];
        // The payload begins where the fixed part ends, and that differs between clients.
        let payload = fields.iter().filter_map(|at| reader.offset(*at)).min();
        let fixed = payload.unwrap_or(bytes.len());
        let flags = match fixed >= FLAGS + 4 {
            true => reader.flags(FLAGS),
            false => Flags::default(),
        };
        let name = |at, field| -> Result<String, Error> {
            Ok(text(reader.payload(at, field)?, flags.has(Flags::UNICODE)))
        };
        Ok(Self {
            flags,
            domain: name(DOMAIN, "DomainName")?,
            user: name(USER, "UserName")?,
            workstation: name(WORKSTATION, "Workstation")?,
            lm_response: reader.payload(LM_RESPONSE, "LmChallengeResponse")?.to_vec(),
            nt_response: NtResponse::parse(reader.payload(NT_RESPONSE, "NtChallengeResponse")?),
            session_key: match fixed >= FLAGS {
                true => reader.payload(SESSION_KEY, "EncryptedRandomSessionKey")?.to_vec(),
                false => Vec::new(),
            },
            version: (fixed >= MIC).then(|| reader.version(VERSION, flags)).flatten(),
            mic: (fixed >= PAYLOAD).then(|| reader.array(MIC)).flatten(),
        })
    }

    /// Writes one, its payload in the order of Windows: domain, user, workstation, responses, key.
    pub fn encode(&self) -> Vec<u8> {
        let start = if self.mic.is_some() { PAYLOAD } else { MIC };
        let unicode = self.flags.has(Flags::UNICODE);
        let names = [&self.domain, &self.user, &self.workstation].map(|name| text_bytes(name, unicode));
        let nt_response = self.nt_response.encode();
        let mut at = start;
        let mut place = |bytes: &[u8]| {
            let length = (bytes.len().min(usize::from(u16::MAX)) as u16).to_le_bytes();
            let field = [&length[..], &length, &(at as u32).to_le_bytes()].concat();
            at += bytes.len().min(usize::from(u16::MAX));
            field
        };
        let [domain, user, workstation] = names.each_ref().map(|name| place(name));
        let [lm, nt, key] = [&self.lm_response, &nt_response, &self.session_key].map(|value| place(value));
        let mut writer = Writer::new(3, start);
        for field in [lm, nt, domain, user, workstation, key] {
            writer.put(&field);
        }
        writer.put(&self.flags.0.to_le_bytes());
        writer.version(self.version);
        if let Some(mic) = &self.mic {
            writer.put(mic);
        }
        let mut bytes = writer.finish();
        let [domain, user, workstation] = &names;
        for value in [
            domain,
            user,
            workstation,
            &self.lm_response,
            &nt_response,
            &self.session_key,
        ] {
            bytes.extend_from_slice(&value[..value.len().min(usize::from(u16::MAX))]);
        }
        bytes
    }

    /// The response to `server_challenge` on one line, as hashcat reads it: `user::domain:challenge:ntproofstr:blob`
    /// (mode 5600, NTLMv2) or `user::domain:lm:nt:challenge` (mode 5500, NTLMv1). `None` where nothing was answered.
    ///
    /// Control characters in the names become U+FFFD. A `:` stays, and may mislead a reader of the line.
    pub fn hashcat(&self, server_challenge: [u8; 8]) -> Option<String> {
        let one_line = |name: &str| name.replace(char::is_control, "\u{fffd}");
        let (user, domain) = (one_line(&self.user), one_line(&self.domain));
        let challenge = hex(&server_challenge);
        match &self.nt_response {
            NtResponse::V2 { proof, blob, .. } => Some(format!(
                "{user}::{domain}:{challenge}:{}:{}",
                hex(proof),
                hex(blob)
            )),
            NtResponse::V1(response) => {
                // Without an LM response hashcat wants the field all the same.
                let lm = match self.lm_response.len() {
                    24 => hex(&self.lm_response),
                    _ => String::new(),
                };
                Some(format!("{user}::{domain}:{lm}:{}:{challenge}", hex(response)))
            }
            NtResponse::None | NtResponse::Other(_) => None,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
