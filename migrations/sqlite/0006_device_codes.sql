-- Devices on which somebody is about to sign in by typing a code elsewhere. hash is the SHA-256 of the device's code. Once the
-- person has signed in, the row becomes a grant. details is a JSON object, as a grant has it.
CREATE TABLE device_code (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  user_code TEXT NOT NULL,
  app_id TEXT NOT NULL,
  details TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  polled_at INTEGER,
  declined INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hash)
) STRICT, WITHOUT ROWID;

-- People type it at an address that names no tenant.
CREATE UNIQUE INDEX device_code_user_code ON device_code (user_code);
CREATE INDEX device_code_expires_at ON device_code (expires_at);
