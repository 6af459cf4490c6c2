#!/bin/sh
# Install what the readers of other languages need: Debian packages, npm packages from the lock file, the C reader.
# Besides, a browser and what runs the Nu checker, for the patient's page.
# Needs Debian and root; elsewhere it lists what is missing and exits with 1.
set -eu
cd "$(dirname "$0")"

missing=""
command -v gcc >/dev/null || missing="$missing gcc"
command -v pkg-config >/dev/null || missing="$missing pkg-config"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
command -v chromium >/dev/null || missing="$missing chromium"
command -v java >/dev/null || missing="$missing default-jre-headless"
pkg-config --exists libical 2>/dev/null || missing="$missing libical-dev"
command -v ruby >/dev/null || missing="$missing ruby"
ruby -e 'require "icalendar"' 2>/dev/null || missing="$missing ruby-icalendar"

if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ] || [ ! -e /etc/debian_version ]; then
        echo "missing:$missing" >&2
        echo "on Debian, as root, this script installs them; elsewhere install them by hand and run it again" >&2
        exit 1
    fi
    apt-get update
    # shellcheck disable=SC2086 # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing
fi

npm ci --ignore-scripts --no-audit --no-fund
mkdir -p build
# shellcheck disable=SC2046 # one word a flag
gcc -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -Werror -o build/libical_reader libical_reader.c \
    $(pkg-config --cflags --libs libical)
echo "readers are ready"
