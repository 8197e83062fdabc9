//! A ClientHello of our own making.

/// Fields of a ClientHello; extensions come in `order`, those without a field here are empty.
#[derive(Clone)]
pub(super) struct HelloBuilder {
    pub(super) legacy_version: u16,
    pub(super) ciphers: Vec<u16>,
    pub(super) versions: Vec<u16>,
    pub(super) groups: Vec<u16>,
    pub(super) point_formats: Vec<u8>,
    pub(super) signature_algorithms: Vec<u16>,
    pub(super) server_name: Option<String>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) order: Vec<u16>,
}

impl Default for HelloBuilder {
    fn default() -> Self {
        Self {
            legacy_version: 0x0303,
            ciphers: Vec::new(),
            versions: Vec::new(),
            groups: Vec::new(),
            point_formats: Vec::new(),
            signature_algorithms: Vec::new(),
            server_name: None,
            alpn: Vec::new(),
            order: Vec::new(),
        }
    }
}

impl HelloBuilder {
    /// The handshake message.
    pub(super) fn message(&self) -> Vec<u8> {
        let mut body = self.legacy_version.to_be_bytes().to_vec();
        body.extend([0x5a; 32]);
        body.push(0);
        body.extend(vector16(&u16s(&self.ciphers)));
        body.extend([1, 0]);
        if !self.order.is_empty() {
            let extension =
                |kind: &u16| [kind.to_be_bytes().to_vec(), vector16(&self.content(*kind))].concat();
            let extensions: Vec<u8> = self.order.iter().flat_map(extension).collect();
            body.extend(vector16(&extensions));
        }
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[1], &length[1..], &body].concat()
    }

    fn content(&self, kind: u16) -> Vec<u8> {
        match kind {
            0 => {
                let name = self.server_name.as_deref().unwrap_or_default();
                vector16(&[vec![0], vector16(name.as_bytes())].concat())
            }
            10 => vector16(&u16s(&self.groups)),
            11 => vector8(&self.point_formats),
            13 => vector16(&u16s(&self.signature_algorithms)),
            16 => vector16(
                &self
                    .alpn
                    .iter()
                    .flat_map(|name| vector8(name))
                    .collect::<Vec<_>>(),
            ),
            43 => vector8(&u16s(&self.versions)),
            _ => Vec::new(),
        }
    }
}

/// A handshake message in records of at most `size` bytes.
pub(super) fn in_records(message: &[u8], size: usize) -> Vec<u8> {
    message
        .chunks(size)
        .flat_map(|part| [vec![22, 3, 1], vector16(part)].concat())
        .collect()
}

fn u16s(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn vector8(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

fn vector16(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}
