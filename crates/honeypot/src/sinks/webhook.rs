use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use imker_event::{Recorded, ecs};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{GeoIp, Sink, SinkError};
use crate::remedy;

/// Where batches are posted.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// `https://...`, or `http://...` where whoever is on the way may read along.
    pub url: String,
    /// The body's form.
    pub format: WebhookFormat,
    /// How we show who we are.
    pub authentication: Authentication,
    /// PEM file of the authorities that are trusted; where none is given, those of the system.
    pub authorities: Option<PathBuf>,
    /// How long a request may take altogether.
    pub timeout: Duration,
    /// What becomes of secrets.
    pub secrets: ecs::Secrets,
}

impl std::fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookSettings")
            .field("url", &self.url)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// The form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFormat {
    /// An array of documents (`application/json`).
    Json,
    /// A document a line (`application/x-ndjson`).
    Ndjson,
}

/// How a request shows who it is from.
#[derive(Clone, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all.
    None,
    /// `Authorization: Bearer <token>` (RFC 6750).
    Bearer(String),
    /// `X-Imker-Signature: sha256=<HMAC-SHA256 of the body under this key, in hex>`.
    Hmac(Vec<u8>),
}

impl std::fmt::Debug for Authentication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bearer(_) => "Bearer(..)",
            Self::Hmac(_) => "Hmac(..)",
        })
    }
}

/// Posts ECS documents. A batch counts as taken once the receiver answered with 2xx; redirects are not followed.
#[derive(Debug)]
pub struct WebhookSink {
    settings: WebhookSettings,
    geo: Option<Arc<GeoIp>>,
    agent: Agent,
}

/// How much of an answer is read.
const MAX_ANSWER: u64 = 1024;
/// How much of the authorities' file is read.
const MAX_AUTHORITIES: u64 = 4 << 20;

impl WebhookSink {
    /// Connects with the first batch.
    ///
    /// # Errors
    /// The file of authorities cannot be read, or holds no certificate.
    #[expect(
        clippy::disallowed_methods,
        reason = "connects to the URL that the operator configured"
    )]
    pub fn open(settings: WebhookSettings, geo: Option<Arc<GeoIp>>) -> std::io::Result<Self> {
        let roots = match &settings.authorities {
            None => RootCerts::PlatformVerifier,
            Some(path) => RootCerts::from(authorities(path)?),
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(roots)
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(settings.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("imker/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { settings, geo, agent })
    }

    fn body(&self, batch: &[Recorded]) -> serde_json::Result<String> {
        let mut documents = Vec::with_capacity(batch.len());
        for recorded in batch {
            let source = recorded
                .event
                .connection
                .as_ref()
                .map(|connection| connection.source.ip());
            let place = self
                .geo
                .as_ref()
                .zip(source)
                .and_then(|(geo, source)| geo.place(source));
            documents.push(ecs::to_json(recorded, place.as_ref(), self.settings.secrets)?);
        }
        Ok(match self.settings.format {
            WebhookFormat::Json => format!("[{}]", documents.join(",")),
            WebhookFormat::Ndjson => documents.join("\n") + "\n",
        })
    }
}

impl Sink for WebhookSink {
    fn name(&self) -> &str {
        "webhook"
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        let url = &self.settings.url;
        let body = self
            .body(batch)
            .map_err(|error| SinkError::refused(error.to_string()))?;
        let mut request = self.agent.post(url).content_type(match self.settings.format {
            WebhookFormat::Json => "application/json",
            WebhookFormat::Ndjson => "application/x-ndjson",
        });
        match &self.settings.authentication {
            Authentication::None => {}
            Authentication::Bearer(token) => {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            Authentication::Hmac(key) => {
                let signature =
                    hmac(key, body.as_bytes()).map_err(|error| SinkError::retry(error.to_string()))?;
                request = request.header("X-Imker-Signature", format!("sha256={signature}"));
            }
        }
        let answer = request
            .send(body)
            .map_err(|error| SinkError::retry(format!("{url}: {error}")))?;
        let status = answer.status();
        let mut said = Vec::new();
        #[expect(
            clippy::disallowed_methods,
            reason = "behind `take`, at most MAX_ANSWER bytes"
        )]
        let read = answer
            .into_body()
            .into_reader()
            .take(MAX_ANSWER)
            .read_to_end(&mut said);
        if status.is_success() {
            return Ok(());
        }
        let said = if read.is_ok() {
            String::from_utf8_lossy(&said)
        } else {
            "".into()
        };
        let message = format!("{url} answered {status}: {}", said.escape_debug());
        // Only these say that the batch itself is at fault; a wrong token, say, is mended and the events still wanted.
        Err(SinkError {
            retryable: !matches!(status.as_u16(), 400 | 413 | 422),
            message,
        })
    }
}

/// HMAC-SHA256 (RFC 2104) in hex.
fn hmac(key: &[u8], body: &[u8]) -> Result<String, openssl::error::ErrorStack> {
    let key = PKey::hmac(key)?;
    let code = Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(body)?;
    Ok(code.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn authorities(path: &std::path::Path) -> std::io::Result<Vec<ureq::tls::Certificate<'static>>> {
    let named = |error: String| std::io::Error::other(format!("{}: {error}", path.display()));
    let mut pem = Vec::new();
    let file = std::fs::File::open(path).map_err(remedy::named(path))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "behind `take`, at most MAX_AUTHORITIES bytes"
    )]
    file.take(MAX_AUTHORITIES)
        .read_to_end(&mut pem)
        .map_err(remedy::named(path))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| named(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(named(
            "holds no certificate in PEM form (`ca` takes those of authorities)".into(),
        ));
    }
    Ok(certificates)
}
