//! What of secrets may be shown.

use imker_event::{Credentials, Scheme, Secret};

/// A password as reports show it: how many characters there are and, where there are more than three, the first.
///
/// Nothing where the secret is no password typed by someone (a ticket, a token, a response to a challenge), and
/// nothing of passwords of the operator's own domains: they must be changed, not shown.
pub(crate) fn masked(credentials: &Credentials) -> Option<String> {
    let secret = password(credentials)?;
    let mut chars = secret.0.as_str().chars();
    let first = chars.next()?;
    let count = 1 + chars.count();
    Some(if count > 3 {
        format!("{first}… ({count})")
    } else {
        format!("… ({count})")
    })
}

/// The password, where it is one that may be masked and compared.
pub(crate) fn password(credentials: &Credentials) -> Option<&Secret> {
    let typed = matches!(credentials.scheme, Scheme::Forms | Scheme::Basic);
    credentials
        .secret
        .as_ref()
        .filter(|_| typed && !credentials.own_domain)
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
        assert_eq!(
            masked(&credentials(Scheme::Basic, "abc", false)).as_deref(),
            Some("… (3)")
        );
        assert_eq!(masked(&credentials(Scheme::Basic, "", false)), None);
        assert_eq!(masked(&credentials(Scheme::Basic, "Sommer2026", true)), None);
        assert_eq!(masked(&credentials(Scheme::Ntlm, "anna::X:1122:..", false)), None);
    }
}
