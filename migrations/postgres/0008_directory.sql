-- The directory: people, groups, applications, and what applications are in a tenant.
--
-- All are rows of one table, told apart by kind, so that what leads to things of several types is one look-up. A column holds
-- something only for the kinds that have it. Lists and values with members are JSON. What has a deleted_at is gone until it
-- is restored: unique names are unique among what lives. password_hash and secret_hashes hold Argon2id hashes in PHC's format.
CREATE TABLE directory_object (
  tenant_id bigint NOT NULL REFERENCES tenant (key),
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  deleted_at bigint,
  manager_id text COLLATE "C",
  business_phones text COLLATE "C",
  display_name text COLLATE "C",
  given_name text COLLATE "C",
  job_title text COLLATE "C",
  mail text COLLATE "C",
  mobile_phone text COLLATE "C",
  office_location text COLLATE "C",
  preferred_language text COLLATE "C",
  surname text COLLATE "C",
  user_principal_name text COLLATE "C",
  upn_key text COLLATE "C",
  about_me text COLLATE "C",
  account_enabled boolean,
  age_group text COLLATE "C",
  assigned_licenses text COLLATE "C",
  assigned_plans text COLLATE "C",
  birthday bigint,
  city text COLLATE "C",
  company_name text COLLATE "C",
  consent_provided_for_minor text COLLATE "C",
  country text COLLATE "C",
  created_at bigint NOT NULL,
  creation_type text COLLATE "C",
  department text COLLATE "C",
  employee_hire_date bigint,
  employee_id text COLLATE "C",
  employee_leave_date_time bigint,
  employee_org_data text COLLATE "C",
  employee_type text COLLATE "C",
  external_user_state text COLLATE "C",
  external_user_state_change_date_time bigint,
  fax_number text COLLATE "C",
  identities text COLLATE "C",
  im_addresses text COLLATE "C",
  is_resource_account boolean,
  last_password_change_date_time bigint,
  legal_age_group_classification text COLLATE "C",
  mail_nickname text COLLATE "C",
  my_site text COLLATE "C",
  on_premises_distinguished_name text COLLATE "C",
  on_premises_domain_name text COLLATE "C",
  on_premises_extension_attributes text COLLATE "C",
  on_premises_immutable_id text COLLATE "C",
  on_premises_last_sync_date_time bigint,
  on_premises_sam_account_name text COLLATE "C",
  on_premises_security_identifier text COLLATE "C",
  on_premises_sync_enabled boolean,
  on_premises_user_principal_name text COLLATE "C",
  other_mails text COLLATE "C",
  password_policies text COLLATE "C",
  postal_code text COLLATE "C",
  preferred_data_location text COLLATE "C",
  proxy_addresses text COLLATE "C",
  security_identifier text COLLATE "C",
  show_in_address_list boolean,
  sign_in_sessions_valid_from_date_time bigint,
  state text COLLATE "C",
  street_address text COLLATE "C",
  usage_location text COLLATE "C",
  user_type text COLLATE "C",
  password_hash text COLLATE "C",
  directory_roles text COLLATE "C",
  external_id text COLLATE "C",
  classification text COLLATE "C",
  creation_options text COLLATE "C",
  description text COLLATE "C",
  expiration_date_time bigint,
  group_types text COLLATE "C",
  is_assignable_to_role boolean,
  mail_enabled boolean,
  membership_rule text COLLATE "C",
  membership_rule_processing_state text COLLATE "C",
  on_premises_net_bios_name text COLLATE "C",
  renewed_date_time bigint,
  resource_behavior_options text COLLATE "C",
  resource_provisioning_options text COLLATE "C",
  security_enabled boolean,
  theme text COLLATE "C",
  unique_name text COLLATE "C",
  visibility text COLLATE "C",
  allow_external_senders boolean,
  auto_subscribe_new_members boolean,
  hide_from_address_lists boolean,
  hide_from_outlook_clients boolean,
  add_ins text COLLATE "C",
  api text COLLATE "C",
  app_id text COLLATE "C",
  application_template_id text COLLATE "C",
  app_roles text COLLATE "C",
  default_redirect_uri text COLLATE "C",
  disabled_by_microsoft_status text COLLATE "C",
  group_membership_claims text COLLATE "C",
  identifier_uris text COLLATE "C",
  info text COLLATE "C",
  is_device_only_auth_supported boolean,
  is_fallback_public_client boolean,
  key_credentials text COLLATE "C",
  native_authentication_apis_enabled text COLLATE "C",
  notes text COLLATE "C",
  oauth2_require_post_response boolean,
  optional_claims text COLLATE "C",
  parental_control_settings text COLLATE "C",
  password_credentials text COLLATE "C",
  public_client text COLLATE "C",
  publisher_domain text COLLATE "C",
  request_signature_verification text COLLATE "C",
  required_resource_access text COLLATE "C",
  saml_metadata_url text COLLATE "C",
  service_management_reference text COLLATE "C",
  service_principal_lock_configuration text COLLATE "C",
  sign_in_audience text COLLATE "C",
  spa text COLLATE "C",
  tags text COLLATE "C",
  token_encryption_key_id text COLLATE "C",
  verified_publisher text COLLATE "C",
  web text COLLATE "C",
  secret_hashes text COLLATE "C",
  alternative_names text COLLATE "C",
  app_description text COLLATE "C",
  app_display_name text COLLATE "C",
  app_owner_organization_id text COLLATE "C",
  app_role_assignment_required boolean,
  homepage text COLLATE "C",
  login_url text COLLATE "C",
  logout_url text COLLATE "C",
  notification_email_addresses text COLLATE "C",
  oauth2_permission_scopes text COLLATE "C",
  preferred_single_sign_on_mode text COLLATE "C",
  preferred_token_signing_key_thumbprint text COLLATE "C",
  reply_urls text COLLATE "C",
  resource_specific_application_permissions text COLLATE "C",
  saml_single_sign_on_settings text COLLATE "C",
  service_principal_names text COLLATE "C",
  service_principal_type text COLLATE "C",
  granted_roles text COLLATE "C",
  sign_in text COLLATE "C",
  CONSTRAINT directory_object_id PRIMARY KEY (tenant_id, id)
);

