use std::io;
use std::sync::Arc;

use imker_event::Recorded;

use super::{GeoIp, HpfeedsSink, JsonLinesSink, Sink, SinkError, SyslogSink, W3cSink, WebhookSink};
use crate::config::{Sink as Configured, SinkConfig};

/// Opens a sink as it was configured, under the name that it was given there: there may be several of a kind.
///
/// # Errors
/// Its files cannot be opened; the message names the sink.
pub fn open(configured: &Configured, geo: Option<Arc<GeoIp>>) -> io::Result<Box<dyn Sink>> {
    let sink: io::Result<Box<dyn Sink>> = match configured.config.clone() {
        SinkConfig::Jsonl(settings) => JsonLinesSink::open(settings, geo).map(|sink| Box::new(sink) as _),
        SinkConfig::W3c(settings) => W3cSink::open(settings).map(|sink| Box::new(sink) as _),
        SinkConfig::Syslog(settings) => Ok(Box::new(SyslogSink::new(settings, geo))),
        SinkConfig::Webhook(settings) => WebhookSink::open(settings, geo).map(|sink| Box::new(sink) as _),
        SinkConfig::Hpfeeds(settings) => Ok(Box::new(HpfeedsSink::new(settings, geo))),
    };
    let name = Arc::clone(&configured.name);
    match sink {
        Ok(sink) => Ok(Box::new(Named { name, sink })),
        Err(error) => Err(io::Error::new(error.kind(), format!("sink {name}: {error}"))),
    }
}

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
