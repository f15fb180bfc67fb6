//! Percent-decoding that refuses what it cannot decode.
//!
//! What comes out is UTF-8 without NUL, which no database stores as text.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Why a text cannot be decoded, as the middle of a sentence.
pub(super) type Reason = &'static str;

/// Decodes a path segment: `+` is a plus.
pub(super) fn segment(raw: &str) -> Result<Cow<'_, str>, Reason> {
    if !raw.bytes().any(|b| matches!(b, b'%' | 0)) {
        return Ok(Cow::Borrowed(raw));
    }
    if !escapes_are_whole(raw) {
        return Err("'%' must be followed by two hexadecimal digits; a '%' itself is written '%25'");
    }
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| "percent-encoded bytes must be UTF-8")?;
    if text.contains('\0') { Err("NUL ('%00') is not allowed") } else { Ok(text) }
}

/// Decodes a name or value of a query string: `+` is a space.
pub(super) fn query(raw: &str) -> Result<Cow<'_, str>, Reason> {
    if !raw.contains('+') {
        return segment(raw);
    }
    let spaced = raw.replace('+', " ");
    segment(&spaced).map(|text| Cow::Owned(text.into_owned()))
}

fn escapes_are_whole(raw: &str) -> bool {
    raw.split('%').skip(1).all(|after| {
        let mut digits = after.bytes().take(2);
        digits.next().is_some_and(|b| b.is_ascii_hexdigit()) && digits.next().is_some_and(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_space_in_queries_only() {
        assert_eq!(segment("a+b%2Bc%20d").unwrap(), "a+b+c d");
        assert_eq!(query("a+b%2Bc%20d").unwrap(), "a b+c d");
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for raw in ["%", "a%2", "%zz", "%+1", "%é1"] {
            assert!(segment(raw).unwrap_err().starts_with("'%' must be followed"), "{raw}");
        }
        assert_eq!(segment("%ff%fe").unwrap_err(), "percent-encoded bytes must be UTF-8");
        assert_eq!(query("x%00+").unwrap_err(), "NUL ('%00') is not allowed");
        assert_eq!(query("x\0").unwrap_err(), "NUL ('%00') is not allowed");
    }
}
