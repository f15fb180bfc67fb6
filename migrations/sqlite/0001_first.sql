-- Tenants, signing keys, catalogs and access packages.
--
-- Every table of entities has (tenant_id, id) as its key and a row_version that every change replaces. Points in time
-- are microseconds since 1970 in UTC. Each index is completed by the id, so that lists have a total order in it.

CREATE TABLE tenant (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_key (
  kid TEXT NOT NULL PRIMARY KEY,
  pkcs8 BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE catalog (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key),
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  unique_name TEXT,
  display_name TEXT NOT NULL,
  description TEXT,
  catalog_type TEXT NOT NULL,
  state TEXT NOT NULL,
  is_externally_visible INTEGER NOT NULL,
  created_by TEXT,
  created_at INTEGER NOT NULL,
  modified_by TEXT,
  modified_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX catalog_unique_name ON catalog (tenant_id, unique_name) WHERE unique_name IS NOT NULL;
CREATE INDEX catalog_display_name ON catalog (tenant_id, display_name, id);

CREATE TABLE access_package (
  tenant_id INTEGER NOT NULL,
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  catalog_id TEXT NOT NULL,
  unique_name TEXT,
  display_name TEXT NOT NULL,
  description TEXT,
  is_hidden INTEGER NOT NULL,
  is_role_scopes_visible INTEGER NOT NULL,
  created_by TEXT,
  created_at INTEGER NOT NULL,
  modified_by TEXT,
  modified_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, catalog_id) REFERENCES catalog (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX access_package_unique_name ON access_package (tenant_id, unique_name) WHERE unique_name IS NOT NULL;
CREATE INDEX access_package_display_name ON access_package (tenant_id, display_name, id);
CREATE INDEX access_package_catalog_id ON access_package (tenant_id, catalog_id, id);
CREATE INDEX access_package_catalog_id_display_name ON access_package (tenant_id, catalog_id, display_name, id);

-- Holders of incompatible_id may not be given package_id.
CREATE TABLE access_package_incompatible (
  tenant_id INTEGER NOT NULL,
  package_id TEXT NOT NULL,
  incompatible_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, package_id, incompatible_id),
  FOREIGN KEY (tenant_id, package_id) REFERENCES access_package (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, incompatible_id) REFERENCES access_package (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX access_package_incompatible_with ON access_package_incompatible (tenant_id, incompatible_id, package_id);
