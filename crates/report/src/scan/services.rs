//! What handshakes and mail services told, in words.

use imker_posture::{Observation, SmtpVisit, Tls, TlsVersion, TlsVersions};

use crate::language::Texts;

/// Addresses, each with the versions of TLS that it speaks, or with its greeting and what STARTTLS led to.
pub(super) fn services(texts: &Texts, observation: &Observation) -> Vec<(String, String)> {
    let tls = observation
        .tls_versions
        .iter()
        .map(|seen| (seen.address.to_string(), versions(texts, seen)));
    let mail = observation.smtp.iter().map(|visit| {
        let address = visit.address.map(|address| address.to_string());
        (address.unwrap_or_else(|| "SMTP".to_owned()), mail(texts, visit))
    });
    tls.chain(mail).filter(|(_, told)| !told.is_empty()).collect()
}

/// Names of versions: `TLSv1.0, TLSv1.2`.
pub(super) fn names<'a>(versions: impl IntoIterator<Item = &'a TlsVersion>, separator: &str) -> String {
    let names: Vec<&str> = versions.into_iter().map(|version| version.name()).collect();
    names.join(separator)
}

/// A session: certificate, its end, version and cipher suite.
pub(super) fn session(texts: &Texts, tls: &Tls) -> String {
    let mut parts = Vec::new();
    if let Some(certificate) = &tls.certificate {
        parts.push(certificate.subject.clone());
        if let Some(end) = certificate.not_after {
            let date = end.strftime("%Y-%m-%d").to_string();
            parts.push(texts.say_with("scan-until", [("date", date.into())]));
        }
    }
    parts.push(format!("{} {}", tls.version.name(), tls.cipher));
    parts.join(" · ")
}

fn versions(texts: &Texts, seen: &TlsVersions) -> String {
    let lists = [
        ("scan-tls-spoken", &seen.spoken),
        ("scan-tls-refused", &seen.refused),
    ];
    let said = lists.into_iter().filter(|(_, versions)| !versions.is_empty());
    let said = said.map(|(id, versions)| texts.say_with(id, [("versions", names(versions, ", ").into())]));
    said.collect::<Vec<_>>().join(" · ")
}

fn mail(texts: &Texts, visit: &SmtpVisit) -> String {
    let mut parts: Vec<String> = visit.banner.iter().cloned().collect();
    let is_offered = visit
        .extensions
        .iter()
        .any(|extension| extension.eq_ignore_ascii_case("STARTTLS"));
    match &visit.tls {
        Some(tls) => parts.push(format!("STARTTLS: {}", session(texts, tls))),
        None if !is_offered && !visit.extensions.is_empty() => parts.push(texts.say("scan-no-starttls")),
        None => {}
    }
    let fault = visit.fault.as_ref();
    parts.extend(fault.map(|fault| texts.name("fault", fault.kind.name())));
    parts.join(" · ")
}
