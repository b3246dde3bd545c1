#!/usr/bin/env bash
# Runs the browser tests against bin/handout with Debian's Chromium, and unzip to look
# into archives; it installs them where it may. With HANDOUT_CLUSTER=1 they run on a
# cluster of three nodes.
set -eu
cd "$(dirname "$0")"
needs() { command -v "$1" >/dev/null; }
if ! needs chromium || ! needs unzip; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "e2e: Chromium or unzip is missing; install them (Debian: apt-get install chromium unzip) and run again" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core unzip >/dev/null
fi
(cd .. && ${GO:-go} build -o bin/faulttest/clusters ./internal/faulttest/clusters)
exec npx playwright test "$@"
