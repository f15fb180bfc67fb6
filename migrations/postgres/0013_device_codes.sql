-- How many devices wait, of a tenant (app_id is empty) and of each of its clients, so that nobody has to count them.
-- device_code.polled_at is not used any more.
CREATE TABLE device_code_count (
  tenant_id bigint NOT NULL REFERENCES tenant (key) ON DELETE CASCADE,
  app_id text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  PRIMARY KEY (tenant_id, app_id)
);

INSERT INTO device_code_count (tenant_id, app_id, number)
  SELECT tenant_id, '', count(*) FROM device_code GROUP BY tenant_id;
INSERT INTO device_code_count (tenant_id, app_id, number)
  SELECT tenant_id, app_id, count(*) FROM device_code WHERE app_id <> '' GROUP BY tenant_id, app_id;

-- The tenant's row comes first, so that those who change several wait for each other in one order.
CREATE FUNCTION device_code_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  part text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    FOREACH part IN ARRAY ARRAY['', NEW.app_id] LOOP
      INSERT INTO device_code_count AS known (tenant_id, app_id, number) VALUES (NEW.tenant_id, part, 1)
        ON CONFLICT (tenant_id, app_id) DO UPDATE SET number = known.number + 1;
    END LOOP;
  ELSE
    FOREACH part IN ARRAY ARRAY['', OLD.app_id] LOOP
      UPDATE device_code_count SET number = number - 1 WHERE tenant_id = OLD.tenant_id AND app_id = part;
    END LOOP;
    DELETE FROM device_code_count WHERE tenant_id = OLD.tenant_id AND app_id = OLD.app_id AND number <= 0;
  END IF;
  RETURN NULL;
END;
$$;

CREATE TRIGGER device_code_added AFTER INSERT ON device_code FOR EACH ROW EXECUTE FUNCTION device_code_counted();
CREATE TRIGGER device_code_removed AFTER DELETE ON device_code FOR EACH ROW EXECUTE FUNCTION device_code_counted();
