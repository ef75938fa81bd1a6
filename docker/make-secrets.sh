#!/bin/sh
# Makes the passwords of docker-compose.yml, each in a file of its own, unless they are there.
set -eu
folder=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)/.taxi/compose
umask 077
mkdir -p "$folder"
for name in postgres grafana reader; do
    [ -s "$folder/$name-password" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$folder/$name-password"
    # Containers run as other users; the folder keeps those of this machine out.
    chmod 444 "$folder/$name-password"
done
echo "passwords are in $folder"
