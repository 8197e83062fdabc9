//! Names to addresses.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ProtocolConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use imker_posture::{Fault, FaultKind};
use tokio::sync::Semaphore;

/// Addresses of a name: far more than any server has, and few enough to look at each.
const MOST_ADDRESSES: usize = 256;
/// Records of one kind that are kept.
const MOST_RECORDS: usize = 16;
/// Lookups at a time: each holds a socket.
const AT_A_TIME: usize = 256;
/// Answers that are remembered; a few hundred bytes each.
const REMEMBERED: u64 = 4096;
/// For one try at one server.
const TRY: Duration = Duration::from_secs(3);
/// For all of a lookup, waiting for its turn aside.
const LOOKUP: Duration = Duration::from_secs(10);

/// Looks names up; cheap to clone, and shared by all tasks of a scan. Aliases (CNAME) are followed 8 times at
/// most.
///
/// Addresses come from whoever owns the name: hold them to [`Reaches`](crate::target::Reaches) and
/// [`Exclusions`](crate::target::Exclusions) before asking them.
#[derive(Clone)]
pub struct Resolver {
    dns: TokioResolver,
    room: Arc<Semaphore>,
}

/// No resolver.
#[derive(Debug, thiserror::Error)]
#[error("the system's settings for DNS cannot be used ({0}): name a server with --resolver")]
pub struct NoResolver(String);

impl Resolver {
    /// As the system is set up, its hosts file included.
    ///
    /// # Errors
    /// The system's settings cannot be read, or name no server.
    pub fn system() -> Result<Self, NoResolver> {
        let (config, options) = hickory_resolver::system_conf::read_system_conf()
            .map_err(|error| NoResolver(error.to_string()))?;
        if config.name_servers().is_empty() {
            return Err(NoResolver("no name server".into()));
        }
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        builder.options_mut().use_hosts_file = ResolveHosts::Always;
        Self::build(builder)
    }

    /// By these name servers (UDP, and TCP for long answers), and nothing else.
    ///
    /// # Errors
    /// The resolver cannot be set up.
    pub fn at(servers: &[SocketAddr]) -> Result<Self, NoResolver> {
        let servers = servers.iter().map(|server| {
            let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
                let mut connection = ConnectionConfig::new(protocol);
                connection.port = server.port();
                connection
            });
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_name_servers(servers.collect());
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
        Self::build(builder)
    }

    fn build(
        mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>,
    ) -> Result<Self, NoResolver> {
        let options = builder.options_mut();
        options.timeout = TRY;
        options.attempts = 1;
        options.cache_size = REMEMBERED;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.max_active_requests = AT_A_TIME;
        Ok(Self {
            dns: builder.build().map_err(|error| NoResolver(error.to_string()))?,
            room: Arc::new(Semaphore::new(AT_A_TIME)),
        })
    }

    /// All of a name's addresses, IPv4 first: one at least and 256 at most, each once. The name is a
    /// [`Host`](crate::target::Host)'s; one without a dot is looked for in the system's domains.
    ///
    /// # Errors
    /// [`FaultKind::NoAddress`]: there is no such name, or it has no address. [`FaultKind::LookupFailed`]: name servers
    /// do not answer, or refuse; or there are more than 256 addresses, one of which somebody may have excluded.
    pub async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, Fault> {
        let name = absolute(name)?;
        let found = self.bounded(self.dns.lookup_ip(name)).await?;
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in found.iter().map(|address| address.to_canonical()) {
            if addresses.contains(&address) {
                continue;
            }
            if addresses.len() == MOST_ADDRESSES {
                return Err(failed("more than 256 addresses"));
            }
            addresses.push(address);
        }
        addresses.sort_by_key(IpAddr::is_ipv6);
        match addresses.is_empty() {
            false => Ok(addresses),
            true => Err(no_address()),
        }
    }

    /// A name's records of one kind, 16 at most; none where there is no such name.
    pub(super) async fn records(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Fault> {
        match self.bounded(self.dns.lookup(absolute(name)?, kind)).await {
            Ok(found) => {
                let records = found
                    .answers()
                    .iter()
                    .filter(|record| record.record_type() == kind);
                Ok(records
                    .take(MOST_RECORDS)
                    .map(|record| record.data.clone())
                    .collect())
            }
            Err(fault) if fault.kind == FaultKind::NoAddress => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }

    async fn bounded<T>(&self, lookup: impl Future<Output = Result<T, NetError>>) -> Result<T, Fault> {
        let turn = self.room.acquire().await;
        let result = tokio::time::timeout(LOOKUP, lookup).await;
        drop(turn);
        match result {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) if error.is_nx_domain() || error.is_no_records_found() => Err(no_address()),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(failed("no answer within 10 seconds")),
        }
    }
}

fn absolute(name: &str) -> Result<Name, Fault> {
    let dot = if name.contains('.') && !name.ends_with('.') {
        "."
    } else {
        ""
    };
    Name::from_ascii(format!("{name}{dot}")).map_err(failed)
}

fn no_address() -> Fault {
    Fault {
        kind: FaultKind::NoAddress,
        detail: None,
    }
}

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault {
        kind: FaultKind::LookupFailed,
        detail: Some(error.to_string().chars().take(200).collect()),
    }
}
