-- Provisioning clients: identity providers that push people and groups over SCIM.

-- hash is the SHA-256, in hexadecimal, of the secret half of the client's token; hint are the secret's first characters.
CREATE TABLE provisioning_client (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  hash TEXT NOT NULL,
  hint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

-- What a client says of a person that no other column holds: a JSON object.
ALTER TABLE directory_object ADD COLUMN scim_details TEXT;
