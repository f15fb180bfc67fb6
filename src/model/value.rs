//! The values that columns, literals and parameters hold, and how points in time are read and written.

use chrono::{DateTime, Utc};

use super::meta::Kind;

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A point in time.
    Time(Timestamp),
}

impl Value {
    /// What it is, unless it is nothing.
    pub const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Null => None,
            Self::Text(_) => Some(Kind::Text),
            Self::Bool(_) => Some(Kind::Bool),
            Self::Int(_) => Some(Kind::Int),
            Self::Time(_) => Some(Kind::Time),
        }
    }
}

/// A point in time, in microseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The first moment of the year 1.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The last moment of the year 9999. Texts have four digits for a year, and databases do not go on for ever.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// Reads an `Edm.DateTimeOffset`: RFC 3339 with a `Z` or an offset, up to any number of fractional digits
    /// (those beyond microseconds are cut off). A date alone is its midnight.
    pub fn parse(text: &str) -> Option<Self> {
        let micros = match text.parse::<chrono::NaiveDate>() {
            Ok(date) => date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros(),
            Err(_) => DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros(),
        };
        Some(Self(micros)).filter(|time| time.is_in_range())
    }

    /// Whether it can be written and stored.
    pub fn is_in_range(self) -> bool {
        (Self::MIN..=Self::MAX).contains(&self)
    }

    /// Appends what [`Display`](std::fmt::Display) shows. Lists write two of these a row: this is many times as fast as
    /// chrono's formatter.
    pub fn write_to(self, out: &mut Vec<u8>) {
        let (days, in_day) = (self.0.div_euclid(MICROS_PER_DAY), self.0.rem_euclid(MICROS_PER_DAY));
        let (year, month, day) = civil(days);
        let (seconds, micros) = (in_day / 1_000_000, in_day % 1_000_000);
        put_digits::<4>(out, year);
        out.push(b'-');
        put_digits::<2>(out, month);
        out.push(b'-');
        put_digits::<2>(out, day);
        out.push(b'T');
        put_digits::<2>(out, seconds / 3600);
        out.push(b':');
        put_digits::<2>(out, seconds / 60 % 60);
        out.push(b':');
        put_digits::<2>(out, seconds % 60);
        if micros != 0 {
            out.push(b'.');
            if micros % 1000 == 0 {
                put_digits::<3>(out, micros / 1000);
            } else {
                put_digits::<6>(out, micros);
            }
        }
        out.push(b'Z');
    }

    /// As a date and time of chrono.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}

/// RFC 3339 in UTC, with as many fractional digits (none, three or six) as the value needs.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = Vec::with_capacity(27);
        self.write_to(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Year, month and day of a day counted from 1970. (Howard Hinnant, "chrono-compatible low-level date algorithms":
/// eras of 400 years that begin in March.)
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + next, month, day)
}

/// The last `N` decimal digits.
fn put_digits<const N: usize>(out: &mut Vec<u8>, mut number: i64) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

/// A Rust type that a column is read into and written from.
pub trait Field: Sized {
    /// From a stored value; none where the value is of another kind.
    fn from_value(value: Value) -> Option<Self>;
    /// To a stored value.
    fn into_value(self) -> Value;
}

macro_rules! field {
    ($($ty:ty => $variant:ident),*) => {$(
        impl Field for $ty {
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(v) => Some(v),
                    _ => None,
                }
            }
            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    )*};
}

field!(String => Text, bool => Bool, i64 => Int, Timestamp => Time);

impl<T: Field> Field for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_the_digits_it_needs() {
        for text in ["2032-12-31T23:59:59Z", "2032-12-31T23:59:59.120Z", "1969-12-31T23:59:59.000001Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_day_is_written_as_chrono_writes_it() {
        for day in (-719_162..2_932_896).step_by(97) {
            let time = Timestamp(day * MICROS_PER_DAY + 3_723_000_000);
            assert_eq!(time.to_string(), time.to_utc().format("%Y-%m-%dT01:02:03Z").to_string());
        }
    }

    #[test]
    fn an_offset_and_a_seventh_digit_are_understood() {
        let time = Timestamp::parse("2016-12-31T23:56:57.1102355+03:00").unwrap();
        assert_eq!(time.to_string(), "2016-12-31T20:56:57.110235Z");
    }

    #[test]
    fn a_time_has_a_year_of_four_digits() {
        assert_eq!(Timestamp::parse("0001-01-01"), Some(Timestamp::MIN));
        assert_eq!(Timestamp::parse("9999-12-31T23:59:59.9999999Z"), Some(Timestamp::MAX));
        for text in
            ["0000-12-31", "-0001-01-01", "+10000-01-01", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
