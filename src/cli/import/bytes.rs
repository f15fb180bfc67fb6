//! The bytes of a file, one after the other, and on which line they are.

use std::io::{self, Read};

/// So many are read at once.
const BUFFER: usize = 1 << 17;

/// A reader of single bytes.
pub(super) struct Bytes<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    line: u32,
}

impl<R: Read> Bytes<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: vec![0; BUFFER], at: 0, filled: 0, line: 1 }
    }

    /// The line of the next byte.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The next byte, which stays.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.filled {
            (self.at, self.filled) = (0, 0);
            loop {
                match self.input.read(&mut self.buffer) {
                    Ok(read) => break self.filled = read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(self.buffer.get(self.at).copied().filter(|_| self.at < self.filled))
    }

    /// The next byte.
    pub(super) fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.at += 1;
            self.line += u32::from(byte == b'\n');
        }
        Ok(byte)
    }

    /// The next byte that is no white space, which stays.
    pub(super) fn peek_word(&mut self) -> io::Result<Option<u8>> {
        while self.peek()?.is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.next()?;
        }
        self.peek()
    }
}
