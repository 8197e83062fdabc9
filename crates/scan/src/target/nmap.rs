//! Hosts from nmap's XML (`-oX`, nmap.dtd): those that are up, with open ports that speak HTTP or HTTPS.
//!
//! The file may come from anybody: elements are read one at a time, of bounded size and depth; entities other than
//! XML's own five are refused and a document type with declarations of its own too.

use std::io::BufRead;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::bounded::Bounded;
use super::{BadTarget, Host, Scheme, Target, WhyBad};

/// Bytes of a tag or of text between tags; output of nmap's scripts stands in attributes.
const LARGEST: usize = 1024 * 1024;
/// nmap's own go to ten or so.
const DEEPEST: usize = 32;
/// Ports of one host that are taken.
const MOST_PORTS: usize = 64;

/// Why an XML file is not read.
#[derive(Debug, thiserror::Error)]
pub enum NmapError {
    /// Not well-formed, or cut short.
    #[error("byte {at}: {error}; let nmap run to its end, or name the hosts in a list")]
    Xml {
        /// Where, in bytes.
        at: u64,
        /// What is wrong.
        error: Box<quick_xml::Error>,
    },
    /// Ends too early.
    #[error("cut short after {at} bytes; let nmap run to its end, or name the hosts in a list")]
    CutShort {
        /// Its size, in bytes.
        at: u64,
    },
    /// Something that nmap does not write.
    #[error("byte {at}: {what}; nmap does not write that")]
    Strange {
        /// Where, in bytes.
        at: u64,
        /// What.
        what: &'static str,
    },
}

/// A `host` element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NmapHost {
    /// Its number in the file, from 1.
    pub(super) number: u64,
    pub(super) up: bool,
    address: Option<String>,
    /// The name that nmap was given.
    name: Option<String>,
    /// Whether ports were looked at.
    ports: bool,
    web: Vec<(Scheme, u16)>,
    too_many: bool,
}

impl NmapHost {
    /// Its targets: HTTPS, or HTTP where that is all there is; the host itself where nmap looked at no ports (`-sn`).
    pub(super) fn targets(&self) -> Result<Vec<Target>, BadTarget> {
        let text = self
            .name
            .as_deref()
            .or(self.address.as_deref())
            .unwrap_or_default();
        if self.too_many {
            return Err(BadTarget::new(text, WhyBad::Ports));
        }
        let host: Host = text.parse()?;
        if !self.ports {
            return Ok(vec![host.into()]);
        }
        let tls = self.web.iter().any(|(scheme, _)| *scheme == Scheme::Https);
        let wanted = if tls { Scheme::Https } else { Scheme::Http };
        let ports = self.web.iter().filter(|(scheme, _)| *scheme == wanted);
        Ok(ports
            .map(|(scheme, port)| Target::new(Some(*scheme), host.clone(), Some(*port)))
            .collect())
    }
}

/// A `port` element.
#[derive(Default)]
struct Port {
    number: Option<u16>,
    tcp: bool,
    open: bool,
    service: String,
    /// Whether nmap asked (`-sV`), rather than looked the port up.
    probed: bool,
    tunnel: bool,
}

impl Port {
    fn web(&self) -> Option<(Scheme, u16)> {
        let number = self.number.filter(|_| self.tcp && self.open)?;
        let http = self.service.starts_with("http");
        let tls = self.service.starts_with("https") || self.service.starts_with("ssl/http");
        let scheme = match number {
            _ if tls || http && self.tunnel => Scheme::Https,
            _ if self.probed && !self.service.is_empty() => return http.then_some((Scheme::Http, number)),
            443 | 444 | 4443 | 8443 | 9443 => Scheme::Https,
            _ if http => Scheme::Http,
            80 | 81 | 8080 => Scheme::Http,
            _ => return None,
        };
        Some((scheme, number))
    }
}

/// Hosts in the order of the file.
pub(super) struct Hosts<R> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    depth: usize,
    begun: bool,
    number: u64,
}

