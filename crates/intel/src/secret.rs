//! What of secrets may be shown.

use imker_event::{Credentials, Scheme, Secret};

/// A password as reports show it: its first character and how many there are.
///
/// Nothing where the secret is no password typed by someone (a ticket, a token, a response to a challenge), and
/// nothing of passwords of the operator's own domains: they must be changed, not shown.
pub(crate) fn masked(credentials: &Credentials) -> Option<String> {
    let secret = password(credentials)?;
    let mut chars = secret.0.as_str().chars();
    let first = chars.next()?;
    Some(format!("{first}… ({})", 1 + chars.count()))
}

/// The password, where it is one that may be masked and compared.
pub(crate) fn password(credentials: &Credentials) -> Option<&Secret> {
    let typed = matches!(credentials.scheme, Scheme::Forms | Scheme::Basic);
    credentials
        .secret
        .as_ref()
        .filter(|_| typed && !credentials.own_domain)
}

/// A query whose values that are named like secrets are left out.
pub(crate) fn without_secrets(query: &str) -> String {
    query.split('&').map(parameter).collect::<Vec<_>>().join("&")
}

fn parameter(parameter: &str) -> String {
    const NAMES: [&str; 6] = ["pass", "pwd", "secret", "token", "auth", "key"];
    let Some((name, _)) = parameter.split_once('=') else {
        return parameter.to_owned();
    };
    let lower = name.to_ascii_lowercase();
    if NAMES.iter().any(|secret| lower.contains(secret)) {
        format!("{name}=…")
    } else {
        parameter.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(scheme: Scheme, secret: &str, own_domain: bool) -> Credentials {
        Credentials {
            scheme,
            place: "/owa/auth.owa".into(),
            username: "anna".into(),
            domain: None,
            secret: Some(Secret(secret.into())),
            own_domain,
        }
    }

    #[test]
    fn a_password_is_its_first_character_and_length() {
        assert_eq!(
            masked(&credentials(Scheme::Basic, "Sömmer2026", false)).as_deref(),
            Some("S… (10)")
        );
        assert_eq!(masked(&credentials(Scheme::Basic, "", false)), None);
        assert_eq!(masked(&credentials(Scheme::Basic, "Sommer2026", true)), None);
        assert_eq!(masked(&credentials(Scheme::Ntlm, "anna::X:1122:..", false)), None);
    }

    #[test]
    fn secrets_leave_queries() {
        assert_eq!(
            without_secrets("a=1&PassWord=hunter2&x&apikey=z"),
            "a=1&PassWord=…&x&apikey=…"
        );
    }
}
