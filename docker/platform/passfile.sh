#!/bin/sh
# Runs a command with POSTGRES_DSN set: passfile.sh COMMAND…
# The password stays in a file, because `docker inspect` and a job graph show environment variables.
set -eu
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    role=${POSTGRES_ROLE:-taxi}
    PGPASSFILE=/tmp/pgpass-$role
    if [ ! -e "$PGPASSFILE" ]; then
        # libpq ignores a password file that others may read. Renamed, because a health check may do this too.
        (umask 077 && printf 'postgres:5432:*:%s:%s\n' "$role" "$(cat "$POSTGRES_PASSWORD_FILE")" >"$PGPASSFILE.$$")
        mv "$PGPASSFILE.$$" "$PGPASSFILE"
    fi
    POSTGRES_DSN="postgresql://$role@postgres:5432/taxi?passfile=$PGPASSFILE"
    export PGPASSFILE POSTGRES_DSN
fi
exec "$@"
