-- The directory: people, groups, applications, and what applications are in a tenant.
--
-- All are rows of one table, told apart by kind, so that what leads to things of several types is one look-up. A column holds
-- something only for the kinds that have it. Lists and values with members are JSON. What has a deleted_at is gone until it
-- is restored: unique names are unique among what lives. password_hash and secret_hashes hold Argon2id hashes in PHC's format.
CREATE TABLE directory_object (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key),
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  deleted_at INTEGER,
  manager_id TEXT,
  business_phones TEXT,
  display_name TEXT,
  given_name TEXT,
  job_title TEXT,
  mail TEXT,
  mobile_phone TEXT,
  office_location TEXT,
  preferred_language TEXT,
  surname TEXT,
  user_principal_name TEXT,
  upn_key TEXT,
  about_me TEXT,
  account_enabled INTEGER,
  age_group TEXT,
  assigned_licenses TEXT,
  assigned_plans TEXT,
  birthday INTEGER,
  city TEXT,
  company_name TEXT,
  consent_provided_for_minor TEXT,
  country TEXT,
  created_at INTEGER NOT NULL,
  creation_type TEXT,
  department TEXT,
  employee_hire_date INTEGER,
  employee_id TEXT,
  employee_leave_date_time INTEGER,
  employee_org_data TEXT,
  employee_type TEXT,
  external_user_state TEXT,
  external_user_state_change_date_time INTEGER,
  fax_number TEXT,
  identities TEXT,
  im_addresses TEXT,
  is_resource_account INTEGER,
  last_password_change_date_time INTEGER,
  legal_age_group_classification TEXT,
  mail_nickname TEXT,
  my_site TEXT,
  on_premises_distinguished_name TEXT,
  on_premises_domain_name TEXT,
  on_premises_extension_attributes TEXT,
  on_premises_immutable_id TEXT,
  on_premises_last_sync_date_time INTEGER,
  on_premises_sam_account_name TEXT,
  on_premises_security_identifier TEXT,
  on_premises_sync_enabled INTEGER,
  on_premises_user_principal_name TEXT,
  other_mails TEXT,
  password_policies TEXT,
  postal_code TEXT,
  preferred_data_location TEXT,
  proxy_addresses TEXT,
  security_identifier TEXT,
  show_in_address_list INTEGER,
  sign_in_sessions_valid_from_date_time INTEGER,
  state TEXT,
  street_address TEXT,
  usage_location TEXT,
  user_type TEXT,
  password_hash TEXT,
  directory_roles TEXT,
  external_id TEXT,
  classification TEXT,
  creation_options TEXT,
  description TEXT,
  expiration_date_time INTEGER,
  group_types TEXT,
  is_assignable_to_role INTEGER,
  mail_enabled INTEGER,
  membership_rule TEXT,
  membership_rule_processing_state TEXT,
  on_premises_net_bios_name TEXT,
  renewed_date_time INTEGER,
  resource_behavior_options TEXT,
  resource_provisioning_options TEXT,
  security_enabled INTEGER,
  theme TEXT,
  unique_name TEXT,
  visibility TEXT,
  allow_external_senders INTEGER,
  auto_subscribe_new_members INTEGER,
  hide_from_address_lists INTEGER,
  hide_from_outlook_clients INTEGER,
  add_ins TEXT,
  api TEXT,
  app_id TEXT,
  application_template_id TEXT,
  app_roles TEXT,
  default_redirect_uri TEXT,
  disabled_by_microsoft_status TEXT,
  group_membership_claims TEXT,
  identifier_uris TEXT,
  info TEXT,
  is_device_only_auth_supported INTEGER,
  is_fallback_public_client INTEGER,
  key_credentials TEXT,
  native_authentication_apis_enabled TEXT,
  notes TEXT,
  oauth2_require_post_response INTEGER,
  optional_claims TEXT,
  parental_control_settings TEXT,
  password_credentials TEXT,
  public_client TEXT,
  publisher_domain TEXT,
  request_signature_verification TEXT,
  required_resource_access TEXT,
  saml_metadata_url TEXT,
  service_management_reference TEXT,
  service_principal_lock_configuration TEXT,
  sign_in_audience TEXT,
  spa TEXT,
  tags TEXT,
  token_encryption_key_id TEXT,
  verified_publisher TEXT,
  web TEXT,
  secret_hashes TEXT,
  alternative_names TEXT,
  app_description TEXT,
  app_display_name TEXT,
  app_owner_organization_id TEXT,
  app_role_assignment_required INTEGER,
  homepage TEXT,
  login_url TEXT,
  logout_url TEXT,
  notification_email_addresses TEXT,
  oauth2_permission_scopes TEXT,
  preferred_single_sign_on_mode TEXT,
  preferred_token_signing_key_thumbprint TEXT,
  reply_urls TEXT,
  resource_specific_application_permissions TEXT,
  saml_single_sign_on_settings TEXT,
  service_principal_names TEXT,
  service_principal_type TEXT,
  granted_roles TEXT,
  sign_in TEXT,
  PRIMARY KEY (tenant_id, id)
) STRICT;

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
  tenant_id INTEGER NOT NULL,
  group_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, member_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX group_member_of ON group_member (tenant_id, member_id, group_id);

