//! The statements that walk over links, up from where they begin or down from where they lead.

use super::{Dialect, Sql, Statement, rows::DIRECTORY, select::number};
use crate::{
    model::{meta::Closure, value::Value},
    store::{Steps, TenantKey, Walk, Way},
};

/// What a walk tells: ids, and of each 1, 0 or nothing for whether the walk leads to it.
pub fn walk(dialect: &dyn Dialect, tenant: TenantKey, walk: Walk) -> Statement {
    let Walk { closure, source, way, sight } = walk;
    let sql = Sql::new(dialect, tenant).seeing(&sight);
    match way {
        Way::Up(steps) => above(sql, closure, source, steps),
        Way::Down(targets, steps) => below(sql, closure, source, targets, steps),
        Way::Whole(targets) => among(sql, closure, source, targets),
    }
}

fn above(mut sql: Sql<'_>, closure: &Closure, source: String, steps: Steps) -> Statement {
    let [reached, link, first] = [sql.alias(), sql.alias(), sql.alias()];
    sql.push("WITH RECURSIVE ").push(&reached).push("(id) AS (SELECT ").column(&first, "id");
    sql.push(" FROM (SELECT ").column(&link, closure.links.target).push(" AS id");
    sql.tenant_rows(closure.links.table, &link);
    sql.push(" AND ").column(&link, closure.links.source).push(" = ").value(&Value::Text(source));
    sql.disclosed(&closure.links, &link);
    sql.push(" LIMIT ").value(&number(steps.first)).push(") ").push(&first);
    sql.steps(&closure.nesting, &reached, closure.nesting.source);
    sql.push(") SELECT id, CAST(1 AS BIGINT) FROM ").push(&reached);
    sql.push(" LIMIT ").value(&number(steps.up));
    sql.finish()
}

fn below(mut sql: Sql<'_>, closure: &Closure, source: String, targets: Vec<String>, steps: Steps) -> Statement {
    let back = closure.nesting.turned();
    let [reached, link, target] = [sql.alias(), sql.alias(), sql.alias()];
    sql.push("SELECT k.value, (WITH RECURSIVE ").push(&reached).push("(id) AS (SELECT ").column(&target, "id");
    sql.tenant_rows(DIRECTORY, &target).push(" AND ").column(&target, "id").push(" = k.value");
    sql.steps(&back, &reached, back.target);
    sql.push(") SELECT CAST(CASE WHEN max(s.led) = 1 THEN 1 WHEN count(*) > ").value(&number(steps.down));
    sql.push(" THEN NULL ELSE 0 END AS BIGINT) FROM (SELECT CASE WHEN EXISTS (SELECT 1")
        .tenant_rows(closure.links.table, &link);
    sql.push(" AND ").column(&link, closure.links.source).push(" = ").value(&Value::Text(source));
    sql.push(" AND ").column(&link, closure.links.target).push(" = w.id");
    sql.disclosed(&closure.links, &link);
    sql.push(") THEN 1 ELSE 0 END AS led");
    sql.push(" FROM (SELECT id FROM ")
        .push(&reached)
        .push(" LIMIT ")
        .value(&number(steps.down + 1))
        .push(") w) s) FROM ");
    sql.keys(targets);
    sql.finish()
}

fn among(mut sql: Sql<'_>, closure: &Closure, source: String, targets: Vec<String>) -> Statement {
    sql.push("SELECT k.value, CAST(1 AS BIGINT) FROM ");
    sql.keys(targets);
    sql.push(" WHERE k.value IN ");
    sql.closure(closure, |sql| {
        sql.push(" = ").value(&Value::Text(source));
    });
    sql.finish()
}
