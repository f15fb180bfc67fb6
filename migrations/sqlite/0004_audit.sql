-- What was done and by whom, and who signed in. Records never change; in each tenant they form one chain: sequence counts
-- from 1 without a gap over both tables, and hash covers the record and the hash before it. audit_head is where the chain
-- ends.

CREATE TABLE directory_audit (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  activity_at INTEGER NOT NULL,
  activity_display_name TEXT NOT NULL,
  category TEXT NOT NULL,
  correlation_id TEXT,
  initiated_by TEXT NOT NULL,
  logged_by_service TEXT NOT NULL,
  operation_type TEXT NOT NULL,
  result TEXT NOT NULL,
  result_reason TEXT,
  target_resources TEXT NOT NULL,
  additional_details TEXT NOT NULL,
  initiator_user_id TEXT,
  initiator_user_name TEXT,
  initiator_app_id TEXT,
  initiator_app_name TEXT,
  initiator_principal_id TEXT,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX directory_audit_sequence ON directory_audit (tenant_id, sequence);
CREATE INDEX directory_audit_activity_at ON directory_audit (tenant_id, activity_at, id);
CREATE INDEX directory_audit_initiator_user_id ON directory_audit (tenant_id, initiator_user_id, id);
CREATE INDEX directory_audit_initiator_app_id ON directory_audit (tenant_id, initiator_app_id, id);
CREATE INDEX directory_audit_correlation_id ON directory_audit (tenant_id, correlation_id, id);

CREATE TABLE sign_in (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  user_display_name TEXT,
  user_principal_name TEXT,
  user_id TEXT,
  app_id TEXT,
  app_display_name TEXT,
  service_principal_id TEXT,
  ip_address TEXT,
  client_app_used TEXT NOT NULL,
  correlation_id TEXT,
  is_interactive INTEGER NOT NULL,
  resource_display_name TEXT,
  status TEXT NOT NULL,
  error_code INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX sign_in_sequence ON sign_in (tenant_id, sequence);
CREATE INDEX sign_in_created_at ON sign_in (tenant_id, created_at, id);
CREATE INDEX sign_in_user_id ON sign_in (tenant_id, user_id, id);
CREATE INDEX sign_in_app_id ON sign_in (tenant_id, app_id, id);
CREATE INDEX sign_in_correlation_id ON sign_in (tenant_id, correlation_id, id);

CREATE TABLE audit_head (
  tenant_id INTEGER NOT NULL PRIMARY KEY REFERENCES tenant (key) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
