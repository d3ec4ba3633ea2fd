#!/bin/sh
# Applies roles.sql as the database's owner, and gives each service's role the password of its secret: /run/secrets/<service>_database_password.
# Where the server is, psql learns from PGHOST, PGUSER and PGDATABASE, the owner's password from /run/secrets/postgres_password. May be run again.
set -eu

PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD
folder=$(dirname "$0")

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file="$folder/roles.sql"
for service in payment ledger settlement notification; do
  # By a file and standard input: what stands on a command line can be seen by others.
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<SQL
\set password \`cat /run/secrets/${service}_database_password\`
ALTER ROLE $service LOGIN PASSWORD :'password';
SQL
  echo "$service may log in"
done
