//! What a virtual directory accepts.

/// Authentication that a virtual directory has turned on.
///
/// The defaults are those of Microsoft's "Default settings for Exchange virtual directories" (2016/2019), which the
/// `applicationHost.config` of a fresh server bears out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Schemes {
    /// Windows authentication: `Negotiate` and `NTLM`, in this order.
    pub windows: bool,
    /// `Basic`, after these.
    pub basic: bool,
    /// OAuth: never offered unasked, but a `Bearer` token gets an answer of its own.
    pub oauth: bool,
}

impl Schemes {
    /// `/autodiscover`.
    pub const AUTODISCOVER: Self = Self::new(true, true, true);
    /// `/EWS`.
    pub const EWS: Self = Self::new(true, false, true);
    /// `/mapi`.
    pub const MAPI: Self = Self::new(true, false, true);
    /// `/OAB`.
    pub const OAB: Self = Self::new(true, false, true);
    /// `/rpc`.
    pub const RPC: Self = Self::new(true, true, false);
    /// `/Microsoft-Server-ActiveSync`.
    pub const ACTIVE_SYNC: Self = Self::new(false, true, true);
    /// `/PowerShell`: IIS's own schemes are all off. What the server says of Kerberos there is not verified; here
    /// nothing is offered.
    pub const POWERSHELL: Self = Self::new(false, false, false);

    const fn new(windows: bool, basic: bool, oauth: bool) -> Self {
        Self {
            windows,
            basic,
            oauth,
        }
    }
}