-- The rows of group_member whose member is a group. Groups in groups are few beside their members, and whoever looks for what
-- is nested walks over them alone.
CREATE TABLE group_nesting (
  tenant_id INTEGER NOT NULL,
  group_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, group_id, member_id),
  FOREIGN KEY (tenant_id, group_id, member_id) REFERENCES group_member (tenant_id, group_id, member_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX group_nesting_of ON group_nesting (tenant_id, member_id, group_id);

-- owner_id looks after object_id.
CREATE TABLE object_owner (
  tenant_id INTEGER NOT NULL,
  object_id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, object_id, owner_id),
  FOREIGN KEY (tenant_id, object_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, owner_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX object_owner_of ON object_owner (tenant_id, owner_id, object_id);

-- sponsor_id is responsible for user_id.
CREATE TABLE user_sponsor (
  tenant_id INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  sponsor_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, sponsor_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, sponsor_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX user_sponsor_of ON user_sponsor (tenant_id, sponsor_id, user_id);

CREATE TABLE app_role_assignment (
  tenant_id INTEGER NOT NULL,
  id TEXT NOT NULL,
  row_version INTEGER NOT NULL,
  deleted_date_time INTEGER,
  app_role_id TEXT NOT NULL,
  created_at INTEGER,
  principal_display_name TEXT,
  principal_id TEXT NOT NULL,
  principal_type TEXT,
  resource_display_name TEXT,
  resource_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, resource_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
) STRICT;

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
  u.directory_roles, p.hash, p.changed_at, 'Member', 1, '[]', '[]', '[]', '[]', '[]', '[]', '[]'
FROM directory_user u LEFT JOIN user_password p ON p.tenant_id = u.tenant_id AND p.user_id = u.id;

INSERT INTO directory_object (
  tenant_id, id, row_version, kind, created_at, display_name, app_id, account_enabled, granted_roles, sign_in,
  password_credentials, secret_hashes, app_role_assignment_required, service_principal_type, sign_in_audience, add_ins,
  alternative_names, app_roles, key_credentials, notification_email_addresses, oauth2_permission_scopes, reply_urls,
  resource_specific_application_permissions, service_principal_names, tags
)
SELECT s.tenant_id, s.id, s.row_version, 'servicePrincipal', s.created_at, s.display_name, s.app_id, 1, s.roles, s.sign_in,
  coalesce((
    SELECT json_group_array(json_object(
      'customKeyIdentifier', NULL, 'displayName', NULL, 'endDateTime', strftime('%Y-%m-%dT%H:%M:%SZ', k.expires_at / 1000000, 'unixepoch'), 'hint', k.hint, 'keyId', k.key_id,
      'secretText', NULL, 'startDateTime', strftime('%Y-%m-%dT%H:%M:%SZ', k.created_at / 1000000, 'unixepoch')
    )) FROM service_principal_secret k WHERE k.tenant_id = s.tenant_id AND k.service_principal_id = s.id
  ), '[]'),
  coalesce((
    SELECT json_group_array(json_object('keyId', k.key_id, 'hash', k.hash))
    FROM service_principal_secret k WHERE k.tenant_id = s.tenant_id AND k.service_principal_id = s.id
  ), '[]'),
  0, 'Application', 'AzureADMyOrg', '[]', '[]', '[]', '[]', '[]', '[]', '[]', '[]', '[]', '[]'
FROM service_principal s;

CREATE TABLE new_sign_in_grant (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  kind TEXT NOT NULL,
  family TEXT NOT NULL,
  app_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  details TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (tenant_id, hash),
  FOREIGN KEY (tenant_id, user_id) REFERENCES directory_object (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO new_sign_in_grant SELECT * FROM sign_in_grant;
DROP TABLE sign_in_grant;
ALTER TABLE new_sign_in_grant RENAME TO sign_in_grant;

CREATE INDEX sign_in_grant_family ON sign_in_grant (tenant_id, family);
CREATE INDEX sign_in_grant_user_id ON sign_in_grant (tenant_id, user_id);
CREATE INDEX sign_in_grant_expires_at ON sign_in_grant (expires_at);

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
SELECT t.key AS tenant_id, t.id, 1 AS row_version, '[]' AS assigned_plans, '[]' AS business_phones, NULL AS city,
  NULL AS country, NULL AS country_letter_code, t.created_at, NULL AS deleted_date_time, t.display_name,
  '[]' AS marketing_notification_emails, NULL AS on_premises_sync_enabled, NULL AS postal_code, NULL AS preferred_language,
  '[]' AS security_compliance_notification_mails, '[]' AS security_compliance_notification_phones, NULL AS state,
  NULL AS street, '[]' AS technical_notification_mails, 'AAD' AS tenant_type,
  coalesce((
    SELECT json_group_array(json_object(
      'capabilities', 'Email, OfficeCommunicationsOnline', 'isDefault', json(CASE WHEN d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id) THEN 'true' ELSE 'false' END), 'isInitial', json(CASE WHEN d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id) THEN 'true' ELSE 'false' END), 'name', d.name,
      'type', 'Managed'
    )) FROM shown_domain d WHERE d.tenant_id = t.key
  ), '[]') AS verified_domains
FROM tenant t;

CREATE VIEW domain AS
SELECT d.tenant_id, d.name AS id, 1 AS row_version, 'Managed' AS authentication_type, NULL AS availability_status,
  1 AS is_admin_managed, (d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id)) AS is_default, (d.name = (SELECT min(o.name) FROM shown_domain o WHERE o.tenant_id = d.tenant_id)) AS is_initial, 1 AS is_root, 1 AS is_verified,
  NULL AS manufacturer, NULL AS model, NULL AS password_notification_window_in_days,
  NULL AS password_validity_period_in_days, '["Email"]' AS supported_services
FROM shown_domain d;

-- Either a person or an application did something: the index of the other need not know.
DROP INDEX directory_audit_initiator_user_id;
DROP INDEX directory_audit_initiator_app_id;
CREATE INDEX directory_audit_initiator_user_id ON directory_audit (tenant_id, initiator_user_id, id) WHERE initiator_user_id IS NOT NULL;
CREATE INDEX directory_audit_initiator_app_id ON directory_audit (tenant_id, initiator_app_id, id) WHERE initiator_app_id IS NOT NULL;
