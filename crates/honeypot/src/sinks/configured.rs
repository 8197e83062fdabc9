use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use imker_event::{Recorded, ecs};

use super::{
    Authentication, GeoIp, HpfeedsSettings, HpfeedsSink, JsonLinesSettings, JsonLinesSink, Pace, Peer, Sink,
    SinkError, SyslogSettings, SyslogSink, TlsSettings, W3cSettings, W3cSink, WebhookFormat, WebhookSettings,
    WebhookSink,
};
use crate::config::{self, Endpoint, SinkConfig, WebhookAuth};

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// `local0` (RFC 5424, section 6.2.1).
const FACILITY: u8 = 16;
/// What rsyslog takes unless told otherwise.
const SYSLOG_BYTES: usize = 8192;
/// Files of JSON lines that are kept.
const FILES: usize = 100;

/// A sink under the name that the configuration gives it.
struct Named {
    name: Arc<str>,
    sink: Box<dyn Sink>,
}

impl Sink for Named {
    fn name(&self) -> &str {
        &self.name
    }

    fn position(&self) -> Option<u64> {
        self.sink.position()
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        self.sink.deliver(batch)
    }

    fn tend(&mut self) -> Result<(), SinkError> {
        self.sink.tend()
    }
}

/// The sink that the configuration asks for, and its pace. `cursors` is `<data>/cursors`.
///
/// # Errors
/// A file or folder of it cannot be used.
pub fn open(
    configured: &config::Sink,
    cursors: &Path,
    geo: Option<Arc<GeoIp>>,
) -> std::io::Result<(Box<dyn Sink>, Pace)> {
    let secrets = if configured.masked {
        ecs::Secrets::Masked
    } else {
        ecs::Secrets::Kept
    };
    let state = || cursors.join(format!("{}.json", configured.name));
    let mut pace = Pace::default();
    let sink: Box<dyn Sink> = match &configured.config {
        SinkConfig::Jsonl { folder, rotate_size } => Box::new(JsonLinesSink::open(
            JsonLinesSettings {
                folder: folder.clone(),
                state: state(),
                max_bytes: *rotate_size,
                keep: FILES,
                secrets,
            },
            geo,
        )?),
        SinkConfig::W3c { folder } => Box::new(W3cSink::open(W3cSettings {
            folder: folder.clone(),
            state: state(),
            forwarded_for: false,
        })?),
        SinkConfig::Syslog { address, tls, ca, .. } => Box::new(SyslogSink::new(
            SyslogSettings {
                peer: peer(address, *tls, ca.as_deref()),
                facility: FACILITY,
                max_bytes: SYSLOG_BYTES,
                secrets,
            },
            geo,
        )),
        SinkConfig::Webhook { url, auth, ca, batch } => {
            pace.batch = *batch;
            let authentication = match auth {
                WebhookAuth::None => Authentication::None,
                WebhookAuth::Bearer(token) => Authentication::Bearer(token.0.to_string()),
                WebhookAuth::Hmac(key) => Authentication::Hmac(key.0.as_str().as_bytes().to_vec()),
            };
            let settings = WebhookSettings {
                url: url.clone(),
                format: WebhookFormat::Json,
                authentication,
                authorities: ca.clone(),
                timeout: TIMEOUT,
                secrets,
            };
            Box::new(WebhookSink::open(settings, geo)?)
        }
        SinkConfig::Hpfeeds {
            address,
            ident,
            secret,
            channel,
            tls,
            ca,
        } => Box::new(HpfeedsSink::new(
            HpfeedsSettings {
                peer: peer(address, *tls, ca.as_deref()),
                ident: ident.clone(),
                secret: secret.0.to_string(),
                channel: channel.clone(),
                secrets,
            },
            geo,
        )),
    };
    let name = configured.name.clone();
    Ok((Box::new(Named { name, sink }), pace))
}

fn peer(endpoint: &Endpoint, tls: bool, authorities: Option<&Path>) -> Peer {
    Peer {
        host: endpoint.host.clone(),
        port: endpoint.port,
        tls: tls.then(|| TlsSettings {
            authorities: authorities.map(Path::to_owned),
            client: None,
        }),
        timeout: TIMEOUT,
    }
}
