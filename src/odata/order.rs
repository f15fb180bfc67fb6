//! `$orderby`, made total.

use std::ptr;

use super::{
    error::Error,
    filter::ExprParser,
    query::{Expr, OrderKey, PropertyPath, Quantifier},
    source::Source,
};
use crate::model::{
    meta::{Face, ID},
    value::Timestamp,
};

/// The largest number of keys.
pub(crate) const MAX_KEYS: usize = 8;

/// Reads `$orderby`; without it, rows are ordered by `id`.
///
/// A key that repeats an earlier one is left out, as is what follows `id`, for no two rows have the same.
pub(super) fn parse(text: Option<&str>, face: &'static Face, now: Timestamp) -> Result<Vec<OrderKey>, Error> {
    let mut order = Vec::new();
    if let Some(text) = text {
        read(&mut order, text, face, now)?;
    }
    if let Some(id) = order.iter().position(|key| is_id(&key.expr)) {
        order.truncate(id + 1);
    } else if let Some(property) = face.properties.iter().find(|p| p.column == ID) {
        let expr = Expr::Property(PropertyPath { scope: 0, navigations: Vec::new(), cast: None, property });
        order.push(OrderKey { expr, descending: false });
    }
    Ok(order)
}

fn read(order: &mut Vec<OrderKey>, text: &str, face: &'static Face, now: Timestamp) -> Result<(), Error> {
    let source = Source::new("$orderby", text);
    let mut parser = ExprParser::new(source, face, now)?;
    for read in 0.. {
        let operand = parser.expression()?;
        if read == MAX_KEYS {
            return Err(source.fault(operand.from, format!("there are more than {MAX_KEYS} keys")));
        }
        match &operand.expr {
            Expr::Property(_)
            | Expr::Member(..)
            | Expr::Call(..)
            | Expr::Each { quantifier: Quantifier::Count, .. }
            | Expr::Lambda { quantifier: Quantifier::Count, .. } => {}
            Expr::Literal(_) => return Err(source.fault(operand.from, "a literal orders nothing")),
            _ => return Err(source.missing(operand.from, "an order by a condition")),
        }
        let descending = parser.take_word("desc")?;
        if !descending {
            parser.take_word("asc")?;
        }
        if !order.iter().any(|key: &OrderKey| same(&key.expr, &operand.expr)) {
            order.push(OrderKey { expr: operand.expr, descending });
        }
        if parser.at_end() {
            return Ok(());
        }
        if !parser.take_comma()? {
            return Err(parser.unexpected("'asc', 'desc' or ','"));
        }
    }
    Ok(())
}

fn is_id(expr: &Expr) -> bool {
    matches!(expr, Expr::Property(path) if path.navigations.is_empty() && path.property.column == ID)
}

/// Whether two keys are the same, as far as keys go.
fn same(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Literal(a), Expr::Literal(b)) => a == b,
        (Expr::Property(a), Expr::Property(b)) => {
            ptr::eq(a.property, b.property)
                && a.navigations.len() == b.navigations.len()
                && a.navigations.iter().zip(&b.navigations).all(|(a, b)| ptr::eq(*a, *b))
        }
        (Expr::Call(f, a), Expr::Call(g, b)) => {
            f == g && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => false,
    }
}
