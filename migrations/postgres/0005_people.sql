-- People who can sign in at the embedded authority, what applications may do in their names, and what was granted to those
-- that are on their way to a token.

-- sign_in is a JSON object: the redirect URIs, the delegated permissions, whether the client is a public one.
ALTER TABLE service_principal ADD COLUMN sign_in text COLLATE "C" NOT NULL DEFAULT '{}';

-- upn_key is the user principal name in lower case. directory_roles is a JSON array of template ids.
CREATE TABLE directory_user (
  tenant_id bigint NOT NULL REFERENCES tenant (key),
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  user_principal_name text COLLATE "C" NOT NULL,
  upn_key text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  account_enabled boolean NOT NULL,
  directory_roles text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  CONSTRAINT directory_user_id PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX directory_user_upn_key ON directory_user (tenant_id, upn_key);
CREATE INDEX directory_user_display_name ON directory_user (tenant_id, display_name, id);

-- hash is an Argon2id hash in PHC's format.
CREATE TABLE user_password (
  tenant_id bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  changed_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES directory_user (tenant_id, id) ON DELETE CASCADE
);

-- A code or a refresh token, by the SHA-256 of it. What came of one sign-in is a family. details is a JSON object.
CREATE TABLE sign_in_grant (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  hash text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  family text COLLATE "C" NOT NULL,
  app_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  details text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint,
  PRIMARY KEY (tenant_id, hash),
  FOREIGN KEY (tenant_id, user_id) REFERENCES directory_user (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX sign_in_grant_family ON sign_in_grant (tenant_id, family);
CREATE INDEX sign_in_grant_user_id ON sign_in_grant (tenant_id, user_id);
CREATE INDEX sign_in_grant_expires_at ON sign_in_grant (expires_at);

-- Whose tokens count no more that were issued until then.
CREATE TABLE revocation (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  object_id text COLLATE "C" NOT NULL,
  revoked_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, object_id)
);
