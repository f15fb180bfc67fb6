-- How many devices wait, of a tenant (app_id is empty) and of each of its clients, so that nobody has to count them.
-- device_code.polled_at is not used any more.
CREATE TABLE device_code_count (
  tenant_id INTEGER NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  app_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, app_id)
) STRICT, WITHOUT ROWID;

INSERT INTO device_code_count (tenant_id, app_id, number)
  SELECT tenant_id, '', count(*) FROM device_code GROUP BY tenant_id;
INSERT INTO device_code_count (tenant_id, app_id, number)
  SELECT tenant_id, app_id, count(*) FROM device_code WHERE app_id <> '' GROUP BY tenant_id, app_id;

CREATE TRIGGER device_code_added AFTER INSERT ON device_code BEGIN
  INSERT INTO device_code_count (tenant_id, app_id, number) VALUES (NEW.tenant_id, '', 1), (NEW.tenant_id, NEW.app_id, 1)
    ON CONFLICT (tenant_id, app_id) DO UPDATE SET number = number + 1;
END;

CREATE TRIGGER device_code_removed AFTER DELETE ON device_code BEGIN
  UPDATE device_code_count SET number = number - 1 WHERE tenant_id = OLD.tenant_id AND app_id IN ('', OLD.app_id);
  DELETE FROM device_code_count WHERE tenant_id = OLD.tenant_id AND app_id = OLD.app_id AND number <= 0;
END;
