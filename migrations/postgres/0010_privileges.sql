-- Who has directory roles is found without looking at everybody, and what an application was in the tenant without looking at
-- everything that was deleted.
CREATE INDEX directory_object_directory_roles ON directory_object (tenant_id, id)
  WHERE directory_roles <> '[]' AND deleted_at IS NULL;
CREATE INDEX directory_object_deleted_app_id ON directory_object (tenant_id, kind, app_id, id)
  WHERE app_id IS NOT NULL AND deleted_at IS NOT NULL;
