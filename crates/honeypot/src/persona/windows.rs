use imker_exchange::Build;
use jiff::Timestamp;

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
    /// Length of the Diffie-Hellman prime that DHE suites use, in bits.
    pub dhe_bits: u32,
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

impl Windows {
    /// The releases that are known, oldest first.
    ///
    /// Cipher suites and their order: "TLS Cipher Suites in Windows 7", "... 8", "... 8.1", "... 10 v1607", "... 10 v1809"
    /// and "... Windows Server 2022" on learn.microsoft.com (windows/win32/secauthn), updates included. Left out are the
    /// suites that no certificate of an Exchange server can serve (DSS) and those that an application must ask for (NULL).
    /// Versions of TLS: "Protocols in TLS/SSL (Schannel SSP)". Curves: "TLS Elliptic Curves in Windows 10 version 1607 and
    /// later"; before, each suite names its curves, P-256 before P-384.
    ///
    /// Assumptions:
    /// - Server 2008 R2 has TLS 1.1 and 1.2 switched on, as Exchange's own guidance asked for, though Schannel's default
    ///   was TLS 1.0 alone. SSL 3.0, by default on up to Server 2012 R2, is switched off.
    /// - Server 2025 offers the suites of Server 2022 and, unlike it, neither TLS 1.0 nor 1.1.
    /// - DHE primes have 1024 bits up to Server 2012 R2 (Microsoft Security Advisory 3174644 made them configurable), 2048
    ///   bits later.
    pub const ALL: &'static [Self] = &[
        Self {
            name: "Windows Server 2008 R2",
            version: (6, 1, 7601),
            iis: "7.5",
            http2: false,
            tls: UP_TO_TLS12,
            ciphers: WINDOWS_7_AND_8_1,
            ciphers_tls13: &[],
            groups: WITHOUT_X25519,
            dhe_bits: 1024,
        },
        Self {
            name: "Windows Server 2012",
            version: (6, 2, 9200),
            iis: "8.0",
            http2: false,
            tls: UP_TO_TLS12,
            ciphers: WINDOWS_8,
            ciphers_tls13: &[],
            groups: WITHOUT_X25519,
            dhe_bits: 1024,
        },
        Self {
            name: "Windows Server 2012 R2",
            version: (6, 3, 9600),
            iis: "8.5",
            http2: false,
            tls: UP_TO_TLS12,
            ciphers: WINDOWS_7_AND_8_1,
            ciphers_tls13: &[],
            groups: WITHOUT_X25519,
            dhe_bits: 1024,
        },
        Self {
            name: "Windows Server 2016",
            version: (10, 0, 14393),
            iis: "10.0",
            http2: true,
            tls: UP_TO_TLS12,
            ciphers: WINDOWS_10_V1607,
            ciphers_tls13: &[],
            groups: WITH_X25519,
            dhe_bits: 2048,
        },
        Self {
            name: "Windows Server 2019",
            version: (10, 0, 17763),
            iis: "10.0",
            http2: true,
            tls: UP_TO_TLS12,
            ciphers: WINDOWS_10_V1809,
            ciphers_tls13: &[],
            groups: WITH_X25519,
            dhe_bits: 2048,
        },
        Self {
            name: "Windows Server 2022",
            version: (10, 0, 20348),
            iis: "10.0",
            http2: true,
            tls: &[
                TlsVersion::Tls10,
                TlsVersion::Tls11,
                TlsVersion::Tls12,
                TlsVersion::Tls13,
            ],
            ciphers: SERVER_2022,
            ciphers_tls13: TLS13,
            groups: WITH_X25519,
            dhe_bits: 2048,
        },
        Self {
            name: "Windows Server 2025",
            version: (10, 0, 26100),
            iis: "10.0",
            http2: true,
            tls: &[TlsVersion::Tls12, TlsVersion::Tls13],
            ciphers: SERVER_2022,
            ciphers_tls13: TLS13,
            groups: WITH_X25519,
            dhe_bits: 2048,
        },
    ];

    /// The same after this build of Exchange was installed on it.
    ///
    /// Exchange 2019 and later leave neither TLS 1.0 and 1.1 nor suites without forward secrecy or with 3DES (setup runs
    /// `ConfigureCryptoDefaults.ps1`; Microsoft, "Exchange Server TLS configuration best practices"), and TLS 1.3 only from
    /// 2019 CU15 on (practical365.com, "Protecting Exchange Server with TLS 1.3"). Assumed: that suites and curves are those
    /// which that page of Microsoft's recommends, and that servers before CU15 have TLS 1.3 switched off on Windows Server
    /// 2022 too, as Exchange did not support it (microsoft/CSS-Exchange pull request 1195).
    pub fn under(&'static self, build: Build) -> &'static Self {
        if build < FIRST_2019 {
            return self;
        }
        let table = if build < FIRST_WITH_TLS13 {
            WITHOUT_TLS13
        } else {
            WITH_TLS13
        };
        table
            .iter()
            .find(|windows| windows.name == self.name)
            .unwrap_or(self)
    }

    /// The release of this name, with or without `Windows Server` before it, letter case and blanks aside: `2012 R2`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let release = |name: &str| {
            let packed: String = name.chars().filter(|c| !c.is_whitespace()).collect();
            let lower = packed.to_ascii_lowercase();
            lower
                .strip_prefix("windowsserver")
                .map(str::to_owned)
                .unwrap_or(lower)
        };
        let wanted = release(name);
        Self::ALL.iter().find(|windows| release(windows.name) == wanted)
    }
}

