-- Entitlement management's roles, the same built-in ones in every tenant, and who has them.

CREATE TABLE role_definition (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  description text COLLATE "C",
  is_built_in boolean NOT NULL,
  is_enabled boolean NOT NULL,
  template_id text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  role_permissions text COLLATE "C" NOT NULL,
  CONSTRAINT role_definition_id PRIMARY KEY (tenant_id, id)
);

CREATE INDEX role_definition_display_name ON role_definition (tenant_id, display_name, id);

-- catalog_id is that of app_scope_id; null in the whole tenant.
CREATE TABLE role_assignment (
  tenant_id bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  principal_id text COLLATE "C" NOT NULL,
  role_definition_id text COLLATE "C" NOT NULL,
  app_scope_id text COLLATE "C" NOT NULL,
  directory_scope_id text COLLATE "C",
  catalog_id text COLLATE "C",
  CONSTRAINT role_assignment_id PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, role_definition_id) REFERENCES role_definition (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, catalog_id) REFERENCES catalog (tenant_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX role_assignment_app_scope_id ON role_assignment (tenant_id, principal_id, role_definition_id, app_scope_id);
CREATE INDEX role_assignment_principal_id ON role_assignment (tenant_id, principal_id, id);
CREATE INDEX role_assignment_role_definition_id ON role_assignment (tenant_id, role_definition_id, id);
CREATE INDEX role_assignment_catalog_id ON role_assignment (tenant_id, catalog_id, id);

INSERT INTO role_definition
SELECT tenant.key, role.id, 1, role.name, role.description, true, true, role.id, '1.0', role.permissions
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
) AS role (id, name, description, permissions);
