-- What is revoked is known by a key: the id of an object, application:{client id}, or family:{what came of one sign-in}. A
-- revocation is forgotten when no token that it ends can count any more.
ALTER TABLE revocation ADD COLUMN expires_at bigint NOT NULL DEFAULT 0;
UPDATE revocation SET expires_at = revoked_at + 90000000000;
CREATE INDEX revocation_expires_at ON revocation (expires_at);

-- What was granted through an application ends with it.
CREATE INDEX sign_in_grant_app_id ON sign_in_grant (tenant_id, app_id);
