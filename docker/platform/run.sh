#!/bin/sh
# One image for several programs; the first argument selects the program.
set -eu
program=$1
shift
folder=$(dirname -- "$0")

case $program in
    kafka | registry | postgres | jobmanager | taskmanager | job | tables | topics | month | health | sbom)
        case $program in
            jobmanager | taskmanager) set -- flink.py "$program" "$@" ;;
            *) set -- "$program.py" "$@" ;;
        esac
        file=$1
        shift
        exec "$folder/passfile.sh" python "$folder/$file" "$@"
        ;;
    producer) exec python -m producer "$@" ;;
    # Sleeps for this many seconds, for an interactive shell or port forwarding.
    door) exec sleep "${1:-3600}" ;;
    *)
        echo "error: unknown program $program; use one of: kafka, registry, postgres, jobmanager, taskmanager," \
            "tables, job, producer, topics, month, health, sbom, door" >&2
        exit 64
        ;;
esac
