#!/usr/bin/env bash
# Runs every fuzz target for a short while (default 3s each): scripts/fuzz.sh [TIME]
set -eu
cd "$(dirname "$0")/.."
time=${1:-3s}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
grep -rl --include='*_test.go' '^func Fuzz' . --exclude-dir=node_modules | xargs -n1 dirname | sort -u | while read -r package; do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz'); do
    echo "fuzz $package $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" >"$out" 2>&1 || {
      cat "$out"
      exit 1
    }
  done
done
