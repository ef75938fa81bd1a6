#!/bin/sh
# One image, several programs; the first argument says which.
set -eu
program=$1
shift

# The password comes as a file: it is in no environment that `docker inspect` shows.
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_DSN="postgresql://taxi:$(cat "$POSTGRES_PASSWORD_FILE")@postgres:5432/taxi"
    export POSTGRES_DSN
fi

case $program in
    jobmanager | taskmanager)
        printf '%s\n' "$FLINK_PROPERTIES" >"$FLINK_HOME/conf/config.yaml"
        exec "$FLINK_HOME/bin/$program.sh" start-foreground "$@"
        ;;
    tables) exec python "$(dirname "$0")/tables.py" ;;
    job)
        FLINK_CONNECTOR_JARS=$(printf '%s:' /opt/taxi/jars/*.jar)
        export FLINK_CONNECTOR_JARS
        exec python -m "flink_jobs.${FLINK_JOB:-zone_fares}.job"
        ;;
    producer) exec python -m producer "$@" ;;
    topics) exec python "$(dirname "$0")/topics.py" ;;
    month) exec python "$(dirname "$0")/month.py" "$@" ;;
    # Nothing, for so many seconds: for whoever works in here, or has a port forwarded through.
    door) exec sleep "${1:-3600}" ;;
    *)
        echo "error: there is no program $program;" \
            "there are: jobmanager, taskmanager, tables, job, producer, topics, month, door" >&2
        exit 64
        ;;
esac
