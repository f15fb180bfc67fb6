-- Assertions by which applications have proved themselves, by the SHA-256 of them: none counts twice.
CREATE TABLE used_assertion (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_assertion_expires_at ON used_assertion (expires_at);