impl<R: BufRead> Hosts<R> {
    pub(super) fn new(read: R) -> Self {
        Self {
            reader: Reader::from_reader(Bounded { read, left: LARGEST }),
            buffer: Vec::new(),
            depth: 0,
            begun: false,
            number: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<NmapHost>, NmapError> {
        let mut host: Option<NmapHost> = None;
        let mut port: Option<Port> = None;
        loop {
            let at = self.reader.buffer_position();
            let strange = |what| NmapError::Strange { at, what };
            self.buffer.clear();
            self.reader.get_mut().left = LARGEST;
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(xml(at, error)),
            };
            let (tag, empty) = match &event {
                Event::Start(tag) => (tag, false),
                Event::Empty(tag) => (tag, true),
                Event::End(tag) => {
                    self.depth = self.depth.saturating_sub(1);
                    match tag.name().into_inner() {
                        "host" if self.depth == 1 && host.is_some() => return Ok(host),
                        "port" => end_port(&mut host, &mut port),
                        _ => {}
                    }
                    continue;
                }
                Event::DocType(text) if text.contains('[') => {
                    return Err(strange("a document type with declarations"));
                }
                Event::GeneralRef(_) => return Err(strange("an entity between elements")),
                Event::Eof if self.depth > 0 || !self.begun => return Err(NmapError::CutShort { at }),
                Event::Eof => return Ok(None),
                _ => continue,
            };
            let name = tag.name().into_inner();
            match self.depth {
                0 if name != "nmaprun" => return Err(strange("an element other than nmaprun at the top")),
                0 => self.begun = true,
                1 if name == "host" => {
                    self.number += 1;
                    host = Some(NmapHost {
                        number: self.number,
                        up: true,
                        ..NmapHost::default()
                    });
                }
                DEEPEST => return Err(strange("elements nested more than 32 deep")),
                _ => {}
            }
            if let Some(host) = &mut host {
                read_tag(tag, host, &mut port).map_err(|error| xml(at, error))?;
            }
            if !empty {
                self.depth += 1;
                continue;
            }
            match name {
                "host" if self.depth == 1 => return Ok(host),
                "port" => end_port(&mut host, &mut port),
                _ => {}
            }
        }
    }
}

fn xml(at: u64, error: quick_xml::Error) -> NmapError {
    NmapError::Xml {
        at,
        error: Box::new(error),
    }
}

fn end_port(host: &mut Option<NmapHost>, port: &mut Option<Port>) {
    if let (Some(host), Some(web)) = (host, port.take().and_then(|port| port.web())) {
        if host.web.len() < MOST_PORTS {
            host.web.push(web);
        } else {
            host.too_many = true;
        }
    }
}

fn read_tag(tag: &BytesStart<'_>, host: &mut NmapHost, port: &mut Option<Port>) -> quick_xml::Result<()> {
    let attribute = |name: &str| -> quick_xml::Result<Option<String>> {
        let Some(attribute) = tag.try_get_attribute(name)? else {
            return Ok(None);
        };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
        Ok(Some(value.chars().take(300).collect()))
    };
    let is = |name: &str, value: &str| Ok::<_, quick_xml::Error>(attribute(name)?.as_deref() == Some(value));
    match tag.name().into_inner() {
        // Of ports, `status` is called `state`.
        "status" => host.up = is("state", "up")?,
        "address" if !is("addrtype", "mac")? => {
            let address = attribute("addr")?;
            host.address = host.address.take().or(address);
        }
        "hostname" if is("type", "user")? => {
            let name = attribute("name")?;
            host.name = host.name.take().or(name);
        }
        "ports" => host.ports = true,
        "port" => {
            *port = Some(Port {
                number: attribute("portid")?.and_then(|number| number.parse().ok()),
                tcp: is("protocol", "tcp")?,
                ..Port::default()
            });
        }
        "state" => {
            if let Some(port) = port {
                port.open = is("state", "open")?;
            }
        }
        "service" => {
            if let Some(port) = port {
                port.service = attribute("name")?.unwrap_or_default();
                port.probed = is("method", "probed")?;
                port.tunnel = is("tunnel", "ssl")?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Reads nmap's XML as targets, for fuzzing.
///
/// # Errors
/// It is not nmap's.
#[doc(hidden)]
pub fn read(xml: &[u8]) -> Result<Vec<Target>, NmapError> {
    let mut hosts = Hosts::new(xml);
    let mut targets = Vec::new();
    while let Some(host) = hosts.next()? {
        targets.extend(host.targets().unwrap_or_default());
    }
    Ok(targets)
}
