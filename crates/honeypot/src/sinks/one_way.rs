use std::io::{self, Write};

use super::net::Link;

/// What may be sent before it must be known to have arrived, in bytes.
const MAX_UNCONFIRMED: usize = 4 << 20;

/// Who takes what is sent and acknowledges nothing.
pub(super) trait Receiver {
    /// Connects, up to where events may be sent.
    fn connect(&self) -> io::Result<Link>;

    /// Looks at what it said before it ended the connection in order.
    ///
    /// # Errors
    /// It took nothing.
    fn hear(&self, _last_words: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A connection on which nothing is acknowledged, as syslog's and hpfeeds'.
///
/// That a socket took bytes says nothing: receivers stop with megabytes unread. So what was sent is kept, and sent
/// again on the next connection, until it is confirmed: we end our side, and the receiver ends its own in order. One
/// that stops with bytes unread resets the connection instead (RFC 1122, section 4.2.2.13).
#[derive(Debug, Default)]
pub(super) struct OneWay {
    link: Option<Link>,
    unconfirmed: Vec<u8>,
    /// Sequence number of the first event in it.
    first: Option<u64>,
}

impl OneWay {
    /// The open connection.
    pub(super) fn link(&mut self) -> Option<&mut Link> {
        self.link.as_mut()
    }

    /// Gives up the connection; what is unconfirmed is sent again on the next.
    pub(super) fn disconnect(&mut self) {
        self.link = None;
    }

    /// Sequence number of the last event that certainly arrived; none where all that was sent did.
    pub(super) fn arrived(&self) -> Option<u64> {
        self.first.map(|first| first - 1)
    }

    /// Sends events, of which `first` is the first's sequence number. On an error none of them counts as sent, and
    /// the connection is given up.
    pub(super) fn send(&mut self, first: u64, bytes: &[u8], to: &impl Receiver) -> io::Result<()> {
        if self.unconfirmed.len() > MAX_UNCONFIRMED {
            self.confirm(to)?;
        }
        let mut link = self.connected(to)?;
        link.write_all(bytes)?;
        link.flush()?;
        self.link = Some(link);
        self.unconfirmed.extend_from_slice(bytes);
        self.first.get_or_insert(first);
        Ok(())
    }

    /// Finds out that all arrived, at the price of the connection.
    pub(super) fn confirm(&mut self, to: &impl Receiver) -> io::Result<()> {
        if self.unconfirmed.is_empty() {
            return Ok(());
        }
        let last_words = self.connected(to)?.finish()?;
        to.hear(&last_words)?;
        self.unconfirmed = Vec::new();
        self.first = None;
        Ok(())
    }

    /// The connection, or a new one on which everything unconfirmed was sent.
    fn connected(&mut self, to: &impl Receiver) -> io::Result<Link> {
        if let Some(link) = self.link.take() {
            return Ok(link);
        }
        let mut link = to.connect()?;
        link.write_all(&self.unconfirmed)?;
        link.flush()?;
        Ok(link)
    }
}
