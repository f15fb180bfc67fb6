//! `$expand`: navigation properties written inside, each with options of its own in parentheses.

use std::{borrow::Cow, fmt::Write as _, ptr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    error::{Error, shown},
    filter,
    option::{Options, Place, SystemOption},
    options, order,
    query::{Expand, Shape},
    search, select,
};
use crate::model::{
    meta::{Face, Link, Navigation},
    value::Timestamp,
};

/// How deep `$expand` may nest.
pub(crate) const MAX_DEPTH: usize = 4;
/// How many navigation properties may be expanded in all.
pub(crate) const MAX_EXPANDED: usize = 20;

/// Reads `$select` and `$expand` of one level.
pub(super) struct Shaper {
    pub(super) now: Timestamp,
    /// How many targets of an expanded collection are written where the caller does not say.
    targets: usize,
    depth: usize,
    expanded: usize,
}

impl Shaper {
    pub(super) const fn new(now: Timestamp, targets: usize) -> Self {
        Self { now, targets, depth: 0, expanded: 0 }
    }

    /// What to write of rows of a face.
    pub(super) fn shape(&mut self, options: &Options<'_>, face: &'static Face) -> Result<Shape, Error> {
        let expand = match options.get(SystemOption::Expand) {
            Some(text) => self.expand(text, face)?,
            None => Vec::new(),
        };
        select::parse(options.get(SystemOption::Select), face, expand)
    }

    fn expand(&mut self, text: &str, face: &'static Face) -> Result<Vec<Expand>, Error> {
        if self.depth == MAX_DEPTH {
            return Err(fault(&format!("it nests more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let mut expand: Vec<Expand> = Vec::new();
        let mut all = false;
        for item in split(text, ',')? {
            if item == "*" {
                all = true;
                continue;
            }
            let (navigation, nested) = read(item, face)?;
            if expand.iter().any(|e| ptr::eq(e.navigation, navigation)) {
                return Err(fault(&format!("'{}' is expanded twice", navigation.name)));
            }
            let nested = self.navigation(navigation, nested, face);
            expand.push(nested.map_err(|e| e.expanding(navigation.name))?);
        }
        if all {
            for navigation in face.navigations {
                if !expand.iter().any(|e| ptr::eq(e.navigation, navigation)) {
                    expand.push(self.navigation(navigation, "", face)?);
                }
            }
        }
        self.depth -= 1;
        Ok(expand)
    }

    fn navigation(&mut self, navigation: &'static Navigation, nested: &str, face: &Face) -> Result<Expand, Error> {
        self.expanded += 1;
        if self.expanded > MAX_EXPANDED {
            return Err(fault(&format!("more than {MAX_EXPANDED} navigation properties are expanded")));
        }
        let place = if navigation.is_collection() { &Place::EXPANDED_COLLECTION } else { &Place::EXPANDED_ENTITY };
        let mut options = Options::default();
        for option in split(nested, ';')? {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            options.put(name.trim(), Cow::Borrowed(value.trim()), place)?;
        }
        let face = navigation.target.face(face.version);
        let now = self.now;
        if matches!(navigation.link, Link::Closure(_)) && options.truth(SystemOption::Count)? {
            let what = format!("$expand: '{}($count=true)' is not implemented; count the collection", navigation.name);
            return Err(Error::not_implemented(format!("{what} '{}' itself.", navigation.name)).about("$expand"));
        }
        let skip = options.number(SystemOption::Skip)?.unwrap_or(0);
        let limit = options.number(SystemOption::Top)?.map_or(self.targets, options::page);
        Ok(Expand {
            navigation,
            face,
            filter: options.get(SystemOption::Filter).map(|text| filter::parse(text, face, now)).transpose()?,
            search: options.get(SystemOption::Search).map(|text| search::parse(text, face)).transpose()?,
            order: order::parse(options.get(SystemOption::OrderBy), face, now)?,
            rest: rest(nested, skip, limit)?,
            skip,
            limit,
            count: options.truth(SystemOption::Count)?,
            shape: self.shape(&options, face)?,
        })
    }
}

/// What a query option holds unencoded.
const OPTION: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'$');

/// The options of an expansion as those of a list, going on after `limit` targets.
fn rest(nested: &str, skip: u64, limit: usize) -> Result<String, Error> {
    let mut rest = String::new();
    for option in split(nested, ';')? {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        if SystemOption::from_name(name.trim()) != Some(SystemOption::Skip) {
            let (name, value) = (name.trim(), utf8_percent_encode(value.trim(), OPTION));
            let _ = write!(rest, "{}={value}&", utf8_percent_encode(name, OPTION));
        }
    }
    let next = skip.saturating_add(u64::try_from(limit).unwrap_or(u64::MAX));
    let _ = write!(rest, "$skip={next}");
    Ok(rest)
}

fn fault(what: &str) -> Error {
    Error::bad_request(format!("$expand: {what}.")).about("$expand")
}

/// The navigation property of an item, and the options in its parentheses.
fn read<'a>(item: &'a str, face: &'static Face) -> Result<(&'static Navigation, &'a str), Error> {
    let (path, nested) = match item.split_once('(') {
        Some((path, rest)) => {
            let inside = rest.strip_suffix(')');
            (path.trim_end(), inside.ok_or_else(|| fault(&format!("'{}' does not end with ')'", shown(item))))?)
        }
        None => (item, ""),
    };
    let (mut first, mut rest) = path.split_once('/').unwrap_or((path, ""));
    // A cast to the type that it is anyway.
    if !rest.is_empty() && face.is_named(first) {
        (first, rest) = rest.split_once('/').unwrap_or((rest, ""));
    }
    if first == "*" {
        return Err(missing(item));
    }
    let Some(navigation) = face.navigation(first) else {
        if let Some(property) = face.property(first) {
            return Err(fault(&format!("'{}' is not a navigation property; it is always written", property.name)));
        }
        return Err(Error::unknown_selection("$expand", first, face));
    };
    let target = navigation.target.face(face.version);
    match rest {
        "" => Ok((navigation, nested)),
        _ if target.is_named(rest) => Ok((navigation, nested)),
        _ if rest.starts_with('$') || rest.contains('.') => Err(missing(path)),
        _ => {
            let what = format!("'{}' is a path; write '{}($expand={})'", shown(path), navigation.name, shown(rest));
            Err(fault(&what))
        }
    }
}

fn missing(item: &str) -> Error {
    Error::not_implemented(format!("$expand: '{}' is not implemented.", shown(item))).about("$expand")
}

/// Splits a list where the separator stands outside of parentheses and quotes. Options may end with their separator.
fn split(text: &str, separator: char) -> Result<Vec<&str>, Error> {
    let mut items = Vec::new();
    let (mut from, mut depth, mut quote) = (0, 0_usize, None);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            // In a phrase of $search a backslash takes the meaning from what follows.
            (Some('"'), '\\') => _ = chars.next_if(|(_, next)| matches!(next, '"' | '\\')),
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1).ok_or_else(|| fault("a ')' has no '(' before it"))?,
            (None, _) if c == separator && depth == 0 => {
                items.push(text.get(from..at).unwrap_or_default().trim());
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    if let Some(quote) = quote {
        return Err(fault(&format!("a text that begins with {quote} is not closed")));
    }
    if depth > 0 {
        return Err(fault("a '(' is not closed"));
    }
    let last = text.get(from..).unwrap_or_default().trim();
    if !last.is_empty() || separator == ',' {
        items.push(last);
    }
    Ok(items)
}
