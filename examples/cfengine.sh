#!/usr/bin/env bash
# CFEngine's users and roles with curl, as its documentation calls them: listed, created, read, changed and deleted.
# Prints each request and its answer; ends with 1 as soon as an answer has another status than expected.
#
#   ROLECALL_PASSWORD=... examples/cfengine.sh [SUFFIX]
#
# SUFFIX is added to the names that the example makes; without one it is this run's own. What the example makes is gone at its end.
# ROLECALL_URL (http://127.0.0.1:8080) and ROLECALL_USER (admin) say where and as whom.
set -euo pipefail

url=${ROLECALL_URL:-http://127.0.0.1:8080}
url=${url%/}
user=${ROLECALL_USER:-admin}
password=${ROLECALL_PASSWORD:?says the password of $user, please set it}
suffix=${1:-$$x$RANDOM}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A file rather than an argument: everybody on the machine can read arguments.
quoted() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}
(
  umask 077
  printf 'user = "%s:%s"\n' "$(quoted "$user")" "$(quoted "$password")" >"$folder/credentials"
)

# call STATUS PATH [CURL'S OWN ARGUMENTS]
call() {
  local expected=$1 path=$2 status
  shift 2
  printf '\n$ curl %s%s\n' "$path" "${*:+ $*}"
  : >"$folder/answer"
  status=$(curl --silent --show-error --globoff --config "$folder/credentials" \
    --output "$folder/answer" --write-out '%{http_code}' "$url$path" "$@")
  printf '%s\n' "$status"
  cat "$folder/answer"
  if [ "$status" != "$expected" ]; then
    printf '\nexpected %s from %s\n' "$expected" "$path" >&2
    exit 1
  fi
}

# expect TEXT: it must stand in the last answer.
expect() {
  if ! grep --quiet --fixed-strings -- "$1" "$folder/answer"; then
    printf '\nnot in the answer: %s\n' "$1" >&2
    exit 1
  fi
}

snookie=snookie$suffix
role=HR$suffix

echo "# Whom it takes me for"
call 200 /api
expect '"authenticated":"internal"'

echo "# A role that sees the Linux hosts but not those of production"
call 201 "/api/role/$role" -X PUT -d '{ "description": "People", "includeContext": "linux,^windows$", "excludeContext": "production" }'
call 409 "/api/role/$role" -X PUT -d '{}'
call 204 "/api/role/$role" -X POST -d '{ "includeBundles": "^hr_" }'
call 200 "/api/role/$role"
expect '"includeContext":"linux,^windows$"'
call 200 /api/role

echo "# A new user"
call 201 "/api/user/$snookie" -X PUT -d '{ "email": "snookie@mtv.com", "roles": [ "'"$role"'" ] }'
call 409 "/api/user/$snookie" -X PUT -d '{}'

echo "# Users"
call 200 /api/user
call 200 "/api/user?id=^$snookie\$&external=false"
expect '"total":1'
call 200 "/api/user/$snookie"
expect '"email":"snookie@mtv.com"'

echo "# Changes: what is not named stays, roles are replaced as a whole"
call 204 "/api/user/$snookie" -X POST -d '{ "name": "Nicole Elizabeth Polizzi", "email": "noreply@@aol.com" }'
call 204 "/api/user/$snookie" -X POST -d '{ "roles": [] }'
call 400 "/api/user/$snookie" -X POST -d '{ "name": "Nobody", "roles": [ "no such role" ] }'
call 200 "/api/user/$snookie"
expect '"name":"Nicole Elizabeth Polizzi"'
expect '"roles":[]'

echo "# And away"
call 204 "/api/user/$snookie" -X DELETE
call 404 "/api/user/$snookie"
# A deleted user is in the trash, which CFEngine does not know.
call 200 "/trash/users?filter[username]=$snookie"
call 204 "/trash/users/$(sed -n 's/^{"data":\[{"id":"\([0-9]*\)".*/\1/p' "$folder/answer")" -X DELETE
call 204 "/api/role/$role" -X DELETE
call 404 "/api/role/$role"

printf '\nAll answers were as expected.\n'
