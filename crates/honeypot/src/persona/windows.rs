/// A release of Windows Server, as clients see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// `Windows Server 2016`.
    pub name: &'static str,
    /// Version as in NTLM's VERSION structure: `10.0.14393`.
    pub version: (u8, u8, u16),
    /// IIS's version, as in `Microsoft-IIS/10.0`.
    pub iis: &'static str,
    /// Whether HTTP.sys speaks HTTP/2.
    pub http2: bool,
    /// Versions of TLS that Schannel accepts by default, oldest first.
    pub tls: &'static [TlsVersion],
    /// Cipher suites up to TLS 1.2 in Schannel's order, by OpenSSL's names.
    pub ciphers: &'static [&'static str],
    /// Cipher suites of TLS 1.3 in Schannel's order.
    pub ciphers_tls13: &'static [&'static str],
    /// Curves in Schannel's order, by OpenSSL's names.
    pub groups: &'static [&'static str],
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}
