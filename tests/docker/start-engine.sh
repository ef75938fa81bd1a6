#!/bin/sh
# Installs Docker from Debian, starts its daemon, and builds the base image, for tests on a Debian machine without an
# engine and without an image registry: as root, tests/docker/start-engine.sh. Prints the daemon's process id.
set -eu
command -v dockerd >/dev/null && command -v docker-compose >/dev/null && command -v debootstrap >/dev/null || {
    apt-get update
    apt-get install --yes --no-install-recommends docker.io docker-compose debootstrap iptables
} >/dev/null
log=${TMPDIR:-/tmp}/dockerd.log
if ! docker info >/dev/null 2>&1; then
    setsid dockerd >"$log" 2>&1 &
    echo $!
    # `docker info` waits for no daemon.
    until docker info >/dev/null 2>&1; do
        kill -0 $! || { tail -n 3 "$log" >&2; exit 1; }
        sleep 1
    done
fi
base=$(sed -n 's/^ARG BASE=//p' "$(dirname -- "$0")/../../docker/Dockerfile")
docker image inspect "$base" >/dev/null 2>&1 || "$(dirname -- "$0")/../../docker/make-base.sh" "$base" >/dev/null