-- Unique, so that who asks whether an object lives finds it here alone.
CREATE UNIQUE INDEX directory_object_kind ON directory_object (tenant_id, kind, id) WHERE deleted_at IS NULL;
CREATE INDEX directory_object_display_name ON directory_object (tenant_id, kind, display_name, id) WHERE deleted_at IS NULL;
CREATE INDEX directory_object_deleted_at ON directory_object (tenant_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX directory_object_manager_id ON directory_object (tenant_id, manager_id, id) WHERE manager_id IS NOT NULL;
CREATE INDEX directory_object_external_id ON directory_object (tenant_id, kind, external_id, id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX directory_object_upn_key ON directory_object (tenant_id, upn_key)
  WHERE upn_key IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX directory_object_app_id ON directory_object (tenant_id, kind, app_id)
  WHERE app_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX directory_object_unique_name ON directory_object (tenant_id, kind, unique_name)
  WHERE unique_name IS NOT NULL AND deleted_at IS NULL;

-- member_id is in group_id.
CREATE TABLE group_member (
  tenant_id bigint NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX group_member_of ON group_member (tenant_id, member_id, group_id);

-- The rows of group_member whose member is a group. Groups in groups are few beside their members, and whoever looks for what
-- is nested walks over them alone.
CREATE TABLE group_nesting (
  tenant_id bigint NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id),
  FOREIGN KEY (tenant_id, group_id, member_id) REFERENCES group_member (tenant_id, group_id, member_id) ON DELETE CASCADE
);

CREATE INDEX group_nesting_of ON group_nesting (tenant_id, member_id, group_id);

-- owner_id looks after object_id.
CREATE TABLE object_owner (
  tenant_id bigint NOT NULL,
  object_id text COLLATE "C" NOT NULL,
  owner_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, object_id, owner_id),
  FOREIGN KEY (tenant_id, object_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, owner_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX object_owner_of ON object_owner (tenant_id, owner_id, object_id);

-- sponsor_id is responsible for user_id.
CREATE TABLE user_sponsor (
  tenant_id bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  sponsor_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, user_id, sponsor_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, sponsor_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX user_sponsor_of ON user_sponsor (tenant_id, sponsor_id, user_id);

CREATE TABLE app_role_assignment (
  tenant_id bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  row_version bigint NOT NULL,
  deleted_date_time bigint,
  app_role_id text COLLATE "C" NOT NULL,
  created_at bigint,
  principal_display_name text COLLATE "C",
  principal_id text COLLATE "C" NOT NULL,
  principal_type text COLLATE "C",
  resource_display_name text COLLATE "C",
  resource_id text COLLATE "C" NOT NULL,
  CONSTRAINT app_role_assignment_id PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, resource_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX app_role_assignment_app_role_id ON app_role_assignment (tenant_id, principal_id, resource_id, app_role_id);
CREATE INDEX app_role_assignment_principal_id ON app_role_assignment (tenant_id, principal_id, id);
CREATE INDEX app_role_assignment_resource_id ON app_role_assignment (tenant_id, resource_id, id);

-- Who was here before there was a directory.
INSERT INTO directory_object (
  tenant_id, id, row_version, kind, created_at, display_name, user_principal_name, upn_key, account_enabled, directory_roles,
  password_hash, last_password_change_date_time, user_type, show_in_address_list, business_phones, other_mails, im_addresses,
  proxy_addresses, identities, assigned_licenses, assigned_plans
)
SELECT u.tenant_id, u.id, u.row_version, 'user', u.created_at, u.display_name, u.user_principal_name, u.upn_key, u.account_enabled,
  u.directory_roles, p.hash, p.changed_at, 'Member', TRUE, '[]', '[]', '[]', '[]', '[]', '[]', '[]'
FROM directory_user u LEFT JOIN user_password p ON p.tenant_id = u.tenant_id AND p.user_id = u.id;

INSERT INTO directory_object (
  tenant_id, id, row_version, kind, created_at, display_name, app_id, account_enabled, granted_roles, sign_in,
  password_credentials, secret_hashes, app_role_assignment_required, service_principal_type, sign_in_audience, add_ins,
  alternative_names, app_roles, key_credentials, notification_email_addresses, oauth2_permission_scopes, reply_urls,
  resource_specific_application_permissions, service_principal_names, tags
)
SELECT s.tenant_id, s.id, s.row_version, 'servicePrincipal', s.created_at, s.display_name, s.app_id, TRUE, s.roles, s.sign_in,
  coalesce((
    SELECT json_agg(json_build_object(
      'customKeyIdentifier', NULL, 'displayName', NULL, 'endDateTime', to_char(to_timestamp(k.expires_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'hint', k.hint, 'keyId', k.key_id,
      'secretText', NULL, 'startDateTime', to_char(to_timestamp(k.created_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    ))::text FROM service_principal_secret k WHERE k.tenant_id = s.tenant_id AND k.service_principal_id = s.id
  ), '[]'),
  coalesce((
    SELECT json_agg(json_build_object('keyId', k.key_id, 'hash', k.hash))::text
    FROM service_principal_secret k WHERE k.tenant_id = s.tenant_id AND k.service_principal_id = s.id
  ), '[]'),
  FALSE, 'Application', 'AzureADMyOrg', '[]', '[]', '[]', '[]', '[]', '[]', '[]', '[]', '[]', '[]'
FROM service_principal s;

ALTER TABLE sign_in_grant DROP CONSTRAINT sign_in_grant_tenant_id_user_id_fkey;
ALTER TABLE sign_in_grant ADD FOREIGN KEY (tenant_id, user_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE;

DROP TABLE user_password;
DROP TABLE directory_user;
DROP TABLE service_principal_secret;
DROP TABLE service_principal;

-- What the tenant itself is, at Graph's addresses.
-- The domains of a tenant; one without any shows localhost.
CREATE VIEW shown_domain AS
SELECT tenant_id, name FROM tenant_domain
UNION ALL
SELECT t.key, 'localhost' FROM tenant t WHERE NOT EXISTS (SELECT 1 FROM tenant_domain d WHERE d.tenant_id = t.key);

CREATE VIEW organization AS
SELECT t.key AS tenant_id, t.id, 1::bigint AS row_version, '[]'::text AS assigned_plans, '[]'::text AS business_phones, NULL::text AS city,
  NULL::text AS country, NULL::text AS country_letter_code, t.created_at, NULL::bigint AS deleted_date_time, t.display_name,
  '[]'::text AS marketing_notification_emails, NULL::boolean AS on_premises_sync_enabled, NULL::text AS postal_code, NULL::text AS preferred_language,
  '[]'::text AS security_compliance_notification_mails, '[]'::text AS security_compliance_notification_phones, NULL::text AS state,
  NULL::text AS street, '[]'::text AS technical_notification_mails, 'AAD'::text AS tenant_type,
  coalesce((
    SELECT json_agg(json_build_object(
      'capabilities', 'Email, OfficeCommunicationsOnline', 'isDefault', (d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id)), 'isInitial', (d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id)), 'name', d.name,
      'type', 'Managed'
    ) ORDER BY d.name)::text FROM shown_domain d WHERE d.tenant_id = t.key
  ), '[]') AS verified_domains
FROM tenant t;

CREATE VIEW domain AS
SELECT d.tenant_id, d.name AS id, 1::bigint AS row_version, 'Managed'::text AS authentication_type, NULL::text AS availability_status,
  TRUE AS is_admin_managed, (d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id)) AS is_default, (d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id)) AS is_initial, TRUE AS is_root, TRUE AS is_verified,
  NULL::text AS manufacturer, NULL::text AS model, NULL::bigint AS password_notification_window_in_days,
  NULL::bigint AS password_validity_period_in_days, '["Email"]'::text AS supported_services
FROM shown_domain d;

-- Either a person or an application did something: the index of the other need not know.
DROP INDEX directory_audit_initiator_user_id;
DROP INDEX directory_audit_initiator_app_id;
CREATE INDEX directory_audit_initiator_user_id ON directory_audit (tenant_id, initiator_user_id, id) WHERE initiator_user_id IS NOT NULL;
CREATE INDEX directory_audit_initiator_app_id ON directory_audit (tenant_id, initiator_app_id, id) WHERE initiator_app_id IS NOT NULL;
