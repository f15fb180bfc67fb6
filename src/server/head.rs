//! The head of an HTTP/1 request, as far as it says twice how long the body is.
//!
//! The HTTP library takes `Transfer-Encoding` and drops `Content-Length`, so that nobody after it can tell. A request that
//! has both is how one request is smuggled in another past a proxy (RFC 9112, 6.3).

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";

/// Reads the lines of one head after the other. A head that arrives together with the request before it is not seen; the
/// library closes the connection after such a request in any case.
#[derive(Default)]
pub(super) struct Head {
    /// How many requests had begun when this head did; none before the first.
    number: Option<u32>,
    /// The beginning of the line that is being read.
    line: [u8; TRANSFER_ENCODING.len()],
    length: usize,
    place: Place,
    content_length: bool,
    transfer_encoding: bool,
}

/// Where in a head one is.
#[derive(Default, PartialEq, Eq)]
enum Place {
    /// Before its first line.
    #[default]
    Before,
    Within,
    After,
}

impl Head {
    /// Whether the head that these bytes belong to, after so many requests, says both.
    pub(super) fn read(&mut self, number: u32, mut bytes: &[u8]) -> bool {
        if self.number != Some(number) {
            *self = Self { number: Some(number), ..Self::default() };
        }
        while self.place != Place::After {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.continue_line(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(end);
            self.continue_line(line);
            self.end_line();
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.content_length && self.transfer_encoding
    }

    fn continue_line(&mut self, bytes: &[u8]) {
        let free = self.line.get_mut(self.length..).unwrap_or_default();
        let taken = free.len().min(bytes.len());
        free.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.length += taken;
    }

    fn end_line(&mut self) {
        let line = self.line.get(..self.length).unwrap_or_default();
        let names = |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        self.content_length |= names(CONTENT_LENGTH);
        self.transfer_encoding |= names(TRANSFER_ENCODING);
        // Empty lines before a request are not its end.
        let empty = matches!(line, b"" | b"\r");
        self.place = match (empty, &self.place) {
            (true, Place::Before) => Place::Before,
            (true, _) => Place::After,
            (false, _) => Place::Within,
        };
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(head: &str) -> bool {
        let whole = Head::default().read(0, head.as_bytes());
        let mut one = Head::default();
        let by_bytes = head.as_bytes().chunks(1).fold(false, |_, byte| one.read(0, byte));
        assert_eq!(whole, by_bytes, "{head:?}");
        whole
    }

    #[test]
    fn a_head_with_both_lengths_is_seen_however_it_arrives() {
        for head in [
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            "\r\nPOST / HTTP/1.1\ncontent-length:3\nHost: a\nTRANSFER-ENCODING:chunked\n\n",
        ] {
            assert!(both(head), "{head:?}");
        }
        for head in [
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nContent-Length: 3\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 30\r\n\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nX: Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        ] {
            assert!(!both(head), "{head:?}");
        }
    }

    #[test]
    fn the_next_head_is_another() {
        let mut head = Head::default();
        assert!(!head.read(0, b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"));
        assert!(!head.read(1, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
        assert!(head.read(2, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"));
    }
}
