//! The functions of `$filter` and `$orderby`, and what they take.

use super::operand::{self, Operand, Ty, is_plain};
use crate::odata::{
    error::{Error, did_you_mean, shown},
    query::{Expr, Function},
    source::Source,
};

/// A function and the types of its arguments.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    function: Function,
    arguments: &'static [Argument],
}

#[derive(Clone, Copy, Debug)]
enum Argument {
    Text,
    Time,
}

const fn text1(name: &'static str, function: Function) -> Signature {
    Signature { name, function, arguments: &[Argument::Text] }
}

const fn text2(name: &'static str, function: Function) -> Signature {
    Signature { name, function, arguments: &[Argument::Text, Argument::Text] }
}

const fn time1(name: &'static str, function: Function) -> Signature {
    Signature { name, function, arguments: &[Argument::Time] }
}

const SIGNATURES: [Signature; 16] = [
    text2("contains", Function::Contains),
    text2("startswith", Function::StartsWith),
    text2("endswith", Function::EndsWith),
    text1("tolower", Function::ToLower),
    text1("toupper", Function::ToUpper),
    text1("trim", Function::Trim),
    text2("concat", Function::Concat),
    text2("indexof", Function::IndexOf),
    text1("length", Function::Length),
    time1("year", Function::Year),
    time1("month", Function::Month),
    time1("day", Function::Day),
    time1("hour", Function::Hour),
    time1("minute", Function::Minute),
    time1("second", Function::Second),
    time1("date", Function::Date),
];

/// Functions that OData knows and that are missing here.
const MISSING: [&str; 20] = [
    "case",
    "cast",
    "ceiling",
    "floor",
    "fractionalseconds",
    "geo.distance",
    "geo.intersects",
    "geo.length",
    "hassubset",
    "hassubsequence",
    "isof",
    "matchesPattern",
    "maxdatetime",
    "mindatetime",
    "round",
    "substring",
    "time",
    "totaloffsetminutes",
    "totalseconds",
    "substringof",
];

/// The function of this name.
pub(super) fn find(source: Source<'_>, name: &str, at: usize) -> Result<&'static Signature, Error> {
    const KNOWN: &[Signature] = &SIGNATURES;
    if let Some(signature) = KNOWN.iter().find(|s| s.name.eq_ignore_ascii_case(name)) {
        return Ok(signature);
    }
    if let Some(missing) = MISSING.iter().find(|m| m.eq_ignore_ascii_case(name)) {
        return Err(source.missing(at, format!("the function '{missing}'")));
    }
    let names = KNOWN.iter().map(|s| s.name).chain(["now"]);
    Err(source.fault(at, format!("'{}' is not a function", shown(name))).hint(&did_you_mean(name, names)))
}

/// A call of a function that was written between the two positions.
pub(super) fn call<'a>(
    source: Source<'_>,
    signature: &Signature,
    arguments: Vec<Operand<'a>>,
    (from, to): (usize, usize),
) -> Result<Operand<'a>, Error> {
    let Signature { name, function, arguments: expected } = signature;
    if arguments.len() != expected.len() {
        let plural = if expected.len() == 1 { "argument" } else { "arguments" };
        let what = format!("'{name}' takes {} {plural}, not {}", expected.len(), arguments.len());
        return Err(source.fault(from, what));
    }
    for (argument, expected) in arguments.iter().zip(*expected) {
        check(source, name, argument, *expected)?;
    }
    let mut arguments: Vec<Expr> = arguments.into_iter().map(|argument| argument.expr).collect();
    if let ([text, part], Function::StartsWith | Function::EndsWith | Function::Contains) =
        (arguments.as_mut_slice(), *function)
    {
        operand::fold(text, [part]);
    }
    Ok(Operand { expr: Expr::Call(*function, arguments), ty: (*function).into(), from, to })
}

fn check(source: Source<'_>, function: &str, argument: &Operand<'_>, expected: Argument) -> Result<(), Error> {
    let wanted = match (expected, argument.ty) {
        (Argument::Text, Ty::Text) | (Argument::Time, Ty::Time) => return Ok(()),
        (Argument::Text, Ty::Enum(of)) if is_plain(of) => return Ok(()),
        (Argument::Text, Ty::Enum(_)) => {
            let what = format!("'{function}' of the enumeration '{}'", argument.text(source));
            return Err(source.missing(argument.from, what));
        }
        (Argument::Text, _) => "a text",
        (Argument::Time, _) => "a time",
    };
    let what = format!("'{function}' takes {wanted}, and '{}' is {}", argument.text(source), argument.ty);
    Err(source.fault(argument.from, what))
}
