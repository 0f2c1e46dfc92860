-- The application's own role on PostgreSQL: it can add to the record and read it, and nothing else can be done to it.
-- Run by the owner of the database, after the first `migrate`, with psql:
--     psql "$OWNER_URL" --set=ON_ERROR_STOP=1 --set=role=assaydesk_app --set=password=... --file=deploy/audit_role.sql
-- Migrations go on running as the owner; run this file again after each, for the tables that are new.

SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS wanted \gset
\if :wanted
    CREATE ROLE :"role" LOGIN PASSWORD :'password';
\endif
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"role";
REVOKE ALL ON audit_auditevent FROM :"role";
GRANT SELECT, INSERT ON audit_auditevent TO :"role";
-- What has been migrated is the owner's to say.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM :"role";
