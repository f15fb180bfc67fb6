//! What stands on either side of an operator: its type, and what may be compared with what.

use std::fmt;

use super::literal;
use crate::{
    model::{
        meta::{Enum, Kind, Type},
        value::{Timestamp, Value},
    },
    odata::{
        error::{Error, did_you_mean, shown},
        query::{Comparison, Expr, Function},
        source::Source,
    },
};

/// An expression, its type, and where it is written.
#[derive(Debug)]
pub(crate) struct Operand<'a> {
    pub(crate) expr: Expr,
    pub(crate) ty: Ty<'a>,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The type of an expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ty<'a> {
    Null,
    Bool,
    Text,
    Int,
    Time,
    /// A literal only, for sums with times; in microseconds.
    Duration,
    Enum(&'static Enum),
    /// The literal `name'member'`: not yet known to be a member of anything.
    Member(&'a str),
}

impl From<Type> for Ty<'_> {
    fn from(ty: Type) -> Self {
        match ty {
            // Nothing is asked of the whole of a structured value.
            Type::String | Type::Structured(_) | Type::Strings => Self::Text,
            Type::Boolean => Self::Bool,
            Type::Int32 | Type::Int64 => Self::Int,
            Type::DateTimeOffset => Self::Time,
            Type::Enum(of) => Self::Enum(of),
        }
    }
}

impl From<Function> for Ty<'_> {
    fn from(function: Function) -> Self {
        match function.kind() {
            Kind::Bool => Self::Bool,
            Kind::Text => Self::Text,
            Kind::Int => Self::Int,
            Kind::Time => Self::Time,
        }
    }
}

impl fmt::Display for Ty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("Edm.Boolean"),
            Self::Int => f.write_str("Edm.Int64"),
            Self::Time => f.write_str("Edm.DateTimeOffset"),
            Self::Duration => f.write_str("Edm.Duration"),
            Self::Enum(Enum { name: Some(name), .. }) => write!(f, "microsoft.graph.{name}"),
            Self::Text | Self::Enum(_) => f.write_str("Edm.String"),
            Self::Member(name) => f.write_str(&shown(name)),
        }
    }
}

impl<'a> Operand<'a> {
    pub(super) fn literal(value: Value, ty: Ty<'a>, from: usize, to: usize) -> Self {
        Self { expr: Expr::Literal(value), ty, from, to }
    }

    /// A condition made of two operands.
    pub(super) fn condition(expr: Expr, from: usize, to: usize) -> Self {
        Self { expr, ty: Ty::Bool, from, to }
    }

    pub(super) fn is_literal(&self) -> bool {
        matches!(self.expr, Expr::Literal(_))
    }

    /// How the caller wrote it, for messages.
    pub(super) fn text(&self, source: Source<'_>) -> String {
        shown(source.slice(self.from, self.to))
    }

    /// The expression, which must be a condition.
    pub(super) fn truth(self, source: Source<'_>) -> Result<Expr, Error> {
        if matches!(self.ty, Ty::Bool) {
            return Ok(self.expr);
        }
        let what = format!("'{}' is {}, not a condition", self.text(source), self.ty);
        Err(source.fault(self.from, what).hint("Compare it with something, as in displayName eq 'x'."))
    }

    /// The literal as the other operand's type has it, as far as it is written so.
    fn matched(self, source: Source<'_>, to: Ty<'a>) -> Result<Self, Error> {
        let Self { expr: Expr::Literal(Value::Text(text)), ty, from, .. } = &self else { return Ok(self) };
        let value = match (*ty, to) {
            (Ty::Text, Ty::Time) => {
                let time = Timestamp::parse(text).ok_or_else(|| {
                    let what = format!("'{}' is not a time; one looks like 2031-01-05T08:00:00Z", shown(text));
                    source.fault(*from, what)
                });
                Value::Time(time?)
            }
            (Ty::Text, Ty::Enum(of)) => Value::Text(member(source, *from, text, of)?),
            (Ty::Member(name), Ty::Enum(of)) if of.name.is_none_or(|n| is_named(name, n)) => {
                Value::Text(member(source, *from, text, of)?)
            }
            _ => return Ok(self),
        };
        Ok(Self { expr: Expr::Literal(value), ty: to, ..self })
    }
}

