-- Roles of the hub's services in PostgreSQL, each with a schema of its own and nothing else; the ledger has one more, for the transparency log, and settlement has
-- one for reconciliation.
--
-- To be run in the database that the services share (`createdb --encoding UTF8 --template template0 tongbao`), by a superuser or by its owner who may
-- create roles. It only adds what is missing, so it can be run again. Roles have no password until somebody gives them one, as apply-roles.sh does,
-- and cannot log in by password until then.
--
-- DATABASE_URL of the payment service is then postgresql://payment:<its password>@<host>:5432/tongbao, and so on. A service makes its tables by
-- itself, and what is in them can be made again from the event store.

DO $$
DECLARE
  service text;
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  REVOKE ALL ON SCHEMA public FROM PUBLIC;

  FOREACH service IN ARRAY ARRAY['payment', 'ledger', 'settlement', 'notification'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS', service);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), service);
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', service);
    -- Whoever gives a schema away must be a member of the role that gets it, unless he is a superuser.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', service);
    END IF;
    EXECUTE format('ALTER SCHEMA %I OWNER TO %I', service, service);
  END LOOP;

  CREATE SCHEMA IF NOT EXISTS log;
  ALTER SCHEMA log OWNER TO ledger;
  CREATE SCHEMA IF NOT EXISTS reconciliation;
  ALTER SCHEMA reconciliation OWNER TO settlement;
END
$$;
