//! The hosts as nmap writes its results (`-oX`, nmap.dtd), so that its tools read them.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use imker_posture::{Assessment, CveFinding, FrontEnd, Observation};
use jiff::Timestamp;

use super::{ScanEnd, ScanHead, ScanWriter, words};
use crate::escape::visible;
use crate::language::{Language, Texts};

/// Version of nmap's format that is kept to.
const FORMAT: &str = "1.05";

/// Keeps to nmap.dtd but for the attribute `scanner`: it permits `nmap` alone, which would be untrue.
///
/// Writes a host element for each target, with a script element `imker-exchange` for what was found.
pub struct NmapXml<W> {
    out: W,
    texts: Texts,
    /// Hosts that took no connection.
    down: u64,
}

impl<W: io::Write> NmapXml<W> {
    /// Begins the document.
    pub fn new(head: &ScanHead, language: Language, mut out: W) -> io::Result<Self> {
        let created = head.created;
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n\
             <nmaprun scanner=\"imker\" args=\"{}\" start=\"{}\" startstr=\"{}\" version=\"{}\" \
             xmloutputversion=\"{FORMAT}\">",
            Xml(&arguments(head)),
            created.as_second(),
            asctime(created),
            Xml(&head.version),
        )?;
        writeln!(out, "<verbose level=\"0\"/>\n<debugging level=\"0\"/>")?;
        Ok(Self {
            out,
            texts: Texts::new(language),
            down: 0,
        })
    }
}

impl<W: io::Write> ScanWriter for NmapXml<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let start = observation.started.as_second();
        let took = i64::try_from(observation.took_ms / 1000).unwrap_or(0);
        let state = match observation.visits.is_empty() {
            true => "down",
            false => "up",
        };
        self.down += u64::from(observation.visits.is_empty());
        writeln!(
            self.out,
            "<host starttime=\"{start}\" endtime=\"{}\"><status state=\"{state}\" reason=\"user-set\" reason_ttl=\"0\"/>",
            start.saturating_add(took)
        )?;
        let (name, literal) = host_of(&observation.target);
        let first = observation.visits.first().map(|visit| visit.address.ip());
        // The format asks for an address, which a name that was not asked does not have.
        let address = first.or(literal).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let address = address.to_canonical();
        let kind = if address.is_ipv6() { "ipv6" } else { "ipv4" };
        writeln!(self.out, "<address addr=\"{address}\" addrtype=\"{kind}\"/>")?;
        if literal.is_none() {
            let name = Xml(name);
            writeln!(
                self.out,
                "<hostnames><hostname name=\"{name}\" type=\"user\"/></hostnames>"
            )?;
        }
        self.ports(observation, assessment)?;
        if observation.visits.is_empty() {
            let script = self.script(assessment);
            writeln!(self.out, "<hostscript>{script}</hostscript>")?;
        }
        writeln!(self.out, "</host>")
    }

    fn end(&mut self, end: &ScanEnd) -> io::Result<()> {
        let took = i64::try_from(end.took_ms / 1000).unwrap_or(0);
        let finished = end.finished.as_second();
        // What "down" means here: no connection to any of its addresses.
        let (down, hosts) = (self.down, end.summary.hosts);
        let exit = match end.complete {
            true => "exit=\"success\"",
            false => "exit=\"error\" errormsg=\"not every target was asked\"",
        };
        writeln!(
            self.out,
            "<runstats><finished time=\"{finished}\" timestr=\"{}\" elapsed=\"{took}.00\" {exit}/>\
             <hosts up=\"{}\" down=\"{down}\" total=\"{hosts}\"/></runstats>\n</nmaprun>",
            asctime(end.finished),
            hosts - down
        )?;
        self.out.flush()
    }
}

impl<W: io::Write> NmapXml<W> {
    fn ports(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        writeln!(self.out, "<ports>")?;
        let mut ports: Vec<SocketAddr> = observation.visits.iter().map(|visit| visit.address).collect();
        ports.sort_unstable_by_key(SocketAddr::port);
        ports.dedup_by_key(|address| address.port());
        for (place, address) in ports.iter().enumerate() {
            let answers = observation
                .visits
                .iter()
                .filter(|visit| visit.address.port() == address.port());
            let is_tls = answers.clone().any(|visit| visit.tls.is_some());
            let is_open = answers
                .flat_map(|visit| &visit.answers)
                .any(|answer| answer.response.is_some());
            let state = if is_open { "open" } else { "filtered" };
            let tunnel = if is_tls { " tunnel=\"ssl\"" } else { "" };
            write!(
                self.out,
                "<port protocol=\"tcp\" portid=\"{}\"><state state=\"{state}\" reason=\"user-set\" reason_ttl=\"0\"/>\
                 <service name=\"http\"{tunnel}{} method=\"probed\" conf=\"10\"/>",
                address.port(),
                product(assessment)
            )?;
            if place == 0 {
                write!(self.out, "{}", self.script(assessment))?;
            }
            writeln!(self.out, "</port>")?;
        }
        writeln!(self.out, "</ports>")
    }
}