fn is_named(qualified: &str, name: &str) -> bool {
    qualified.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name))
}

/// The stored form of the member that a caller spells so.
fn member(source: Source<'_>, at: usize, text: &str, of: &Enum) -> Result<String, Error> {
    let found = of.member(text).map(|member| member.stored.to_owned());
    found.ok_or_else(|| {
        let members: Vec<_> = of.members.iter().map(|m| format!("'{}'", m.wire)).collect();
        let what = format!("'{}' is not one of {}", shown(text), members.join(", "));
        source.fault(at, what).hint(&did_you_mean(text, of.members.iter().map(|m| m.wire)))
    })
}

/// Whether the stored members are spelled as on the wire, so that text functions see what the caller sees.
pub(super) fn is_plain(of: &Enum) -> bool {
    of.members.iter().all(|m| m.wire == m.stored)
}

/// Brings two operands to one type.
fn unify<'a>(source: Source<'_>, left: Operand<'a>, right: Operand<'a>) -> Result<(Operand<'a>, Operand<'a>), Error> {
    let (left_ty, right_ty) = (left.ty, right.ty);
    let left = left.matched(source, right_ty)?;
    let right = right.matched(source, left_ty)?;
    let agree = match (left.ty, right.ty) {
        (Ty::Null, _)
        | (_, Ty::Null)
        | (Ty::Bool, Ty::Bool)
        | (Ty::Text, Ty::Text)
        | (Ty::Int, Ty::Int)
        | (Ty::Time, Ty::Time)
        | (Ty::Duration, Ty::Duration) => true,
        (Ty::Enum(a), Ty::Enum(b)) => std::ptr::eq(a, b),
        (Ty::Enum(of), Ty::Text) | (Ty::Text, Ty::Enum(of)) => is_plain(of),
        _ => false,
    };
    if agree {
        return Ok((left, right));
    }
    let (l, r) = (left.text(source), right.text(source));
    let what = format!("'{l}' is {} and '{r}' is {}; they cannot be compared", left.ty, right.ty);
    Err(source.fault(left.from, what))
}

/// A property whose letter case does not count is compared in lower case.
pub(super) fn folded<'a>(mut left: Operand<'a>, mut right: Operand<'a>) -> (Operand<'a>, Operand<'a>) {
    fold(&mut left.expr, [&mut right.expr]);
    fold(&mut right.expr, [&mut left.expr]);
    (left, right)
}

/// Compares a property with literals in lower case, if its letter case does not count.
pub(super) fn fold<'e>(expr: &mut Expr, literals: impl IntoIterator<Item = &'e mut Expr>) {
    let Expr::Property(path) = expr else { return };
    let Some(folded) = path.property.folded else { return };
    for literal in literals {
        let Expr::Literal(Value::Text(text)) = literal else { return };
        *text = text.to_lowercase();
        path.property = folded;
    }
}

/// A comparison.
pub(super) fn compare<'a>(
    source: Source<'_>,
    comparison: Comparison,
    left: Operand<'a>,
    right: Operand<'a>,
) -> Result<Operand<'a>, Error> {
    let (from, to) = (left.from, right.to);
    let (left, right) = unify(source, left, right)?;
    let (left, right) = folded(left, right);
    let ordered = !matches!(comparison, Comparison::Eq | Comparison::Ne);
    if ordered && [left.ty, right.ty].iter().any(|ty| matches!(ty, Ty::Enum(_))) {
        return Err(source.missing(from, format!("the order of the members of {}", left.ty)));
    }
    let expr = Expr::Compare(comparison, Box::new(left.expr), Box::new(right.expr));
    Ok(Operand::condition(expr, from, to))
}

/// `left in (items)`; `to` is where the list ends.
pub(super) fn among<'a>(
    source: Source<'_>,
    left: Operand<'a>,
    items: Vec<Operand<'a>>,
    to: usize,
) -> Result<Operand<'a>, Error> {
    let (from, mut left) = (left.from, left);
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let at = item.from;
        let (unified, item) = unify(source, left, item)?;
        left = unified;
        match item.expr {
            Expr::Literal(value) => values.push(value),
            _ => return Err(source.missing(at, "a list of anything but literals")),
        }
    }
    if let Expr::Property(path) = &mut left.expr
        && let Some(folded) = path.property.folded
    {
        path.property = folded;
        for value in &mut values {
            if let Value::Text(text) = value {
                *text = text.to_lowercase();
            }
        }
    }
    Ok(Operand::condition(Expr::In(Box::new(left.expr), values), from, to))
}

