use crate::av::AvPairs;

const PROOF: usize = 16;
const V1: usize = 24;
/// RespType, HiRespType, reserved, time, client challenge, reserved.
const CLIENT_CHALLENGE_FIXED: usize = 28;

/// NtChallengeResponse, by version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NtResponse {
    /// None: the client logs on as nobody, or with LM alone.
    None,
    /// NTLMv1 ([MS-NLMP] 2.2.2.6), with or without extended session security.
    V1([u8; V1]),
    /// NTLMv2 ([MS-NLMP] 2.2.2.8).
    V2 {
        /// NTProofStr.
        proof: [u8; PROOF],
        /// The client's challenge as sent, which the proof covers.
        blob: Vec<u8>,
        /// The same, read; `None` where it is damaged.
        client: Option<ClientChallenge>,
    },
    /// Bytes of a length that no version has.
    Other(Vec<u8>),
}

/// NTLMv2_CLIENT_CHALLENGE ([MS-NLMP] 2.2.2.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientChallenge {
    /// The client's time, or the server's told back: FILETIME.
    pub time: u64,
    /// The client's random bytes.
    pub challenge: [u8; 8],
    /// The server's AV pairs and those that the client added.
    pub pairs: AvPairs,
}

impl NtResponse {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::None;
        }
        if let Ok(response) = bytes.try_into() {
            return Self::V1(response);
        }
        match bytes.split_first_chunk() {
            Some((proof, blob)) if blob.len() >= CLIENT_CHALLENGE_FIXED => Self::V2 {
                proof: *proof,
                blob: blob.to_vec(),
                client: ClientChallenge::parse(blob),
            },
            _ => Self::Other(bytes.to_vec()),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::V1(response) => response.to_vec(),
            Self::V2 { proof, blob, .. } => [proof, &**blob].concat(),
            Self::Other(bytes) => bytes.clone(),
        }
    }
}

impl ClientChallenge {
    fn parse(blob: &[u8]) -> Option<Self> {
        let fixed: &[u8; CLIENT_CHALLENGE_FIXED] = blob.first_chunk()?;
        let [1, 1, ..] = fixed else { return None };
        Some(Self {
            time: u64::from_le_bytes(*fixed[8..].first_chunk()?),
            challenge: *fixed[16..].first_chunk()?,
            pairs: AvPairs::parse(&blob[CLIENT_CHALLENGE_FIXED..]).ok()?,
        })
    }
}
