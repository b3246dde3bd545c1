#!/usr/bin/env bash
# Runs every fuzz target, each for a while.
#   scripts/fuzz.sh [TIME]        as many at once as there are processors (default 2s each), as make test does
#   scripts/fuzz.sh --all [TIME]  all side by side, out of the way of other work (default 1h), and says
#                                 how many inputs each has tried and how many of them were new;
#                                 FUZZ_LOGS names a directory for what each says meanwhile
# What is found new stays in Go's cache; what fails is written to testdata/fuzz.
set -eu
cd "$(dirname "$0")/.."

all=
if [ "${1:-}" = --all ]; then
  all=yes
  shift
fi
time=${1:-${all:+1h}}
time=${time:-2s}
logs=${FUZZ_LOGS:-$(mktemp -d)}
mkdir -p "$logs"
[ -n "${FUZZ_LOGS:-}" ] || [ -n "$all" ] || trap 'rm -rf "$logs"' EXIT
cache=$(go env GOCACHE)/fuzz
module=$(go list -m)

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

# run runs one target of a package, whose tests are built, on one processor.
# To make an input smaller takes so many tries and not so long: among so many targets a worker that gets
# no time would be taken for one that died.
run() {
  cd "$1"
  exec ${all:+nice -n 19} "$logs/${1//\//-}.test" -test.run='^$' -test.fuzz="^$2\$" -test.fuzztime="$time" -test.parallel=1 \
    -test.fuzzminimizetime=20x -test.fuzzcachedir="$cache/$module/$1" >"$logs/$2.log" 2>&1
}

[ -z "$all" ] || echo "fuzz: all targets for $time, logs in $logs"
targets | cut -d' ' -f1 | sort -u | while read -r package; do
  go test -c -fuzz=. -o "$logs/${package//\//-}.test" "./$package"
done

# A slot is the place of one that runs: there are so many, or with --all one for each.
slots=$(nproc)
[ -z "$all" ] || slots=$(targets | wc -l)
running=()
failed=0
# finish waits for the oldest that runs, and says how it ended.
finish() {
  local pid package target outcome=ok last
  read -r pid package target <<<"${running[0]}"
  running=("${running[@]:1}")
  wait "$pid" || overdue "$logs/$target.log" || { outcome=FAILED; failed=1; }
  # The last word of a target: "fuzz: elapsed: 1h0m0s, execs: 12345 (3/sec), new interesting: 6 (total: 78)".
  last=$(grep -o 'execs: .*' "$logs/$target.log" | tail -1 || true)
  echo "fuzz $package $target: $outcome, ${last:-nothing tried}"
  if [ "$outcome" = FAILED ] && [ -z "$all" ]; then cat "$logs/$target.log"; fi
}
while read -r package target; do
  if [ "${#running[@]}" -ge "$slots" ]; then finish; fi
  ( run "$package" "$target" ) &
  running+=("$! $package $target")
done < <(targets)
while [ "${#running[@]}" -gt 0 ]; do finish; done
exit "$failed"
