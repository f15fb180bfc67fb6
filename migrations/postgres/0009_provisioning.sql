-- Provisioning clients: identity providers that push people and groups over SCIM.

-- hash is the SHA-256, in hexadecimal, of the secret half of the client's token; hint are the secret's first characters.
CREATE TABLE provisioning_client (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id text COLLATE "C" NOT NULL,
  display_name text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  hint text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint,
  PRIMARY KEY (tenant_id, id)
);

-- What a client says of a person that no other column holds: a JSON object.
ALTER TABLE directory_object ADD COLUMN scim_details text COLLATE "C";
