-- What was done and by whom, and who signed in. Records never change; in each tenant they form one chain: sequence counts
-- from 1 without a gap over both tables, and hash covers the record and the hash before it. audit_head is where the chain
-- ends.

CREATE TABLE directory_audit (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  activity_at bigint NOT NULL,
  activity_display_name text COLLATE "C" NOT NULL,
  category text COLLATE "C" NOT NULL,
  correlation_id text COLLATE "C",
  initiated_by text COLLATE "C" NOT NULL,
  logged_by_service text COLLATE "C" NOT NULL,
  operation_type text COLLATE "C" NOT NULL,
  result text COLLATE "C" NOT NULL,
  result_reason text COLLATE "C",
  target_resources text COLLATE "C" NOT NULL,
  additional_details text COLLATE "C" NOT NULL,
  initiator_user_id text COLLATE "C",
  initiator_user_name text COLLATE "C",
  initiator_app_id text COLLATE "C",
  initiator_app_name text COLLATE "C",
  initiator_principal_id text COLLATE "C",
  sequence bigint NOT NULL,
  hash text COLLATE "C" NOT NULL,
  CONSTRAINT directory_audit_id PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX directory_audit_sequence ON directory_audit (tenant_id, sequence);
CREATE INDEX directory_audit_activity_at ON directory_audit (tenant_id, activity_at, id);
CREATE INDEX directory_audit_initiator_user_id ON directory_audit (tenant_id, initiator_user_id, id);
CREATE INDEX directory_audit_initiator_app_id ON directory_audit (tenant_id, initiator_app_id, id);
CREATE INDEX directory_audit_correlation_id ON directory_audit (tenant_id, correlation_id, id);

CREATE TABLE sign_in (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  created_at bigint NOT NULL,
  user_display_name text COLLATE "C",
  user_principal_name text COLLATE "C",
  user_id text COLLATE "C",
  app_id text COLLATE "C",
  app_display_name text COLLATE "C",
  service_principal_id text COLLATE "C",
  ip_address text COLLATE "C",
  client_app_used text COLLATE "C" NOT NULL,
  correlation_id text COLLATE "C",
  is_interactive boolean NOT NULL,
  resource_display_name text COLLATE "C",
  status text COLLATE "C" NOT NULL,
  error_code bigint NOT NULL,
  sequence bigint NOT NULL,
  hash text COLLATE "C" NOT NULL,
  CONSTRAINT sign_in_id PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX sign_in_sequence ON sign_in (tenant_id, sequence);
CREATE INDEX sign_in_created_at ON sign_in (tenant_id, created_at, id);
CREATE INDEX sign_in_user_id ON sign_in (tenant_id, user_id, id);
CREATE INDEX sign_in_app_id ON sign_in (tenant_id, app_id, id);
CREATE INDEX sign_in_correlation_id ON sign_in (tenant_id, correlation_id, id);

CREATE TABLE audit_head (
  tenant_id bigint NOT NULL PRIMARY KEY REFERENCES tenant (key) ON DELETE CASCADE,
  sequence bigint NOT NULL,
  hash text COLLATE "C" NOT NULL
);
