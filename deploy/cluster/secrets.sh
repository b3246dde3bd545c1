#!/bin/sh
# Makes the secrets of compose.yaml in ./secrets, or in the directory that it is given:
# keys that nobody has seen, and what contains them. What is there stays as it is.
set -eu
umask 077
dir=${1:-"$(dirname "$0")/secrets"}
mkdir -p "$dir"
chmod 700 "$dir"
cd "$dir"
key() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# The directory keeps others out. Within containers, users of other numbers read these.
make() { [ -e "$1" ] || { cat >"$1.new" && chmod 644 "$1.new" && mv "$1.new" "$1"; }; }

printf 'myapp:%s\n' "$(key)" | make apps
key | make node
key | make postgres
printf 'postgres://handout:%s@postgres:5432/handout?sslmode=disable\n' "$(cat postgres)" | make store
key | make redis.key
printf 'save ""\nappendonly no\nrequirepass %s\n' "$(cat redis.key)" | make redis
printf 'redis://:%s@redis:6379\n' "$(cat redis.key)" | make push
key | make s3.key
printf '[default]\naws_access_key_id = handout\naws_secret_access_key = %s\n' "$(cat s3.key)" | make s3
printf 'ROOT_ACCESS_KEY=handout\nROOT_SECRET_KEY=%s\n' "$(cat s3.key)" | make s3.env
