#!/usr/bin/env bash
# Runs the browser tests against bin/handout with Debian's Chromium, which it
# installs where it may.
set -eu
cd "$(dirname "$0")"
if ! command -v chromium >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "e2e: Chromium is missing; install it (Debian: apt-get install chromium) and run again" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
exec npx playwright test "$@"
