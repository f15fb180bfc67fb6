//! Literals of `$filter` that are not simply a quoted text.

use winnow::{
    Parser, Result,
    combinator::{eof, opt, preceded, terminated},
    error::EmptyError,
    token::take_while,
};

use super::operand::Ty;
use crate::model::value::{Timestamp, Value};

/// Reads a literal without quotes. A guid is a text, as ids are; a date is its midnight.
pub(super) fn bare(text: &str) -> Result<(Value, Ty<'static>), String> {
    if is_guid(text) {
        return Ok((Value::Text(text.to_owned()), Ty::Text));
    }
    if let Ok(number) = text.parse() {
        return Ok((Value::Int(number), Ty::Int));
    }
    if let Some(time) = Timestamp::parse(text) {
        return Ok((Value::Time(time), Ty::Time));
    }
    let integer = text.bytes().skip(usize::from(text.starts_with('-'))).all(|b| b.is_ascii_digit());
    Err(if integer {
        "does not fit into 64 bits".to_owned()
    } else if text.parse::<f64>().is_ok() {
        "is not a whole number, and no property here holds other numbers".to_owned()
    } else if text.contains('T') && text.contains(':') {
        "is not a time; one looks like 2031-01-05T08:00:00Z, and the '+' of an offset is written '%2B' in a URL".into()
    } else {
        "is not a literal; texts stand in single quotes, times look like 2031-01-05T08:00:00Z".to_owned()
    })
}

/// Reads what stands in single quotes.
pub(super) fn unescape(quoted: &str) -> String {
    if quoted.contains('\'') { quoted.replace("''", "'") } else { quoted.to_owned() }
}

/// Reads an `Edm.Duration`, `P14DT4H`, as microseconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    if text.ends_with(['P', 'T']) {
        return None;
    }
    terminated(duration_parts, eof).parse(text).ok().flatten()
}

fn duration_parts(input: &mut &str) -> Result<Option<i64>, EmptyError> {
    const SECOND: i64 = 1_000_000;
    let sign = opt('-').map(|minus| if minus.is_some() { -1 } else { 1 });
    let clock = (opt(count('H')), opt(count('M')), opt(seconds));
    let parts = (sign, 'P', opt(count('D')), opt(preceded('T', clock))).parse_next(input)?;
    let (sign, _, days, clock) = parts;
    let (hours, minutes, seconds) = clock.unwrap_or_default();
    let scaled = |number: Option<i64>, unit: i64| number.unwrap_or(0).checked_mul(unit);
    let sum = || {
        let whole = scaled(days, 86_400 * SECOND)?
            .checked_add(scaled(hours, 3_600 * SECOND)?)?
            .checked_add(scaled(minutes, 60 * SECOND)?)?
            .checked_add(scaled(seconds, 1)?)?;
        Some(sign * whole)
    };
    Ok(sum())
}

fn count<'a>(unit: char) -> impl Parser<&'a str, i64, EmptyError> {
    terminated(digits.try_map(str::parse::<i64>), unit)
}

/// Seconds and their fraction, as microseconds.
fn seconds(input: &mut &str) -> Result<i64, EmptyError> {
    let (whole, fraction) = terminated((digits, opt(preceded('.', digits))), 'S').parse_next(input)?;
    let micros = format!("{whole}{:0<6.6}", fraction.unwrap_or_default());
    micros.parse().map_err(|_| EmptyError)
}

fn digits<'a>(input: &mut &'a str) -> Result<&'a str, EmptyError> {
    take_while(1.., |c: char| c.is_ascii_digit()).parse_next(input)
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let second = 1_000_000;
        for (text, micros) in [
            ("P14D", 14 * 86_400 * second),
            ("PT4H", 4 * 3_600 * second),
            ("PT0S", 0),
            ("-P1DT1H1M1.5S", -(90_061 * second + 500_000)),
            ("PT0.1234567S", 123_456),
        ] {
            assert_eq!(duration(text), Some(micros), "{text}");
        }
        for bad in ["", "P", "PT", "P1", "1D", "P1DT", "PT1D", "P99999999999999D", "P1Y", "PT99999999999999999999S"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn bare_literals_are_told_apart() {
        assert_eq!(bare("-12").unwrap().0, Value::Int(-12));
        assert_eq!(bare("1970-01-02").unwrap().0, Value::Time(Timestamp(86_400_000_000)));
        assert_eq!(bare("1970-01-01T00:00:01Z").unwrap().0, Value::Time(Timestamp(1_000_000)));
        let guid = "00000000-0000-0000-0000-000000000001";
        assert_eq!(bare(guid).unwrap().0, Value::Text(guid.into()));
        for (text, why) in [
            ("1.5", "is not a whole number"),
            ("99999999999999999999", "does not fit into 64 bits"),
            ("2031-01-05T08:00:00", "is not a time"),
            ("5L", "is not a literal"),
        ] {
            let reason = bare(text).unwrap_err();
            assert!(reason.starts_with(why), "{text}: {reason}");
        }
    }
}
