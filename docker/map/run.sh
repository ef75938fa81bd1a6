#!/bin/sh
set -eu
# The password is read from a file, because `docker inspect` shows environment variables.
POSTGRES_DSN="postgresql://taxi:$(cat "$POSTGRES_PASSWORD_FILE")@postgres:5432/taxi"
# The container has its own network interfaces; docker-compose.yml publishes the port on loopback only.
MAP_HOST=0.0.0.0
export POSTGRES_DSN MAP_HOST
exec python -m live_map
