//! A configuration with names of its own, as `imker honeypot init` writes it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::config::{Config, count_hosts, count_up};
use crate::document::DocumentError;
use crate::persona::derive::derive;
use crate::persona::names::DomainNames;
use crate::persona::template::Template;
use crate::persona::{built_in, built_in_names, languages};

/// What is to be simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The sensor's name; none for a random one.
    pub sensor: Option<String>,
    /// The data folder, from the folder that the configuration will be in.
    pub data: PathBuf,
    /// Hosts, all in one domain.
    pub hosts: Vec<HostOptions>,
    /// HTTPS ports of each host.
    pub https: Vec<u16>,
    /// HTTP ports of each host.
    pub http: Vec<u16>,
    /// Language and region of names and pages, as in `de-DE`; none for what the first persona says.
    pub language: Option<String>,
    /// Users of the domain.
    pub users: usize,
    /// What all names come of; none for a random one. Only tests have a reason to set it.
    pub seed: Option<[u8; 32]>,
}

/// A host, or as many as a network has addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostOptions {
    /// A persona that comes with the program, or the path of one, from the folder that the configuration will be in.
    pub persona: String,
    /// Addresses of one host, or networks.
    pub addresses: Vec<String>,
}

impl Default for Options {
    /// One vulnerable server on the loopback interface, on high ports.
    fn default() -> Self {
        Self {
            sensor: None,
            data: "honeypot-data".into(),
            hosts: vec![HostOptions {
                persona: "exchange-2016-cu19-mar21su".into(),
                addresses: vec!["127.0.0.1".into()],
            }],
            https: vec![8443],
            http: vec![8080],
            language: None,
            users: 25,
            seed: None,
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// No host is asked for.
    #[error("no host is to be simulated (name at least one address)")]
    NoHost,
    /// There is no such persona.
    #[error("there is no persona `{0}` (name a file that ends in .toml, or one of {known})", known = built_in_names().collect::<Vec<_>>().join(", "))]
    NoPersona(String),
    /// There are no words in this language.
    #[error("there are no names in `{0}` (take one of {known})", known = languages().collect::<Vec<_>>().join(", "))]
    NoLanguage(String),
    /// Neither an address nor a network.
    #[error("{0} (correct the address)")]
    Address(String),
    /// What was asked for makes no configuration.
    #[error(transparent)]
    Refused(#[from] DocumentError),
    /// There are no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] openssl::error::ErrorStack),
}

// Writing to a `String` does not fail.
macro_rules! line {
    ($text:expr, $($argument:tt)*) => {{
        let _ = writeln!($text, $($argument)*);
    }};
}

/// The text of a configuration that is to stand at `path`. It names its own remedies in comments, and it loads.
pub fn configuration(options: &Options, path: &Path) -> Result<String, InitError> {
    let seed = match options.seed {
        Some(seed) => seed,
        None => random()?,
    };
    let first = options.hosts.first().ok_or(InitError::NoHost)?;
    let template = template(&first.persona, path)?;
    let language = options.language.as_deref().unwrap_or(&template.language);
    let mut names = DomainNames::new(&seed, language, &template.host_names)
        .ok_or_else(|| InitError::NoLanguage(language.to_owned()))?;
    if language == &**template.language {
        names.time_zone = template.time_zone.to_string();
    }
    let mut text = String::new();
    head(&mut text, options, &seed);
    domain(&mut text, options, &seed, &names, language);
    text.push_str(
        "\n# Personas that come with the program; whether one is open to a flaw follows from its build:\n",
    );
    for (name, what) in built_in() {
        line!(text, "#   {name}: {what}");
    }
    let mut index = 0;
    for host in &options.hosts {
        let persona = &host.persona;
        self::template(persona, path)?;
        let count = count_hosts(&host.addresses).map_err(InitError::Address)?;
        let name = count_up(&names.host, index);
        host_table(&mut text, options, host, (&name, &names.dns_domain), count > 1);
        index += count;
    }
    let logs = options.data.join("logs");
    let place = |name: &str| quoted(&logs.join(name).display().to_string());
    let settings = include_str!("settings.toml")
        .replace("@EVENTS@", &place("events"))
        .replace("@LOGFILES@", &place("LogFiles"));
    text.push_str(&settings);
    Config::parse(&text, path)?;
    Ok(text)
}

fn template(persona: &str, path: &Path) -> Result<Template, InitError> {
    if persona.ends_with(".toml") {
        let folder = path.parent().unwrap_or(Path::new(""));
        return Ok(Template::read(&folder.join(persona))?);
    }
    let built_in = Template::built_in(persona).ok_or_else(|| InitError::NoPersona(persona.to_owned()))?;
    Ok(built_in?)
}

fn random() -> Result<[u8; 32], InitError> {
    let mut seed = [0; 32];
    openssl::rand::rand_bytes(&mut seed)?;
    Ok(seed)
}

fn head(text: &mut String, options: &Options, seed: &[u8; 32]) {
    let [a, b, c, ..] = derive(seed, &["sensor"]);
    let random_name = || format!("sensor-{a:02x}{b:02x}{c:02x}");
    let sensor = options.sensor.clone().unwrap_or_else(random_name);
    text.push_str(
        "# A honeypot: `imker honeypot --config <this file>`. Whatever has a default may be left out. Relative paths are\n\
         # meant from the folder that this file is in.\n\n\
         # The name that events bear: a-z, 0-9 and -.\n",
    );
    line!(text, "sensor = {}", quoted(&sensor));
    text.push_str("# Where everything is kept. Readable for you alone: it holds passwords and malware.\n");
    line!(text, "data = {}", quoted(&options.data.display().to_string()));
}

fn domain(text: &mut String, options: &Options, seed: &[u8; 32], names: &DomainNames, language: &str) {
    text.push_str(
        "\n# --- Who is simulated -----------------------------------------------------------------------------------------------\n\
         # An Active Directory domain: what its hosts share. All names were made up at random. The public domain may\n\
         # nevertheless belong to somebody: look it up, and better set `mail_domain` and `external_name` to a spare domain of\n\
         # your own.\n\n[[domain]]\n",
    );
    line!(text, "dns_domain = {}", quoted(&names.dns_domain));
    line!(text, "netbios_domain = {}", quoted(&names.netbios_domain));
    line!(
        text,
        "# dns_forest = {}  # without it: the domain",
        quoted(&names.dns_domain)
    );
    line!(text, "organisation = {}", quoted(&names.organisation));
    line!(text, "mail_domain = {}", quoted(&names.mail_domain));
    line!(text, "external_name = {}", quoted(&names.external_name));
    line!(
        text,
        "# Of pages and people: one of {}.",
        languages().collect::<Vec<_>>().join(", ")
    );
    line!(text, "language = {}", quoted(language));
    line!(text, "time_zone = {}", quoted(&names.time_zone));
    line!(text, "users = {}", options.users);
    text.push_str(
        "# Users, certificates' dates and identifiers come of this, the same at each start. Keep it to yourself.\n",
    );
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    line!(text, "seed = {}", quoted(&hex));
}

fn host_table(
    text: &mut String,
    options: &Options,
    host: &HostOptions,
    (name, domain): (&str, &str),
    network: bool,
) {
    text.push_str("\n[[host]]\n");
    if network {
        text.push_str("# Each address of the network is a host: the first has this name, the others count up from it.\n");
    }
    line!(text, "name = {}", quoted(name));
    text.push_str("# Where there are several domains: the one that it belongs to.\n");
    line!(text, "# domain = {}", quoted(domain));
    text.push_str("# One of the above, or a file of your own: \"own.toml\".\n");
    line!(text, "persona = {}", quoted(&host.persona));
    text.push_str(
        "# Addresses of this host; or networks, such as 192.0.2.0/28, each address of which becomes a host; the first and the\n\
         # last, the network's own and the broadcast address, are left out (of IPv6, the first).\n",
    );
    line!(text, "addresses = {}", list(&host.addresses));
    line!(text, "https = {:?}", options.https);
    line!(text, "http = {:?}", options.http);
    text.push_str(
        "# What clients outside call it, where that is not the domain's `external_name`.\n\
         # external_name = \"mail2.example.org\"\n\
         # The address that it believes to have behind its router; without it: one in 10.0.0.0/8.\n\
         # internal_address = \"10.20.0.11\"\n\
         # Without a certificate it makes one like Exchange's own, and keeps it.\n\
         # certificate = { pem = \"chain.pem\", key = \"key.pem\" }  # or: { pkcs12 = \"host.pfx\", password = \"...\" }\n\
         # Files of your own Exchange's FrontEnd\\HttpProxy\\owa\\auth\\<version>\\themes\\resources, copied with their dates: with\n\
         # them the icon has the hash that search engines know. They are not part of this program.\n\
         # resources = \"resources\"\n\
         # Behind load balancers: whose PROXY headers and X-Forwarded-For are believed? With proxy_protocol = \"trusted\", their\n\
         # connections must begin with a PROXY header; others are served without one, under their own address.\n\
         # proxy_protocol = \"off\"\n\
         # trusted_proxies = []\n",
    );
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests;
