#!/usr/bin/env bash
# Asks the vulnerability databases of Go and npm about what the project is built of: scripts/audit.sh
# Exits with 1 if they know of something, and with 2 if one of them cannot be asked from here.
set -u
cd "$(dirname "$0")/.."
out=$(mktemp)
trap 'rm -f "$out"' EXIT
known=0 unasked=0

# tell NAME STATUS: what came of one database; STATUS is ok, known or unasked.
tell() {
  case $2 in
  ok) echo "audit: $1: nothing is known" ;;
  known) cat "$out"; echo "audit: $1: see above"; known=1 ;;
  unasked) tail -5 "$out"; echo "audit: $1: NOT CHECKED, its database cannot be reached from here"; unasked=1 ;;
  esac
}

# govulncheck exits with 3 when it finds something that is called.
"${GO:-go}" tool govulncheck ./... >"$out" 2>&1
case $? in
0) tell "Go modules" ok ;;
3) tell "Go modules" known ;;
*) tell "Go modules" unasked ;;
esac

# npm exits with 1 either way; only a report counts by severity.
if "${NPM:-npm}" audit --json >"$out" 2>/dev/null; then
  tell "npm packages" ok
elif grep -q '"vulnerabilities"' "$out"; then
  "${NPM:-npm}" audit >"$out" 2>&1
  tell "npm packages" known
else
  tell "npm packages" unasked
fi

[ "$known" = 0 ] || exit 1
[ "$unasked" = 0 ] || exit 2
