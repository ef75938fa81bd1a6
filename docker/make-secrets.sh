#!/bin/sh
# Creates the passwords of docker-compose.yml, one file each; existing ones are kept.
set -eu
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)/.taxi
folder=${TAXI_COMPOSE_SECRETS:-$home/compose}
umask 077
mkdir -p "$folder" "$home/months"
for name in postgres grafana reader; do
    [ -s "$folder/$name-password" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$folder/$name-password"
    # Containers run as other users. The folder's mode keeps other users of this machine out.
    chmod 444 "$folder/$name-password"
done
echo "passwords are in $folder"
