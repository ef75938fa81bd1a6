#!/bin/sh
# One image for several programs; the first argument selects the program.
set -eu
program=$1
shift

# The password is read from a file, because `docker inspect` shows environment variables.
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
    # Sleeps for this many seconds, for an interactive shell or port forwarding.
    door) exec sleep "${1:-3600}" ;;
    *)
        echo "error: unknown program $program;" \
            "use one of: jobmanager, taskmanager, tables, job, producer, topics, month, door" >&2
        exit 64
        ;;
esac
