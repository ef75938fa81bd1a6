#!/bin/sh
# Builds the base image from Debian packages, for a machine that reaches no image registry: docker/make-base.sh NAME
# It is kept as an archive in the cache folder, so that it is built once. Needs root and debootstrap.
set -eu
name=$1
engine=${CONTAINER_ENGINE:-docker}
cache=${TAXI_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/nyc-taxi-platform}/engine
archive=$cache/base-bookworm.tar.gz

if [ ! -s "$archive" ]; then
    mkdir -p "$cache"
    draft=$(mktemp -d "$cache/draft.XXXXXX")
    trap 'rm -rf "$draft"' EXIT
    debootstrap --variant=minbase --include=ca-certificates,netbase,python3.11,python3.11-venv,python3-venv,tzdata \
        bookworm "$draft/root"
    # The certificates that this machine trusts: a proxy may have one of its own.
    cp /etc/ssl/certs/ca-certificates.crt "$draft/root/etc/ssl/certs/"
    # Without what the official image leaves out too.
    tar -C "$draft/root" --numeric-owner --one-file-system --exclude='./proc/*' --exclude='./sys/*' \
        --exclude='./dev/*' --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
        --exclude='*.pyc' -czf "$draft/base.tar.gz" .
    mv "$draft/base.tar.gz" "$archive"
fi
"$engine" import --change 'CMD ["python3"]' "$archive" "$name"