/// An operator between numbers, times and durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    DivBy,
    Mod,
}

/// Works out an operator between two literals.
pub(super) fn calculate<'a>(
    source: Source<'_>,
    (operator, name): (Arithmetic, &str),
    left: &Operand<'a>,
    right: &Operand<'a>,
) -> Result<Operand<'a>, Error> {
    let (from, to) = (left.from, right.to);
    if !(left.is_literal() && right.is_literal()) {
        return Err(source.missing(from, format!("'{name}' on anything but literals")));
    }
    let ty = match (left.ty, operator, right.ty) {
        (Ty::Int, _, Ty::Int) => Ty::Int,
        (Ty::Time, Arithmetic::Add | Arithmetic::Sub, Ty::Duration) => Ty::Time,
        (Ty::Time, Arithmetic::Sub, Ty::Time) | (Ty::Duration, Arithmetic::Add | Arithmetic::Sub, Ty::Duration) => {
            Ty::Duration
        }
        (l, _, r) => return Err(source.fault(from, format!("'{name}' takes numbers, not {l} and {r}"))),
    };
    let result = number(&left.expr).zip(number(&right.expr)).and_then(|(l, r)| match operator {
        Arithmetic::Add => l.checked_add(r),
        Arithmetic::Sub => l.checked_sub(r),
        Arithmetic::Mul => l.checked_mul(r),
        Arithmetic::Div => l.checked_div(r),
        Arithmetic::DivBy => l.checked_div(r).filter(|quotient| quotient * r == l),
        Arithmetic::Mod => l.checked_rem(r),
    });
    let is_time = matches!(ty, Ty::Time);
    let result = result.filter(|micros| !is_time || Timestamp(*micros).is_in_range());
    let right = if is_time { "a time of the years 1 to 9999" } else { "a whole number of 64 bits" };
    let what = || format!("'{}' is not {right}", shown(source.slice(from, to)));
    let result = result.ok_or_else(|| source.fault(from, what()))?;
    let value = if is_time { Value::Time(Timestamp(result)) } else { Value::Int(result) };
    Ok(Operand::literal(value, ty, from, to))
}

/// The negation of a number; `from` is where the sign stands.
pub(super) fn negate<'a>(source: Source<'_>, operand: &Operand<'a>, from: usize) -> Result<Operand<'a>, Error> {
    if !operand.is_literal() {
        return Err(source.missing(from, "'-' on anything but literals"));
    }
    let zero = Operand::literal(Value::Int(0), operand.ty, from, from);
    match operand.ty {
        Ty::Int | Ty::Duration => calculate(source, (Arithmetic::Sub, "-"), &zero, operand),
        ty => Err(source.fault(from, format!("'-' takes a number, not {ty}"))),
    }
}

fn number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(Value::Int(number) | Value::Time(Timestamp(number))) => Some(*number),
        _ => None,
    }
}

/// A literal with a type in front of it: `microsoft.graph.x'member'`, `duration'P1D'`.
pub(super) fn typed_literal<'a>(
    source: Source<'_>,
    name: &'a str,
    quoted: &str,
    from: usize,
    to: usize,
) -> Result<Operand<'a>, Error> {
    let text = literal::unescape(quoted);
    if name.contains('.') {
        return Ok(Operand::literal(Value::Text(text), Ty::Member(name), from, to));
    }
    match name.to_ascii_lowercase().as_str() {
        "duration" => match literal::duration(&text) {
            Some(micros) => Ok(Operand::literal(Value::Int(micros), Ty::Duration, from, to)),
            None => Err(source.fault(from, format!("'{}' is not a duration such as P14DT4H", shown(&text)))),
        },
        "binary" | "geography" | "geometry" => Err(source.missing(from, format!("a literal of type '{name}'"))),
        _ => Err(source.fault(from, format!("'{}' is not a type of literals", shown(name)))),
    }
}
