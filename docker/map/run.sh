#!/bin/sh
set -eu
# The password comes as a file: it is in no environment that `docker inspect` shows.
POSTGRES_DSN="postgresql://taxi:$(cat "$POSTGRES_PASSWORD_FILE")@postgres:5432/taxi"
# In a container every interface is its own; the door to the outside is on loopback.
MAP_HOST=0.0.0.0
export POSTGRES_DSN MAP_HOST
exec python -m live_map
