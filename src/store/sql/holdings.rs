//! The statements that find what objects of the directory hold.

use super::{Dialect, ParameterKind, Sql, Statement};
use crate::{
    model::{meta::Kind, record::RowVersion, value::Value, write::Row},
    store::{Held, HeldObject, TenantKey},
};

/// What an object holds. `{t}` is the tenant and `{id}` the object. The joins are written so that SQLite goes from the
/// holders, which are few, to what they hold.
const HOLDINGS: &str = "WITH RECURSIVE start (id) AS (\
    SELECT x.id FROM directory_object x WHERE x.tenant_id = {t} AND x.id = {id} \
    UNION SELECT o.object_id FROM object_owner o WHERE o.tenant_id = {t} AND o.owner_id = {id}), \
  own (id) AS (SELECT id FROM start \
    UNION SELECT p.id FROM start s CROSS JOIN directory_object x CROSS JOIN directory_object p \
      WHERE x.tenant_id = {t} AND x.id = s.id AND x.kind = 'application' AND p.tenant_id = {t} \
      AND p.kind = 'servicePrincipal' AND p.app_id = x.app_id AND p.app_id IS NOT NULL AND p.deleted_at IS NULL \
    UNION SELECT p.id FROM start s CROSS JOIN directory_object x CROSS JOIN directory_object p \
      WHERE x.tenant_id = {t} AND x.id = s.id AND x.kind = 'application' AND p.tenant_id = {t} \
      AND p.kind = 'servicePrincipal' AND p.app_id = x.app_id AND p.app_id IS NOT NULL AND p.deleted_at IS NOT NULL), \
  above (id) AS (\
    SELECT m.group_id FROM own o CROSS JOIN group_member m WHERE m.tenant_id = {t} AND m.member_id = o.id \
    UNION SELECT n.group_id FROM above a CROSS JOIN group_nesting n WHERE n.tenant_id = {t} AND n.member_id = a.id), \
  holder (id) AS (SELECT id FROM own UNION SELECT id FROM above) \
  SELECT 'object', h.id, d.kind, d.app_id, d.directory_roles, d.granted_roles, d.sign_in, \
      CASE WHEN d.is_assignable_to_role THEN 'yes' END \
    FROM holder h CROSS JOIN directory_object d WHERE d.tenant_id = {t} AND d.id = h.id \
  UNION ALL SELECT 'appRole', h.id, a.resource_id, r.app_id, a.app_role_id, {null}, {null}, {null} \
    FROM holder h CROSS JOIN app_role_assignment a CROSS JOIN directory_object r \
    WHERE a.tenant_id = {t} AND a.principal_id = h.id AND r.tenant_id = {t} AND r.id = a.resource_id \
  UNION ALL SELECT 'governance', h.id, g.role_definition_id, g.catalog_id, {null}, {null}, {null}, {null} \
    FROM holder h CROSS JOIN role_assignment g WHERE g.tenant_id = {t} AND g.principal_id = h.id";

/// Somebody with a directory role. The roles are compared as text: an id of a role is no part of another.
const ANOTHER: &str = "SELECT d.row_version, d.id FROM directory_object d WHERE d.tenant_id = {t} \
  AND d.directory_roles <> '[]' AND d.deleted_at IS NULL AND d.account_enabled AND d.directory_roles LIKE {role} \
  AND d.id <> {id} LIMIT 1";

/// What an object holds.
pub fn holdings(dialect: &dyn Dialect, tenant: TenantKey, id: &str) -> Statement {
    fill(dialect, tenant, HOLDINGS, &[("{id}", id)])
}

/// Somebody else who has a directory role.
pub fn another_with_role(dialect: &dyn Dialect, tenant: TenantKey, role: &str, except: &str) -> Statement {
    fill(dialect, tenant, ANOTHER, &[("{role}", &format!("%\"{role}\"%")), ("{id}", except)])
}

/// Puts parameters in their places.
fn fill(dialect: &dyn Dialect, tenant: TenantKey, text: &str, values: &[(&str, &str)]) -> Statement {
    let mut sql = Sql::new(dialect, tenant);
    let place = |number: usize, kind: Kind| {
        let mut place = String::new();
        dialect.placeholder(&mut place, number, ParameterKind::One(kind));
        place
    };
    let mut filled = text.replace("{t}", &place(1, Kind::Int)).replace("{null}", "CAST(NULL AS TEXT)");
    for (number, (name, _)) in (2..).zip(values) {
        filled = filled.replace(name, &place(number, Kind::Text));
    }
    sql.push(&filled);
    let values = values.iter().map(|(_, value)| super::Parameter::Value(Value::Text((*value).to_owned())));
    sql.parameters.extend(values);
    sql.finish()
}

/// What a row of [`holdings`] says.
pub fn held(row: &dyn Row) -> Option<Held> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    let holder = text(1)?;
    Some(match row.text(0)? {
        "object" => Held::Object(HeldObject {
            id: holder,
            kind: text(2)?,
            app_id: text(3),
            directory_roles: text(4),
            granted_roles: text(5),
            sign_in: text(6),
            role_assignable: row.text(7).is_some(),
        }),
        "appRole" => Held::AppRole { holder, resource: text(2)?, app_id: text(3).unwrap_or_default(), role: text(4)? },
        _ => Held::Governance { holder, role: text(2)?, catalog: text(3) },
    })
}

/// What a row of [`another_with_role`] says.
pub fn another(row: &dyn Row) -> Option<(String, RowVersion)> {
    Some((row.text(1)?.to_owned(), RowVersion(row.int(0)?)))
}
