-- People who can sign in at the embedded authority, what applications may do in their names, and what was granted to those
-- that are on their way to a token.

-- sign_in is a JSON object: the redirect URIs, the delegated permissions, whether the client is a public one.
ALTER TABLE service_principal ADD COLUMN sign_in TEXT NOT NULL DEFAULT '{}';

-- upn_key is the user principal name in lower case. directory_roles is a JSON array of template ids.
CREATE TABLE directory_user (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key),
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  user_principal_name TEXT NOT NULL,
  upn_key TEXT NOT NULL,
  display_name TEXT NOT NULL,
  account_enabled INTEGER NOT NULL,
  directory_roles TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX directory_user_upn_key ON directory_user (tenant_id, upn_key);
CREATE INDEX directory_user_display_name ON directory_user (tenant_id, display_name, id);

-- hash is an Argon2id hash in PHC's format.
CREATE TABLE user_password (
  tenant_id INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES directory_user (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A code or a refresh token, by the SHA-256 of it. What came of one sign-in is a family. details is a JSON object.
CREATE TABLE sign_in_grant (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  kind TEXT NOT NULL,
  family TEXT NOT NULL,
  app_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  details TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (tenant_id, hash),
  FOREIGN KEY (tenant_id, user_id) REFERENCES directory_user (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_grant_family ON sign_in_grant (tenant_id, family);
CREATE INDEX sign_in_grant_user_id ON sign_in_grant (tenant_id, user_id);
CREATE INDEX sign_in_grant_expires_at ON sign_in_grant (expires_at);

-- Whose tokens count no more that were issued until then.
CREATE TABLE revocation (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  object_id TEXT NOT NULL,
  revoked_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, object_id)
) STRICT, WITHOUT ROWID;