/// The command line as far as the result tells it.
fn arguments(head: &ScanHead) -> String {
    let mut text = String::from("imker scan");
    for (option, value) in [("--authorised", &head.authorised), ("--contact", &head.contact)] {
        if let Some(value) = value {
            let _ = write!(text, " {option} '{value}'");
        }
    }
    text
}

/// The host of a target such as `https://mail.example.org:8443`, and whether that is an address.
fn host_of(target: &str) -> (&str, Option<IpAddr>) {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    if let Ok(address) = rest.parse() {
        return (rest, Some(address));
    }
    let host = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => rest.rsplit_once(':').map_or(rest, |(host, _)| host),
    };
    (host, host.parse().ok())
}

/// The service's product and version.
fn product(assessment: &Assessment) -> String {
    let Some(worst) = assessment.front_ends.first() else {
        return String::new();
    };
    let mut text = String::from(" product=\"Microsoft Exchange OWA\"");
    if let Some(build) = worst.build {
        let _ = write!(text, " version=\"{build}\"");
    }
    if let Some(name) = &worst.name {
        let _ = write!(text, " hostname=\"{}\"", Xml(name));
    }
    text
}

impl<W> NmapXml<W> {
    fn script(&self, assessment: &Assessment) -> String {
        let texts = &self.texts;
        let verdict = words::verdict(texts, assessment.verdict);
        let mut lines = vec![format!("{verdict}: {}", texts.reason(&assessment.reason))];
        for front_end in &assessment.front_ends {
            lines.push(front_end_line(front_end));
            lines.extend(
                front_end
                    .install
                    .as_ref()
                    .map(|install| format!("  {}", texts.reason(install))),
            );
            for cve in &front_end.cves {
                let said = words::cve_verdict(texts, cve.verdict);
                lines.push(format!(
                    "  {} {}: {said}. {}",
                    cve.id,
                    cve.alias,
                    texts.reason(&cve.reason)
                ));
            }
        }
        lines.extend(
            assessment
                .findings
                .iter()
                .map(|finding| texts.reason(&finding.what)),
        );
        let output = lines
            .iter()
            .map(|line| format!("\n  {}", Xml(line)))
            .collect::<String>();
        let mut text = format!(
            "<script id=\"imker-exchange\" output=\"{}\">",
            output.replace('\n', "&#xa;")
        );
        let _ = write!(text, "<elem key=\"verdict\">{}</elem>", assessment.verdict.name());
        for front_end in &assessment.front_ends {
            let name = front_end.name.as_deref().unwrap_or_default();
            let _ = write!(text, "<table key=\"{}\">", Xml(name));
            if let Some(build) = front_end.build {
                let _ = write!(text, "<elem key=\"build\">{build}</elem>");
            }
            front_end.cves.iter().for_each(|cve| text.push_str(&elem(cve)));
            text.push_str("</table>");
        }
        text.push_str("</script>");
        text
    }
}

fn front_end_line(front_end: &FrontEnd) -> String {
    let name = front_end.name.as_deref().unwrap_or("-");
    let build = front_end.build.map(|build| build.to_string()).unwrap_or_default();
    let release = front_end.release.as_deref().unwrap_or_default();
    format!("{name}: {build} {release}").trim_end().to_owned()
}

fn elem(cve: &CveFinding) -> String {
    format!("<elem key=\"{}\">{}</elem>", cve.id, words::cve_name(cve.verdict))
}

/// A time as C's `asctime` writes it, which is what nmap's tools show.
fn asctime(time: Timestamp) -> String {
    time.strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// Text in an attribute or element: markup escaped, control and other unsafe characters shown by code, among them those
/// that XML 1.0 cannot hold (2.2, Char).
struct Xml<'a>(&'a str);

impl std::fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in visible(self.0).chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{fffe}' | '\u{ffff}' => f.write_str("\u{fffd}")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::host_of;

    #[test]
    fn hosts_of_targets() {
        for (target, host, is_address) in [
            ("mail.example.org", "mail.example.org", false),
            ("mail.example.org:8443", "mail.example.org", false),
            ("http://mail.example.org:8080", "mail.example.org", false),
            ("192.0.2.7:8443", "192.0.2.7", true),
            ("2001:db8::7", "2001:db8::7", true),
            ("[2001:db8::7]:8443", "2001:db8::7", true),
            ("http://[2001:db8::7]:80", "2001:db8::7", true),
        ] {
            let (found, address) = host_of(target);
            assert_eq!((found, address.is_some()), (host, is_address), "{target}");
        }
    }
}
