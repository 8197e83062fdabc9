use crate::Response;

/// Where a redirect leads.
pub(super) struct Location<'a> {
    /// Host and port; absent where it stays on the server.
    pub authority: Option<&'a str>,
    /// Path, with its first `/`.
    pub path: &'a str,
    /// Query, empty where there is none.
    pub query: &'a str,
}

const LOGON: &str = "/owa/auth/logon.aspx";
const ERROR: &str = "/owa/auth/errorfe.aspx";

impl<'a> Location<'a> {
    /// The `Location` of an answer (RFC 9110, 10.2.2), absolute or relative.
    pub fn of(response: &'a Response) -> Option<Self> {
        if !(300..400).contains(&response.status) {
            return None;
        }
        let text = response.header("Location")?.trim();
        let text = text.split('#').next().unwrap_or_default();
        let (before, query) = text.split_once('?').unwrap_or((text, ""));
        let rest = match before.split_once("//") {
            Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => rest,
            _ => {
                return Some(Self {
                    authority: None,
                    path: before,
                    query,
                });
            }
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        Some(Self {
            authority: Some(authority),
            path,
            query,
        })
    }

    /// Whether it is OWA's logon page.
    pub fn is_logon(&self) -> bool {
        self.path.eq_ignore_ascii_case(LOGON)
    }

    /// Whether it is the front end's error page.
    pub fn is_error(&self) -> bool {
        self.path.eq_ignore_ascii_case(ERROR)
    }

    /// Whether its query has a parameter, letter case aside.
    pub fn has(&self, parameter: &str) -> bool {
        let mut names = self
            .query
            .split('&')
            .map(|pair| pair.split('=').next().unwrap_or_default());
        names.any(|name| name.eq_ignore_ascii_case(parameter))
    }

    /// Its host, without port and brackets.
    pub fn host(&self) -> Option<&'a str> {
        let authority = self.authority?.rsplit('@').next()?;
        if let Some(rest) = authority.strip_prefix('[') {
            return rest.split(']').next();
        }
        authority.split(':').next()
    }
}
