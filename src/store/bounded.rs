//! What bounds the cost of a read.

use crate::{
    model::{
        meta::{EntityType, ID, Link, Scoping},
        scope::Scope,
    },
    odata::query::{Comparison, Expr, OrderKey, Query, Rows, Shape, Start},
};

/// Pages up to this many rows are cheap enough to read where they are asked for.
const SMALL_PAGE: usize = 200;
/// So many rows may be skipped before it counts.
const SMALL_SKIP: u64 = 1000;

/// What bounds the cost of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    /// It finds its rows in an index and reads few rows beside those it gives, which are few. A change of thread would cost
    /// more than it does.
    Small,
    /// It finds its rows in an index, but there are many.
    Indexed,
    /// No index bounds it: it may take as long as a statement may.
    Unbounded,
}

/// What bounds the cost of a query. To say too much of it only costs a turn.
pub(super) fn cost(query: &Query) -> Cost {
    match is_bounded(query) {
        false => Cost::Unbounded,
        true if query.limit > SMALL_PAGE && query.rows.is_collection() => Cost::Indexed,
        true => Cost::Small,
    }
}

/// Whether the read finds its rows in an index and reads few rows beside those it gives.
fn is_bounded(query: &Query) -> bool {
    let entity = query.rows.face().entity;
    if query.count || query.search.is_some() || !single_valued(&query.shape) {
        return false;
    }
    let mut equal = Vec::new();
    match &query.rows {
        Rows::All(_) => {}
        Rows::Deleted(_) | Rows::Cast { .. } => return false,
        Rows::Keyed { of, .. } => return matches!(**of, Rows::All(_)),
        Rows::Related { of, navigation, .. } => match (navigation.link, &**of) {
            (Link::Inverse(column), Rows::Keyed { property, .. }) if property.column == ID => equal.push(column),
            (Link::Column(_), Rows::Keyed { .. }) => return true,
            _ => return false,
        },
    }
    if let Scope::Catalogs(catalogs) = &query.sight.scope {
        // One catalog is one more column that is fixed; several, or a look-up, are not.
        match entity.scope {
            Scoping::Everyone => {}
            Scoping::Column(column) if catalogs.len() == 1 => equal.push(column),
            _ => return false,
        }
    }
    if matches!(query.start, Start::Skip(n) if n > SMALL_SKIP) {
        return false;
    }
    if !query.filter.as_ref().is_none_or(|f| equalities(f, &mut equal)) {
        return false;
    }
    equal.sort_unstable();
    equal.dedup();
    let (own, ordered) = (!equal.is_empty(), |equal: &[usize]| has_index(entity, equal, &query.order));
    // An index on what only one kind has need not begin with the kind.
    match entity.columns.iter().position(|column| entity.kind.is_some() && column.name == "kind") {
        _ if equal.contains(&ID) || (own && ordered(&equal)) => true,
        Some(kind) => ordered(&[equal.as_slice(), &[kind]].concat()),
        None => ordered(&equal),
    }
}

/// Expansions that lead to one each, by key.
fn single_valued(shape: &Shape) -> bool {
    shape.expand.iter().all(|e| !e.navigation.is_collection() && single_valued(&e.shape))
}

/// Collects the columns of a filter that is nothing but `column eq literal and …`.
fn equalities(filter: &Expr, columns: &mut Vec<usize>) -> bool {
    match filter {
        Expr::And(left, right) => equalities(left, columns) && equalities(right, columns),
        Expr::Compare(Comparison::Eq, left, right) => match (&**left, &**right) {
            (Expr::Property(path), Expr::Literal(_)) | (Expr::Literal(_), Expr::Property(path)) => {
                let column = match path.navigations.as_slice() {
                    [] => Some(path.property.column),
                    // `link/id` is the link's own column.
                    [one] if path.property.column == ID => match one.link {
                        Link::Column(column) => Some(column),
                        _ => None,
                    },
                    _ => None,
                };
                columns.extend(column);
                column.is_some()
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether an index begins with the columns that are fixed and goes on in this order.
fn has_index(entity: &EntityType, equal: &[usize], order: &[OrderKey]) -> bool {
    let descending = order.first().is_some_and(|k| k.descending);
    let mut ordered = Vec::new();
    for key in order {
        match &key.expr {
            Expr::Property(path) if path.navigations.is_empty() && key.descending == descending => {
                ordered.push(path.property.column);
            }
            _ => return false,
        }
    }
    let fits = |index: &[usize]| {
        let Some((fixed, rest)) = index.split_at_checked(equal.len()) else { return false };
        fixed.iter().all(|c| equal.contains(c)) && rest.iter().chain([&ID]).eq(&ordered)
    };
    fits(&[]) || entity.indexes.iter().any(|index| fits(index))
}