/// Exchange 2019 RTM.
const FIRST_2019: Build = Build([15, 2, 221, 12]);
/// Exchange 2019 CU15.
const FIRST_WITH_TLS13: Build = Build([15, 2, 1748, 10]);

const WITHOUT_TLS13: &[Windows] = &[
    hardened(&Windows::ALL[4], false),
    hardened(&Windows::ALL[5], false),
    hardened(&Windows::ALL[6], false),
];
const WITH_TLS13: &[Windows] = &[
    hardened(&Windows::ALL[4], false),
    hardened(&Windows::ALL[5], true),
    hardened(&Windows::ALL[6], true),
];

/// A Windows as the setup of Exchange 2019 leaves it.
const fn hardened(windows: &Windows, tls13: bool) -> Windows {
    Windows {
        name: windows.name,
        version: windows.version,
        iis: windows.iis,
        http2: windows.http2,
        tls: if tls13 {
            &[TlsVersion::Tls12, TlsVersion::Tls13]
        } else {
            &[TlsVersion::Tls12]
        },
        ciphers: HARDENED,
        ciphers_tls13: if tls13 { TLS13 } else { &[] },
        groups: &["P-384", "P-256"],
        dhe_bits: windows.dhe_bits,
    }
}

const HARDENED: &[&str] = &[
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
];

const UP_TO_TLS12: &[TlsVersion] = &[TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12];

const TLS13: &[&str] = &["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"];

const WITHOUT_X25519: &[&str] = &["P-256", "P-384"];

const WITH_X25519: &[&str] = &["X25519", "P-256", "P-384"];

const WINDOWS_7_AND_8_1: &[&str] = &[
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA",
    "DHE-RSA-AES128-SHA",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA256",
    "AES256-SHA",
    "AES128-SHA",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "DES-CBC3-SHA",
    "RC4-SHA",
    "RC4-MD5",
];

const WINDOWS_8: &[&str] = &[
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA256",
    "AES256-SHA",
    "AES128-SHA",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "DES-CBC3-SHA",
    "RC4-SHA",
    "RC4-MD5",
];

const WINDOWS_10_V1607: &[&str] = &[
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA",
    "DHE-RSA-AES256-SHA",
    "DHE-RSA-AES128-SHA",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA256",
    "AES256-SHA",
    "AES128-SHA",
    "DES-CBC3-SHA",
    "RC4-SHA",
    "RC4-MD5",
];

const WINDOWS_10_V1809: &[&str] = &[
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA256",
    "AES256-SHA",
    "AES128-SHA",
    "DES-CBC3-SHA",
];

const SERVER_2022: &[&str] = &[
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-SHA256",
    "AES128-SHA256",
    "AES256-SHA",
    "AES128-SHA",
    "DES-CBC3-SHA",
];

/// FILETIME: 100-nanosecond intervals since 1601 ([MS-DTYP] 2.3.3); 0 before.
pub(crate) fn filetime(at: Timestamp) -> u64 {
    const UNIX_EPOCH: i128 = 116_444_736_000_000_000;
    u64::try_from(at.as_nanosecond().div_euclid(100) + UNIX_EPOCH).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchange_2019_leaves_new_tls_only() {
        let under = |windows: &str, build| {
            let windows = Windows::named(windows).unwrap_or(&Windows::ALL[0]);
            let after = windows.under(Build(build));
            assert_eq!(
                (after.name, after.iis, after.version),
                (windows.name, windows.iis, windows.version)
            );
            (
                after.tls,
                after.ciphers_tls13.len(),
                after.ciphers.contains(&"DES-CBC3-SHA"),
            )
        };
        let (old, new) = (
            &[TlsVersion::Tls12][..],
            &[TlsVersion::Tls12, TlsVersion::Tls13][..],
        );
        assert_eq!(under("2016", [15, 1, 2507, 61]), (UP_TO_TLS12, 0, true));
        assert_eq!(under("2019", [15, 2, 792, 3]), (old, 0, false));
        assert_eq!(under("2022", [15, 2, 1544, 36]), (old, 0, false));
        assert_eq!(under("2022", [15, 2, 1748, 43]), (new, 2, false));
        assert_eq!(under("2019", [15, 2, 2562, 17]), (old, 0, false));
        assert_eq!(under("2025", [15, 2, 2562, 53]), (new, 2, false));
    }

    #[test]
    fn a_release_is_found_by_long_and_short_name() {
        for windows in Windows::ALL {
            assert_eq!(Windows::named(windows.name), Some(windows));
        }
        let builds = |name| Windows::named(name).map(|windows| windows.version.2);
        assert_eq!(builds("2012 R2"), Some(9600));
        assert_eq!(builds("2012r2"), Some(9600));
        assert_eq!(builds("2012"), Some(9200));
        assert_eq!(builds("windows server 2019"), Some(17763));
        assert_eq!(builds("2003"), None);
        assert_eq!(builds(""), None);
    }
}
