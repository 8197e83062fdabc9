use std::fmt;

/// A Windows version, as messages carry it ([MS-NLMP] 2.2.2.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// As in 10.
    pub major: u8,
    /// As in 0.
    pub minor: u8,
    /// As in 17763.
    pub build: u16,
    /// NTLMRevisionCurrent: 15 in all Windows since 2003.
    pub revision: u8,
}

impl Version {
    pub(crate) const LENGTH: usize = 8;

    /// A version with NTLM revision 15.
    pub const fn new(major: u8, minor: u8, build: u16) -> Self {
        Self {
            major,
            minor,
            build,
            revision: 15,
        }
    }

    pub(crate) fn parse([major, minor, low, high, _, _, _, revision]: [u8; 8]) -> Self {
        Self {
            major,
            minor,
            build: u16::from_le_bytes([low, high]),
            revision,
        }
    }

    pub(crate) fn encode(self) -> [u8; 8] {
        let [low, high] = self.build.to_le_bytes();
        [self.major, self.minor, low, high, 0, 0, 0, self.revision]
    }
}

impl fmt::Display for Version {
    /// `10.0.17763`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.build)
    }
}
