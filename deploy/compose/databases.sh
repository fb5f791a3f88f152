#!/bin/sh
# Every service's database and roles, in the container `databases`. Repeating it changes nothing but the passwords.
# Secrets: one file of passwords a service, <service>-roles, and the superuser's.
set -eu
secrets=${SECRETS:-/run/secrets}
sql=${SQL:-/etc/shufa}
PGPASSWORD=$(cat "$secrets/postgres-password")
PGDATABASE=postgres
export PGPASSWORD PGDATABASE
run() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"; }
run --file="$sql/close_to_public.sql"
for roles in "$secrets"/*-roles; do
    service=$(basename "$roles" -roles)
    # shellcheck source=/dev/null  # made by deploy/compose/secrets.py
    . "$roles"
    export OWNER_PASSWORD APP_PASSWORD RELAY_PASSWORD
    run --set=service="$service" --set=database="$service" --file="$sql/service_database.sql"
    unset OWNER_PASSWORD APP_PASSWORD RELAY_PASSWORD
    echo "$service has its database and its roles"
done
