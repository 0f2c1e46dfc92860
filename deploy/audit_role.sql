-- What the application's own role on PostgreSQL may do: its work, and of the record no more than adding to it and reading it.
-- Run by the owner of the database after each `migrate`, for the tables that are new:
--     psql postgresql://assaydesk_owner@db.example.org:5432/assaydesk --set=role=assaydesk_app --file=deploy/audit_role.sql
-- The role is made by the PostgreSQL administrator (createuser --pwprompt assaydesk_app), who may make roles, as the
-- owner needn't. Its password is changed with psql's \password: here it would stand in a log or a list of processes.
-- All of it happens or nothing; psql's exit status says which.

\set ON_ERROR_STOP on
\if :{?password}
    \warn 'No password is set or changed here: use \\password in psql.'
\endif
BEGIN;
DO $$ BEGIN  -- anybody else's GRANT would be a mere warning
    IF NOT (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'audit_auditevent'::regclass) THEN
        RAISE EXCEPTION '% does not own the tables; run this as who migrates', current_user;
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"role";
REVOKE ALL ON audit_auditevent FROM :"role";
GRANT SELECT, INSERT ON audit_auditevent TO :"role";
-- What has been migrated is the owner's to say.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM :"role";
COMMIT;
