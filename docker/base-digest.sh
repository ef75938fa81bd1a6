#!/bin/sh
# Prints the base image with its digest, as `docker compose build --build-arg BASE=…` takes it: docker/base-digest.sh
set -eu
base=$(sed -n 's/^ARG BASE=//p' "$(dirname -- "$0")/Dockerfile")
digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$base")
echo "$base@$digest"
