-- What the embedded authority knows beside tenants: their domain names, service principals and their secrets.

-- Domain names are in lower case, and name one tenant in all.
CREATE TABLE tenant_domain (
  name TEXT NOT NULL PRIMARY KEY,
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX tenant_domain_tenant_id ON tenant_domain (tenant_id, name);

-- An application in a tenant. roles is a JSON array of texts: the application permissions that were granted.
CREATE TABLE service_principal (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key),
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  app_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  roles TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX service_principal_app_id ON service_principal (tenant_id, app_id);
CREATE INDEX service_principal_display_name ON service_principal (tenant_id, display_name, id);

-- hash is an Argon2id hash in PHC's format; hint the secret's first three characters.
CREATE TABLE service_principal_secret (
  tenant_id INTEGER NOT NULL,
  service_principal_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  hint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, service_principal_id, key_id),
  FOREIGN KEY (tenant_id, service_principal_id) REFERENCES service_principal (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
