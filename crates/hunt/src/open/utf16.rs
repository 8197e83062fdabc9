//! UTF-16 to UTF-8, as it is read.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

use crate::input::Input;

/// Reads an input as UTF-16; what is not valid becomes U+FFFD.
pub(super) struct Transcoder<'i, 's> {
    input: &'i mut Input<'s>,
    decoder: Decoder,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<'i, 's> Transcoder<'i, 's> {
    pub(super) fn new(input: &'i mut Input<'s>, big: bool) -> Self {
        let decoder = if big { UTF_16BE } else { UTF_16LE }.new_decoder_without_bom_handling();
        Self {
            input,
            decoder,
            text: Vec::with_capacity(64 * 1024),
            given: 0,
            ended: false,
        }
    }
}

impl Read for Transcoder<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let bytes = self.input.fill_buf()?;
            self.ended = bytes.is_empty();
            self.text.resize(self.text.capacity(), 0);
            let (_, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, self.ended);
            self.text.truncate(written);
            self.given = 0;
            self.input.consume(read);
        }
        let count = out.len().min(self.text.len() - self.given);
        out[..count].copy_from_slice(&self.text[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
