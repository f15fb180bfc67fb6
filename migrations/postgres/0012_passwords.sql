-- Whether a person has to change the password at the next sign-in.
ALTER TABLE directory_object ADD COLUMN force_change_password BOOLEAN;
