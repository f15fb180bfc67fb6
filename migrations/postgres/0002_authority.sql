-- What the embedded authority knows beside tenants: their domain names, service principals and their secrets.

-- Domain names are in lower case, and name one tenant in all.
CREATE TABLE tenant_domain (
  name text COLLATE "C" NOT NULL PRIMARY KEY,
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE
);

CREATE INDEX tenant_domain_tenant_id ON tenant_domain (tenant_id, name);

-- An application in a tenant. roles is a JSON array of texts: the application permissions that were granted.
CREATE TABLE service_principal (
  tenant_id bigint NOT NULL REFERENCES tenant (key),
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  app_id text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  roles text NOT NULL,
  created_at bigint NOT NULL,
  CONSTRAINT service_principal_id PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX service_principal_app_id ON service_principal (tenant_id, app_id);
CREATE INDEX service_principal_display_name ON service_principal (tenant_id, display_name, id);

-- hash is an Argon2id hash in PHC's format; hint the secret's first three characters.
CREATE TABLE service_principal_secret (
  tenant_id bigint NOT NULL,
  service_principal_id text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  hash text NOT NULL,
  hint text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, service_principal_id, key_id),
  FOREIGN KEY (tenant_id, service_principal_id) REFERENCES service_principal (tenant_id, id) ON DELETE CASCADE
);
