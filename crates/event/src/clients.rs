//! Whom events are of, where connections come through proxies for HTTP.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::{Saw, SensorEvent};

/// Connections through proxies that are remembered.
const CONNECTIONS: usize = 65_536;

/// Knows the client of the latest request of each connection whose client is not its source; of 65,536 connections at most.
#[derive(Debug, Default)]
pub struct Clients(HashMap<Arc<str>, (Option<u32>, IpAddr)>);

impl Clients {
    /// The source address of an event: its connection's, or whom a trusted proxy named in the request that the event
    /// belongs to, as long as events come in the order of their record.
    pub fn source(&mut self, event: &SensorEvent) -> Option<IpAddr> {
        let connection = event.connection.as_deref()?;
        let peer = connection.source.ip().to_canonical();
        if let Saw::WebRequest(received) = &event.saw {
            let client = received
                .request
                .client
                .map_or(peer, |client| client.to_canonical());
            if client != peer {
                if self.0.len() >= CONNECTIONS && !self.0.contains_key(&connection.id) {
                    self.0.clear();
                }
                self.0.insert(Arc::clone(&connection.id), (event.request, client));
            }
            return Some(client);
        }
        Some(match self.0.get(&connection.id) {
            Some((request, client)) if event.request.is_some() && *request == event.request => *client,
            _ => peer,
        })
    }
}
