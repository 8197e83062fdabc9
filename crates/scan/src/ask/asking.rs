use std::net::SocketAddr;

use imker_posture::{Answer, Check, Checks, Fault, FaultKind, Observation, Response, Service, Visit};

use super::connection::{Connection, Exchanged};
use super::plan::{Destination, Limits, Scheme};
use super::tls::NoTls;
use super::{Asker, Heard, fault, request, smtp};

/// Requests in a row that nothing answers, before an address is given up.
const SILENT: u32 = 3;

/// All that is asked of one target.
pub(super) struct Asking<'a> {
    pub(super) asker: &'a Asker,
    pub(super) destination: &'a Destination,
    pub(super) seen: &'a mut Observation,
    scheme: Scheme,
    pub(super) connection: Option<Connection>,
    /// Requests in a row that ended without a byte of an answer.
    silent: u32,
    heard: &'a Heard,
    /// An address refused a connection.
    refused: bool,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        asker: &'a Asker,
        destination: &'a Destination,
        seen: &'a mut Observation,
        heard: &'a Heard,
    ) -> Self {
        Self {
            asker,
            destination,
            seen,
            scheme: Scheme::Https,
            connection: None,
            silent: 0,
            heard,
            refused: false,
        }
    }

    pub(super) fn limits(&self) -> &'a Limits {
        &self.asker.plan.limits
    }

    pub(super) async fn everything(mut self) {
        if self.destination.addresses.is_empty() {
            self.seen.fault = Some(fault::plain(FaultKind::NoAddress));
            return;
        }
        self.over_http().await;
        if let Some(ports) = self.asker.plan.smtp {
            let (asker, destination) = (self.asker, self.destination);
            for (service, port) in [
                (Service::Smtp, ports.smtp),
                (Service::Submission, ports.submission),
            ] {
                let visit = smtp::ask(&asker.contexts, destination, service, port, self.limits()).await;
                self.seen.smtp.push(visit);
            }
        }
    }

    async fn over_http(&mut self) {
        let Destination { scheme, port, .. } = self.destination;
        self.addresses(scheme.unwrap_or(Scheme::Https)).await;
        let open = scheme.is_none() && port.is_none() && self.seen.checks == Checks::Full;
        if open && self.refused && self.seen.visits.is_empty() {
            let before = self.seen.fault.take();
            self.addresses(Scheme::Http).await;
            if self.seen.visits.is_empty() {
                self.seen.fault = before;
            }
        }
    }

    /// Quick: the first address that takes a connection. Full: all of them.
    async fn addresses(&mut self, scheme: Scheme) {
        let port = self.destination.port.unwrap_or(scheme.port());
        for address in self.destination.addresses.iter().take(self.limits().addresses) {
            let address = SocketAddr::new(*address, port);
            (self.scheme, self.connection, self.silent) = (scheme, None, 0);
            let asked = match self.seen.checks {
                Checks::Quick => self.quick(address).await,
                Checks::Full => self.full(address).await,
            };
            let visited = self.seen.visits.iter().any(|visit| visit.address == address);
            if let Err(fault) = asked {
                self.refused |= fault.kind == FaultKind::Refused;
                // That nobody is at one address must not hide that another was not asked to the end.
                if self
                    .seen
                    .fault
                    .as_ref()
                    .is_none_or(|known| known.kind.is_nobody())
                {
                    self.seen.fault = Some(self.naming(address, fault));
                }
            } else if self.seen.checks == Checks::Quick {
                self.seen.fault = None;
            }
            if visited && self.seen.checks == Checks::Quick {
                return;
            }
        }
    }

    /// Where there are several addresses, a fault says which it is of.
    fn naming(&self, address: SocketAddr, fault: Fault) -> Fault {
        let detail = match (fault.detail, self.destination.addresses.len()) {
            (detail, 1) => detail,
            (Some(detail), _) => Some(format!("{address}: {detail}")),
            (None, _) => Some(address.to_string()),
        };
        Fault { detail, ..fault }
    }

    async fn quick(&mut self, address: SocketAddr) -> Result<(), Fault> {
        let [first, second, last] = Check::QUICK;
        self.request(address, first, false).await?;
        self.request(address, second, false).await?;
        self.request(address, last, true).await
    }

    /// Asks over the connection that is there, or a new one.
    ///
    /// # Errors
    /// There is no connection to be had, or no use in asking more.
    pub(super) async fn request(
        &mut self,
        address: SocketAddr,
        check: Check,
        last: bool,
    ) -> Result<(), Fault> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open(address).await?,
        };
        let used = connection.is_used();
        let mut exchanged = self.exchange(&mut connection, address, check, last).await;
        // The server may have closed an idle connection meanwhile. Over a new one, its end is an answer.
        if exchanged.unanswered && used {
            drop(connection);
            connection = match self.open(address).await {
                Ok(connection) => connection,
                Err(fault) => {
                    self.keep(exchanged.answer)?;
                    return Err(fault);
                }
            };
            exchanged = self.exchange(&mut connection, address, check, last).await;
        }
        if exchanged.reusable {
            self.connection = Some(connection);
        }
        self.keep(exchanged.answer)
    }

    async fn exchange(
        &self,
        connection: &mut Connection,
        address: SocketAddr,
        check: Check,
        last: bool,
    ) -> Exchanged {
        let host = request::host(self.destination.name(), address, self.scheme);
        let bytes = request::request_bytes(check, &host, &self.asker.user_agent);
        connection.exchange(check, &bytes, self.limits(), last).await
    }

    async fn open(&mut self, address: SocketAddr) -> Result<Connection, Fault> {
        let (asker, name) = (self.asker, self.destination.name());
        let opened = Connection::open(&asker.contexts, address, name, self.scheme, self.limits()).await;
        let (connection, tls) = match opened {
            // Another protocol, or HTTP without TLS.
            Err(NoTls::NotTls(not_tls)) if self.scheme == Scheme::Https => {
                let plain =
                    Connection::open(&asker.contexts, address, name, Scheme::Http, self.limits()).await;
                let plain = plain.map_err(|_| not_tls)?;
                self.scheme = Scheme::Http;
                plain
            }
            opened => opened.map_err(NoTls::fault)?,
        };
        self.seen.visits.push(Visit {
            address,
            tls,
            answers: Vec::new(),
        });
        Ok(connection)
    }

    /// Answers of one address so far.
    pub(super) fn responses(&self, address: SocketAddr) -> impl Iterator<Item = (Check, &Response)> {
        let visits = self
            .seen
            .visits
            .iter()
            .filter(move |visit| visit.address == address);
        visits
            .flat_map(|visit| &visit.answers)
            .filter_map(|answer| Some((answer.check, answer.response.as_ref()?)))
    }

    fn keep(&mut self, answer: Answer) -> Result<(), Fault> {
        self.silent = match answer.response {
            Some(_) => 0,
            None => self.silent + 1,
        };
        if answer.response.is_some() {
            self.heard.set();
        }
        let fault = answer.fault.clone().filter(|_| answer.response.is_none());
        if let Some(visit) = self.seen.visits.last_mut() {
            visit.answers.push(answer);
        }
        let Some(fault) = fault else {
            return Ok(());
        };
        let here = self.seen.visits.last().map(|visit| visit.address);
        let answered = here.is_some_and(|here| self.responses(here).next().is_some());
        let hopeless = match fault.kind {
            FaultKind::NotHttp => !answered,
            FaultKind::Timeout => self.silent >= SILENT,
            _ => self.silent >= SILENT && !answered,
        };
        if hopeless { Err(fault) } else { Ok(()) }
    }
}
