#!/usr/bin/env bash
# Runs every fuzz target, each for a while.
#   scripts/fuzz.sh [TIME]        one after the other (default 2s each), as make test does
#   scripts/fuzz.sh --all [TIME]  all side by side, out of the way of other work (default 1h), and says
#                                 how many inputs each has tried and how many of them were new;
#                                 FUZZ_LOGS names a directory for what each says meanwhile
# What is found new stays in Go's cache; what fails is written to testdata/fuzz.
set -eu
cd "$(dirname "$0")/.."

# overdue says that a run has failed of nothing but its time: a target that is busy
# with an input when that is over calls it a failure now and then (golang/go#75804).
overdue() {
  grep -q 'context deadline exceeded' "$1" && ! grep -q 'Failing input' "$1"
}

# targets prints each target with the folder of its package.
targets() {
  grep -r --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' . |
    sed -E 's|^\./(.*)/[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort
}

if [ "${1:-}" != --all ]; then
  out=$(mktemp)
  trap 'rm -f "$out"' EXIT
  targets | while read -r package target; do
    echo "fuzz $package $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-2s}" "./$package" >"$out" 2>&1 || overdue "$out" || {
      cat "$out"
      exit 1
    }
  done
  exit
fi

time=${2:-1h}
logs=${FUZZ_LOGS:-$(mktemp -d)}
mkdir -p "$logs"
rm -f "$logs/pids"
# To make an input smaller takes so many tries and not so long: among so many targets a worker that gets
# no time would be taken for one that died.
cache=$(go env GOCACHE)/fuzz
root=$PWD
echo "fuzz: all targets for $time, logs in $logs"
targets | cut -d' ' -f1 | sort -u | while read -r package; do
  go test -c -fuzz=. -o "$logs/${package//\//-}.test" "./$package"
done
module=$(go list -m)
while read -r package target; do
  ( cd "$package"
    exec nice -n 19 "$logs/${package//\//-}.test" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$time" -test.parallel=1 -test.fuzzminimizetime=20x \
      -test.fuzzcachedir="$cache/$module/$package" >"$logs/$target.log" 2>&1 ) &
  echo "$! $package $target" >>"$logs/pids"
done < <(targets)
failed=0
while read -r pid package target; do
  outcome=ok
  wait "$pid" || overdue "$logs/$target.log" || { outcome=FAILED; failed=1; }
  # The last word of a target: "fuzz: elapsed: 1h0m0s, execs: 12345 (3/sec), new interesting: 6 (total: 78)".
  last=$(grep -o 'execs: .*' "$logs/$target.log" | tail -1 || true)
  echo "fuzz $package $target: $outcome, ${last:-nothing tried}"
done <"$logs/pids"
cd "$root"
exit "$failed"
