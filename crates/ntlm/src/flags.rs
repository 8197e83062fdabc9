use std::ops::{BitAnd, BitOr, BitOrAssign};

/// NEGOTIATE flags ([MS-NLMP] 2.2.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u32);

impl Flags {
    /// Names in UTF-16.
    pub const UNICODE: Self = Self(0x0000_0001);
    /// Names in the OEM code page.
    pub const OEM: Self = Self(0x0000_0002);
    /// The challenge shall name its target.
    pub const REQUEST_TARGET: Self = Self(0x0000_0004);
    /// Messages can be signed.
    pub const SIGN: Self = Self(0x0000_0010);
    /// Messages can be sealed.
    pub const SEAL: Self = Self(0x0000_0020);
    /// LAN Manager session keys.
    pub const LM_KEY: Self = Self(0x0000_0080);
    /// NTLM version 1 session keys; set in practice always.
    pub const NTLM: Self = Self(0x0000_0200);
    /// The client logs on as nobody.
    pub const ANONYMOUS: Self = Self(0x0000_0800);
    /// The NEGOTIATE message names the client's domain.
    pub const OEM_DOMAIN_SUPPLIED: Self = Self(0x0000_1000);
    /// The NEGOTIATE message names the workstation.
    pub const OEM_WORKSTATION_SUPPLIED: Self = Self(0x0000_2000);
    /// Signatures always, be they empty.
    pub const ALWAYS_SIGN: Self = Self(0x0000_8000);
    /// The target is a domain.
    pub const TARGET_TYPE_DOMAIN: Self = Self(0x0001_0000);
    /// The target is a server.
    pub const TARGET_TYPE_SERVER: Self = Self(0x0002_0000);
    /// NTLM version 2 session security.
    pub const EXTENDED_SESSION_SECURITY: Self = Self(0x0008_0000);
    /// An identify-level token is asked for.
    pub const IDENTIFY: Self = Self(0x0010_0000);
    /// The challenge carries AV pairs.
    pub const TARGET_INFO: Self = Self(0x0080_0000);
    /// The message carries a VERSION.
    pub const VERSION: Self = Self(0x0200_0000);
    /// 128-bit keys.
    pub const KEY_128: Self = Self(0x2000_0000);
    /// An explicit key exchange.
    pub const KEY_EXCHANGE: Self = Self(0x4000_0000);
    /// 56-bit keys.
    pub const KEY_56: Self = Self(0x8000_0000);

    /// Whether all of `flags` are set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// What a Windows server sets in its challenge to a client that offers these, [MS-NLMP] 3.2.5.1.1: one character
    /// set, what both can do, the target as a domain, and whatever was offered, AV pairs and a VERSION.
    #[must_use]
    pub fn answered(self) -> Self {
        let echoed = Self::SIGN
            | Self::SEAL
            | Self::ALWAYS_SIGN
            | Self::IDENTIFY
            | Self::KEY_128
            | Self::KEY_EXCHANGE
            | Self::KEY_56;
        let mut flags = Self::NTLM | Self::TARGET_INFO | Self::VERSION | (self & echoed);
        flags |= match self.has(Self::UNICODE) {
            true => Self::UNICODE,
            false => Self::OEM,
        };
        flags |= match self.has(Self::EXTENDED_SESSION_SECURITY) {
            true => Self::EXTENDED_SESSION_SECURITY,
            false => self & Self::LM_KEY,
        };
        if self.has(Self::REQUEST_TARGET) {
            flags |= Self::REQUEST_TARGET | Self::TARGET_TYPE_DOMAIN;
        }
        flags
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Flags {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::Flags;

    /// Offers and answers of Windows servers in published captures.
    #[test]
    fn answers_as_windows_does() {
        for (offered, answered) in [
            // curl to IIS 10 on build 14393.
            (0x0008_8207, 0x0289_8205),
            // requests-ntlm and others that want keys.
            (0xe008_8237, 0xe289_8235),
            // Internet Explorer on Windows XP.
            (0xa208_8207, 0xa289_8205),
        ] {
            let got = Flags(offered).answered().0;
            assert_eq!(got, answered, "{offered:08x}: {got:08x}");
        }
    }
}
