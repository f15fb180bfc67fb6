//! Query options one by one: their names, where each applies, and their plain values.
//!
//! Names count in any letter case, with or without `$`. What begins with `$` and is not understood is refused; other
//! unknown names are custom options, which OData ignores.

use std::borrow::Cow;

use super::{
    decode,
    error::{Error, did_you_mean, shown},
};

/// The largest number of bytes of a query string.
pub const MAX_QUERY: usize = 16 * 1024;

/// An option that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SystemOption {
    Filter,
    Search,
    OrderBy,
    Select,
    Expand,
    Top,
    Skip,
    SkipToken,
    Count,
    Format,
    Id,
}

const OPTIONS: [(&str, SystemOption); 11] = [
    ("$filter", SystemOption::Filter),
    ("$search", SystemOption::Search),
    ("$orderby", SystemOption::OrderBy),
    ("$select", SystemOption::Select),
    ("$expand", SystemOption::Expand),
    ("$top", SystemOption::Top),
    ("$skip", SystemOption::Skip),
    ("$skiptoken", SystemOption::SkipToken),
    ("$count", SystemOption::Count),
    ("$format", SystemOption::Format),
    ("$id", SystemOption::Id),
];

/// Options that OData or Graph know and that are missing here.
const MISSING: [&str; 6] = ["$apply", "$compute", "$deltatoken", "$index", "$levels", "$schemaversion"];

impl SystemOption {
    /// The option of this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("@id") {
            return Some(Self::Id);
        }
        OPTIONS.iter().find(|(known, _)| is_option(name, known)).map(|(_, option)| *option)
    }

    const fn name(self) -> &'static str {
        OPTIONS[self as usize].0
    }
}

fn is_option(name: &str, known: &str) -> bool {
    name.eq_ignore_ascii_case(known) || known.strip_prefix('$').is_some_and(|bare| name.eq_ignore_ascii_case(bare))
}

/// A place for options, and those it takes beside `$format`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    what: &'static str,
    takes: &'static [SystemOption],
    /// Whether unknown options are refused whatever their name.
    is_closed: bool,
}

impl Place {
    pub(super) const COLLECTION: Self = {
        use SystemOption::{Count, Expand, Filter, OrderBy, Search, Select, Skip, SkipToken, Top};
        Self::open("a collection", &[Filter, Search, OrderBy, Select, Expand, Top, Skip, SkipToken, Count])
    };
    pub(super) const ENTITY: Self = Self::open("a single entity", &[SystemOption::Select, SystemOption::Expand]);
    pub(super) const COUNT: Self = Self::open("/$count", &[SystemOption::Filter, SystemOption::Search]);
    pub(super) const REFERENCES: Self = {
        use SystemOption::{Count, Filter, OrderBy, Search, Skip, SkipToken, Top};
        Self::open("/$ref", &[Filter, Search, OrderBy, Top, Skip, SkipToken, Count])
    };
    pub(super) const REFERENCE: Self = Self::open("the removal of a reference", &[SystemOption::Id]);
    pub(super) const NOWHERE: Self = Self::open("this request", &[]);
    pub(super) const EXPANDED_COLLECTION: Self = {
        use SystemOption::{Count, Expand, Filter, OrderBy, Search, Select, Skip, Top};
        let takes = &[Filter, Search, OrderBy, Select, Expand, Top, Skip, Count];
        Self { what: "an expanded collection", takes, is_closed: true }
    };
    pub(super) const EXPANDED_ENTITY: Self =
        Self { what: "an expanded entity", takes: Self::ENTITY.takes, is_closed: true };

    const fn open(what: &'static str, takes: &'static [SystemOption]) -> Self {
        Self { what, takes, is_closed: false }
    }

    fn refuse(&self, option: SystemOption) -> Error {
        let mut message = format!("{} does not apply to {}", option.name(), self.what);
        if let [first, rest @ ..] = self.takes {
            message.push_str("; only ");
            message.push_str(first.name());
            for (i, option) in rest.iter().enumerate() {
                message.push_str(if i + 1 == rest.len() { " and " } else { ", " });
                message.push_str(option.name());
            }
            message.push_str(if rest.is_empty() { " does" } else { " do" });
        }
        Error::bad_request(message + ".").about(option.name())
    }
}

/// The options of one place, each at most once.
#[derive(Debug, Default)]
pub(super) struct Options<'a>([Option<Cow<'a, str>>; OPTIONS.len()]);

impl<'a> Options<'a> {
    /// Reads a query string.
    pub(super) fn read(query: &'a str, place: &Place) -> Result<Self, Error> {
        if query.len() > MAX_QUERY {
            return Err(Error::bad_request(format!("The query string is longer than {MAX_QUERY} bytes.")));
        }
        let mut options = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let malformed = |reason| {
                let message = format!("The query option '{}' is malformed: {reason}.", shown(name));
                Error::bad_request(message).about(shown(name))
            };
            options.put(
                decode::query(name).map_err(malformed)?.trim(),
                decode::query(value).map_err(malformed)?,
                place,
            )?;
        }
        Ok(options)
    }

    /// Takes one option.
    pub(super) fn put(&mut self, name: &str, value: Cow<'a, str>, place: &Place) -> Result<(), Error> {
        let Some(option) = SystemOption::from_name(name) else {
            if let Some(missing) = MISSING.iter().find(|known| is_option(name, known)) {
                return Err(Error::not_implemented(format!("{missing} is not implemented.")).about(*missing));
            }
            if name.starts_with('$') || place.is_closed {
                let prefix = if name.starts_with('$') { "" } else { "$" };
                let known = OPTIONS.iter().map(|(known, _)| known.strip_prefix(prefix).unwrap_or(known));
                let hint = did_you_mean(name, known);
                let message = format!("'{}' is not a query option.", shown(name));
                return Err(Error::bad_request(message).hint(&hint).about(shown(name)));
            }
            return Ok(());
        };
        if option == SystemOption::Format {
            format(&value)?;
        } else if !place.takes.contains(&option) {
            return Err(place.refuse(option));
        }
        if let Some(slot @ None) = self.0.get_mut(option as usize) {
            *slot = Some(value);
            return Ok(());
        }
        Err(Error::bad_request(format!("{} is given twice.", option.name())).about(option.name()))
    }

    /// The value of an option.
    pub(super) fn get(&self, option: SystemOption) -> Option<&str> {
        self.0.get(option as usize)?.as_deref()
    }

    /// The value of an option that is a number from 0.
    pub(super) fn number(&self, option: SystemOption) -> Result<Option<u64>, Error> {
        let Some(text) = self.get(option).map(str::trim) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // Larger numbers are no page and no row either.
        let number = text.parse::<u64>().ok().filter(|number| digits && i32::try_from(*number).is_ok());
        number.map(Some).ok_or_else(|| {
            let message = format!("{}: '{}' is not a whole number from 0.", option.name(), shown(text));
            Error::bad_request(message).about(option.name())
        })
    }

    /// The value of an option that is `true` or `false`; false where it is not given.
    pub(super) fn truth(&self, option: SystemOption) -> Result<bool, Error> {
        match self.get(option).map(str::trim) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => {
                let message = format!("{}: '{}' is neither 'true' nor 'false'.", option.name(), shown(text));
                Err(Error::bad_request(message).about(option.name()))
            }
        }
    }
}

fn format(value: &str) -> Result<(), Error> {
    let media = value.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("json") || media.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("$format: '{}' is not implemented; 'json' is.", shown(value));
    Err(Error::not_implemented(message).about("$format"))
}
