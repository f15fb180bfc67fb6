-- Assertions by which applications have proved themselves, by the SHA-256 of them: none counts twice.
CREATE TABLE used_assertion (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  hash text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, hash)
);

CREATE INDEX used_assertion_expires_at ON used_assertion (expires_at);
