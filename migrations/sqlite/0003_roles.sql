-- Entitlement management's roles, the same built-in ones in every tenant, and who has them.

CREATE TABLE role_definition (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  display_name TEXT NOT NULL,
  description TEXT,
  is_built_in INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL,
  template_id TEXT NOT NULL,
  version TEXT NOT NULL,
  role_permissions TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX role_definition_display_name ON role_definition (tenant_id, display_name, id);

-- catalog_id is that of app_scope_id; null in the whole tenant.
CREATE TABLE role_assignment (
  tenant_id INTEGER NOT NULL,
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  principal_id TEXT NOT NULL,
  role_definition_id TEXT NOT NULL,
  app_scope_id TEXT NOT NULL,
  directory_scope_id TEXT,
  catalog_id TEXT,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, role_definition_id) REFERENCES role_definition (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, catalog_id) REFERENCES catalog (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE UNIQUE INDEX role_assignment_app_scope_id ON role_assignment (tenant_id, principal_id, role_definition_id, app_scope_id);
CREATE INDEX role_assignment_principal_id ON role_assignment (tenant_id, principal_id, id);
CREATE INDEX role_assignment_role_definition_id ON role_assignment (tenant_id, role_definition_id, id);
CREATE INDEX role_assignment_catalog_id ON role_assignment (tenant_id, catalog_id, id);

INSERT INTO role_definition
SELECT tenant.key, role.column1, 1, role.column2, role.column3, 1, 1, role.column1, '1.0', role.column4
FROM tenant, (VALUES
  ('ae79f266-94d4-4dab-b730-feca7e132178', 'Catalog owner', 'Looks after a catalog and all that is in it, and says who else may.',
   '[{"allowedResourceActions":["microsoft.entitlementManagement/allEntities/allTasks"],"condition":null}]'),
  ('44272f93-9762-48e8-af59-1b5351b1d6b3', 'Catalog reader', 'Sees a catalog and all that is in it.',
   '[{"allowedResourceActions":["microsoft.entitlementManagement/allEntities/Read"],"condition":null}]'),
  ('7f480852-ebdc-47d4-87de-0d8498384a83', 'AccessPackages manager', 'Makes and changes the access packages of a catalog, with the resources that are in it already.',
   '[{"allowedResourceActions":["microsoft.entitlementManagement/AccessPackageCatalog/AccessPackage/allTasks","microsoft.entitlementManagement/AccessPackageCatalog/allEntities/Read"],"condition":null}]'),
  ('ba92d953-d8e0-4e39-a797-0cbedb0a89e8', 'Catalog creator', 'Makes catalogs, and owns those it made.',
   '[{"allowedResourceActions":["microsoft.entitlementManagement/AccessPackageCatalog/Create"],"condition":null}]'),
  ('e2182095-804a-4656-ae11-64734e9b7ae5', 'AccessPackage assignment manager', 'Sees a catalog, and gives and takes assignments of its access packages.',
   '[{"allowedResourceActions":["microsoft.entitlementManagement/AccessPackageCatalog/AccessPackage/GrantRequests/allTasks","microsoft.entitlementManagement/AccessPackageCatalog/AccessPackage/Grants/allTasks","microsoft.entitlementManagement/AccessPackageCatalog/allEntities/Read"],"condition":null}]')
) AS role;
