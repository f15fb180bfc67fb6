-- Devices on which somebody is about to sign in by typing a code elsewhere. hash is the SHA-256 of the device's code. Once the
-- person has signed in, the row becomes a grant. details is a JSON object, as a grant has it.
CREATE TABLE device_code (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  hash text COLLATE "C" NOT NULL,
  user_code text COLLATE "C" NOT NULL,
  app_id text COLLATE "C" NOT NULL,
  details text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  polled_at bigint,
  declined boolean NOT NULL,
  PRIMARY KEY (tenant_id, hash)
);

-- People type it at an address that names no tenant.
CREATE UNIQUE INDEX device_code_user_code ON device_code (user_code);
CREATE INDEX device_code_expires_at ON device_code (expires_at);
