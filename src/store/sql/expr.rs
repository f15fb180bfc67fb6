//! Conditions: `$filter`, `$search`, and what comes after a row in an order.
//!
//! OData's comparisons yield true or false even where an operand is null, SQL's yield null. A condition's null counts
//! as false at the top and under `and` and `or`; under `not`, in `all` and as an operand it would not, so there
//! (`exact`) comparisons that can be null are made false. OData's boolean functions do yield null, as SQL's.
//!
//! No operand is written twice: what nests would grow with every level.

use super::Sql;
use crate::{
    model::{
        meta::{EntityType, Link, Navigation, Property},
        value::Value,
    },
    odata::query::{Comparison, Expr, Function, OrderKey, PropertyPath, Quantifier, Search},
};

/// The aliases of the row and of the lambda variables around an expression, from outside.
pub(super) type Scopes<'a> = Vec<(String, &'a EntityType)>;

impl Sql<'_> {
    /// An expression.
    pub(super) fn expr(&mut self, expr: &Expr, scopes: &mut Scopes<'_>, exact: bool) {
        match expr {
            Expr::Literal(value) => {
                self.value(value);
            }
            Expr::Property(path) => self.property(path, scopes),
            Expr::Member(path, names, ty) => {
                let [before, after] = self.dialect.json_value(names, ty.kind());
                self.push(&before);
                self.property(path, scopes);
                self.push(&after);
            }
            Expr::Item { scope, path, ty } => {
                let [before, after] = self.dialect.item_value(path, ty.kind());
                let alias = scopes.get(*scope).map_or_else(String::new, |(alias, _)| alias.clone());
                self.push(&before).column(&alias, "value").push(&after);
            }
            Expr::Each { quantifier, property, predicate } => {
                self.each(*quantifier, property, predicate.as_deref(), scopes);
            }
            Expr::Compare(op, left, right) => self.comparison(*op, left, right, scopes, exact),
            Expr::In(operand, values) => self.membership(operand, values, scopes, exact),
            Expr::And(left, right) => self.both(left, " AND ", right, scopes, exact),
            Expr::Or(left, right) => self.both(left, " OR ", right, scopes, exact),
            Expr::Not(operand) => {
                // NOT binds less than comparisons do.
                self.push("(NOT (");
                self.expr(operand, scopes, true);
                self.push("))");
            }
            Expr::Call(function, operands) => self.call(*function, operands, scopes, exact),
            Expr::Lambda { quantifier, scope, path, predicate } => {
                self.lambda(*quantifier, *scope, path, predicate.as_deref(), scopes);
            }
        }
    }

    fn both(&mut self, left: &Expr, operator: &str, right: &Expr, scopes: &mut Scopes<'_>, exact: bool) {
        self.push("(");
        self.expr(left, scopes, exact);
        self.push(operator);
        self.expr(right, scopes, exact);
        self.push(")");
    }

    fn call(&mut self, function: Function, operands: &[Expr], scopes: &mut Scopes<'_>, exact: bool) {
        if let (Function::StartsWith, [column @ Expr::Property(_), Expr::Literal(Value::Text(prefix))]) =
            (function, operands)
            && let Some(after) = after_all(prefix)
        {
            // The texts in between begin so, and an index finds them. Texts are compared by code points in both engines.
            self.push("(");
            self.expr(column, scopes, exact);
            self.push(" >= ").value(&Value::Text(prefix.clone())).push(" AND ");
            self.expr(column, scopes, exact);
            self.push(" < ").value(&Value::Text(after)).push(")");
            return;
        }
        let [before, between, after] = self.dialect.function(function);
        self.push(before);
        for (at, operand) in operands.iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            self.expr(operand, scopes, exact);
        }
        self.push(after);
    }

    fn comparison(&mut self, op: Comparison, left: &Expr, right: &Expr, scopes: &mut Scopes<'_>, exact: bool) {
        let (left, right, op) = if is_null(left) { (right, left, op) } else { (left, right, op) };
        if is_null(right) {
            return self.null_comparison(op, left, scopes);
        }
        let [of_left, of_right] = [left, right].map(|side| self.nullable(side, scopes));
        let (may_be_null, both) = (of_left || of_right, of_left && of_right);
        let operator = match op {
            Comparison::Eq if both => " IS NOT DISTINCT FROM ",
            Comparison::Eq => " = ",
            Comparison::Ne if may_be_null => " IS DISTINCT FROM ",
            Comparison::Ne => " <> ",
            Comparison::Gt => " > ",
            Comparison::Ge if both => return self.comparison_or_both_null(" >= ", left, right, scopes),
            Comparison::Ge => " >= ",
            Comparison::Lt => " < ",
            Comparison::Le if both => return self.comparison_or_both_null(" <= ", left, right, scopes),
            Comparison::Le => " <= ",
        };
        let guard = exact && may_be_null && !operator.starts_with(" IS ");
        self.push(if guard { "coalesce(" } else { "(" });
        self.expr(left, scopes, true);
        self.push(operator);
        self.expr(right, scopes, true);
        self.push(if guard { ", FALSE)" } else { ")" });
    }

    /// Null is equal to null, so it is greater or equal, too (OData 4.0 Part 2, 5.1.1.1.4).
    fn comparison_or_both_null(&mut self, operator: &str, left: &Expr, right: &Expr, scopes: &mut Scopes<'_>) {
        let both = self.alias();
        let side = |sql: &mut Self, name: &str| {
            sql.column(&both, name);
        };
        self.push("(SELECT coalesce(");
        side(self, "l");
        self.push(operator);
        side(self, "r");
        self.push(", ");
        side(self, "l");
        self.push(" IS NULL AND ");
        side(self, "r");
        self.push(" IS NULL) FROM (SELECT ");
        self.expr(left, scopes, true);
        self.push(" AS l, ");
        self.expr(right, scopes, true);
        self.push(" AS r) ").push(&both).push(")");
    }

    /// Nothing is equal to null but null, and nothing is greater or less.
    fn null_comparison(&mut self, op: Comparison, operand: &Expr, scopes: &mut Scopes<'_>) {
        let test = match op {
            Comparison::Eq | Comparison::Ge | Comparison::Le => " IS NULL)",
            Comparison::Ne => " IS NOT NULL)",
            Comparison::Gt | Comparison::Lt => {
                self.push("FALSE");
                return;
            }
        };
        self.push("(");
        self.expr(operand, scopes, true);
        self.push(test);
    }

    fn membership(&mut self, operand: &Expr, values: &[Value], scopes: &mut Scopes<'_>, exact: bool) {
        let known: Vec<&Value> = values.iter().filter(|v| **v != Value::Null).collect();
        let with_null = known.len() < values.len();
        if known.is_empty() {
            self.push("(");
            self.expr(operand, scopes, true);
            self.push(" IS NULL)");
            return;
        }
        // Null is in no list of SQL: what comes of it is null, which is what tells it from the rest.
        let guard = self.nullable(operand, scopes) && (exact || with_null);
        self.push(if guard { "coalesce(" } else { "(" });
        self.expr(operand, scopes, true);
        self.push(" IN (");
        self.list(&known, |sql, value| {
            sql.value(value);
        });
        self.push(match (guard, with_null) {
            (true, true) => "), TRUE)",
            (true, false) => "), FALSE)",
            (false, _) => "))",
        });
    }

    /// A property: a column, or the value that single-valued navigations lead to.
    fn property(&mut self, path: &PropertyPath, scopes: &Scopes<'_>) {
        let Some((alias, entity)) = scopes.get(path.scope).map(|(a, e)| (a.clone(), *e)) else {
            self.push("NULL");
            return;
        };
        match path.cast.and_then(|face| face.entity.kind) {
            Some(kind) => {
                self.push("CASE WHEN ");
                self.reach(&alias, entity, &path.navigations, "kind");
                self.push(" = '").push(kind).push("' THEN ");
                self.reach(&alias, entity, &path.navigations, path.property.column_name);
                self.push(" END");
            }
            None => self.reach(&alias, entity, &path.navigations, path.property.column_name),
        }
    }

    /// `any` and `all` over the items of a property that holds a JSON array.
    fn each(
        &mut self,
        quantifier: Quantifier,
        property: &PropertyPath,
        predicate: Option<&Expr>,
        scopes: &mut Scopes<'_>,
    ) {
        let each = self.alias();
        let all = quantifier == Quantifier::All;
        let [before, after] = self.dialect.json_items();
        self.push(asked(quantifier)).push(" FROM ").push(before);
        self.property(property, scopes);
        self.push(after).push(" AS ").push(&each);
        if let Some(predicate) = predicate {
            let Some((_, entity)) = scopes.first().map(|(alias, entity)| (alias.clone(), *entity)) else { return };
            // No property is reached from an item: the entity stands for none.
            scopes.push((each, entity));
            self.push(if all { " WHERE NOT coalesce(" } else { " WHERE " });
            self.expr(predicate, scopes, all);
            self.push(if all { ", FALSE)" } else { "" });
            scopes.pop();
        }
        self.push("))");
    }

    /// The value of a column, `navigations` away from `alias`.
    fn reach(&mut self, alias: &str, entity: &EntityType, navigations: &[&'static Navigation], column: &str) {
        let Some((first, rest)) = navigations.split_first() else {
            self.shown(alias, entity, column);
            return;
        };
        let Link::Column(link) = first.link else {
            self.push("NULL");
            return;
        };
        if rest.is_empty() && column == "id" && !first.target.soft_delete {
            // The link is the id.
            self.push_column(alias, entity, link);
            return;
        }
        let next = self.alias();
        self.push("(SELECT ");
        self.reach(&next, first.target, rest, column);
        self.rows_of(first.target, &next);
        self.push(" AND ").column(&next, "id").push(" = ");
        self.push_column(alias, entity, link);
        self.push(")");
    }

    fn push_column(&mut self, alias: &str, entity: &EntityType, column: usize) {
        match entity.columns.get(column) {
            Some(column) => self.column(alias, column.name),
            None => self.push("NULL"),
        };
    }

    fn lambda(
        &mut self,
        quantifier: Quantifier,
        scope: usize,
        path: &[&'static Navigation],
        predicate: Option<&Expr>,
        scopes: &mut Scopes<'_>,
    ) {
        let (Some((collection, way)), Some((alias, entity))) =
            (path.split_last(), scopes.get(scope).map(|(a, e)| (a.clone(), *e)))
        else {
            self.push("FALSE");
            return;
        };
        let each = self.alias();
        self.push(asked(quantifier));
        self.rows_of(collection.target, &each);
        self.push(" AND ");
        match collection.link {
            Link::Inverse(column) => {
                self.push_column(&each, collection.target, column);
                self.push(" = ");
                self.reach(&alias, entity, way, "id");
            }
            Link::Table(table) => {
                let link = self.alias();
                self.column(&each, "id").push(" IN (SELECT ").column(&link, table.target);
                self.tenant_rows(table.table, &link);
                self.push(" AND ").column(&link, table.source).push(" = ");
                self.reach(&alias, entity, way, "id");
                self.disclosed(&table, &link);
                self.push(")");
            }
            Link::Closure(closure) => {
                self.column(&each, "id").push(" IN ");
                self.closure(closure, |sql| {
                    sql.push(" = ");
                    sql.reach(&alias, entity, way, "id");
                });
            }
            Link::Column(_) => {
                self.push("FALSE");
            }
        }
        if let Some(predicate) = predicate {
            scopes.push((each, collection.target));
            let all = quantifier == Quantifier::All;
            self.push(if all { " AND NOT coalesce(" } else { " AND " });
            self.expr(predicate, scopes, all);
            self.push(if all { ", FALSE)" } else { "" });
            scopes.pop();
        }
        self.push("))");
    }

    /// `$search`: each term in one of the searchable properties, in any letter case.
    pub(super) fn search(&mut self, search: &Search, (alias, entity): (&str, &EntityType), properties: &[&Property]) {
        match search {
            Search::Term { property, text } => {
                let [before, between, after] = self.dialect.function(Function::Contains);
                let term = Value::Text(text.clone());
                self.push("(FALSE");
                for property in
                    properties.iter().filter(|p| property.is_none_or(|wanted| wanted.column_name == p.column_name))
                {
                    self.push(" OR coalesce(").push(before);
                    self.caseless(|sql| {
                        sql.shown(alias, entity, property.column_name);
                    });
                    self.push(between);
                    self.caseless(|sql| {
                        sql.value(&term);
                    });
                    self.push(after).push(", FALSE)");
                }
                self.push(")");
            }
            Search::And(left, right) | Search::Or(left, right) => {
                self.push("(");
                self.search(left, (alias, entity), properties);
                self.push(if matches!(search, Search::And(..)) { " AND " } else { " OR " });
                self.search(right, (alias, entity), properties);
                self.push(")");
            }
            Search::Not(operand) => {
                self.push("NOT ");
                self.search(operand, (alias, entity), properties);
            }
        }
    }

    /// A text without its letter case. Lower case alone leaves ß beside SS and ς beside σ, upper case alone K beside the
    /// Kelvin sign. Both sides of a comparison go through the same engine, whose Unicode may not be ours.
    fn caseless(&mut self, text: impl FnOnce(&mut Self)) {
        let [[upper, _, upper_end], [lower, _, lower_end]] =
            [Function::ToUpper, Function::ToLower].map(|f| self.dialect.function(f));
        self.push(upper).push(lower);
        text(self);
        self.push(lower_end).push(upper_end);
    }

    /// The rows after the one whose order keys have these values.
    pub(super) fn after(&mut self, order: &[OrderKey], values: &[Value], scopes: &mut Scopes<'_>) {
        let descending = order.first().is_some_and(|k| k.descending);
        if order.iter().all(|k| k.descending == descending && !self.nullable(&k.expr, scopes)) {
            // Databases seek an index by a comparison of rows.
            self.push("(");
            self.list(order, |sql, key| sql.expr(&key.expr, scopes, false));
            self.push(if descending { ") < (" } else { ") > (" });
            self.list(values, |sql, value| {
                sql.value(value);
            });
            self.push(")");
            return;
        }
        self.push("(FALSE");
        for (at, (key, value)) in order.iter().zip(values).enumerate() {
            self.push(" OR (");
            for (earlier, value) in order.iter().zip(values).take(at) {
                self.expr(&earlier.expr, scopes, false);
                self.push(" IS NOT DISTINCT FROM ").value(value).push(" AND ");
            }
            self.after_key(key, value, scopes);
            self.push(")");
        }
        self.push(")");
    }

    /// Null comes first ascending and last descending.
    fn after_key(&mut self, key: &OrderKey, value: &Value, scopes: &mut Scopes<'_>) {
        match (key.descending, value) {
            (true, Value::Null) => {
                self.push("FALSE");
            }
            (false, Value::Null) => {
                self.expr(&key.expr, scopes, false);
                self.push(" IS NOT NULL");
            }
            (false, value) => {
                self.expr(&key.expr, scopes, false);
                self.push(" > ").value(value);
            }
            (true, value) => {
                self.push("(");
                self.expr(&key.expr, scopes, false);
                self.push(" < ").value(value).push(" OR ");
                self.expr(&key.expr, scopes, false);
                self.push(" IS NULL)");
            }
        }
    }

    /// Whether the expression can be null. Links that single-valued navigations follow are taken to be possibly empty.
    fn nullable(&self, expr: &Expr, scopes: &Scopes<'_>) -> bool {
        match expr {
            Expr::Literal(value) => *value == Value::Null,
            Expr::Property(path) => {
                let kept = |(_, entity): &(String, &EntityType)| self.may_be_kept(entity, path.property.column_name);
                path.property.nullable
                    || !path.navigations.is_empty()
                    || path.cast.is_some()
                    || scopes.get(path.scope).is_some_and(kept)
            }
            Expr::Member(..) | Expr::Item { .. } => true,
            Expr::Call(_, operands) => operands.iter().any(|operand| self.nullable(operand, scopes)),
            Expr::Compare(..) | Expr::In(..) | Expr::Lambda { .. } | Expr::Each { .. } => false,
            Expr::And(left, right) | Expr::Or(left, right) => {
                self.nullable(left, scopes) || self.nullable(right, scopes)
            }
            Expr::Not(operand) => self.nullable(operand, scopes),
        }
    }

    /// ` ORDER BY …`, before it what `first` says.
    pub(super) fn order_by(&mut self, first: &str, order: &[OrderKey], scopes: &mut Scopes<'_>) {
        self.push(" ORDER BY ").push(first);
        self.list(order, |sql, key| {
            sql.expr(&key.expr, scopes, false);
            sql.push(match (sql.nullable(&key.expr, scopes), key.descending) {
                (false, false) => "",
                (false, true) => " DESC",
                (true, false) => " ASC NULLS FIRST",
                (true, true) => " DESC NULLS LAST",
            });
        });
    }

    /// Each item, with commas between.
    pub(super) fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            write(self, item);
        }
    }
}

/// The beginning of what is asked of a collection; two parentheses are open after it.
const fn asked(quantifier: Quantifier) -> &'static str {
    match quantifier {
        Quantifier::Any => "(EXISTS (SELECT 1",
        Quantifier::All => "(NOT EXISTS (SELECT 1",
        Quantifier::Count => "((SELECT count(*)",
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(Value::Null))
}

/// The first text after all that begin with this one. None: it is empty, or nothing comes after.
fn after_all(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        // What is no letter, between U+D7FF and U+E000, is passed over.
        if let Some(next) = (last..=char::MAX).nth(1) {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_a_text_ends_before_the_next_one() {
        for (prefix, next) in [
            ("", None),
            ("a", Some("b")),
            ("az", Some("a{")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}", None),
        ] {
            assert_eq!(after_all(prefix).as_deref(), next, "{prefix:?}");
        }
    }
}
