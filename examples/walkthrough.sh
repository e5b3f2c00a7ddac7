#!/usr/bin/env bash
# A walk through the service with curl: a user and a role are made, read, changed, joined, parted and deleted.
# Prints each request and its answer; ends with 1 as soon as an answer has another status than expected.
#
#   ROLECALL_PASSWORD=... examples/walkthrough.sh [USERNAME]
#
# USERNAME must be free; without one it is a name of this run's own. What the walk makes is gone at its end.
# ROLECALL_URL (http://127.0.0.1:8080) and ROLECALL_USER (admin) say where and as whom.
set -euo pipefail

url=${ROLECALL_URL:-http://127.0.0.1:8080}
url=${url%/}
user=${ROLECALL_USER:-admin}
password=${ROLECALL_PASSWORD:?says the password of $user, please set it}
username=${1:-walker-$$-$RANDOM}

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

pretty() {
  if command -v jq >/dev/null; then
    jq . "$1" 2>/dev/null || cat "$1"
  elif command -v python3 >/dev/null; then
    python3 -m json.tool --no-ensure-ascii "$1" 2>/dev/null || cat "$1"
  else
    cat "$1"
  fi
}

# call STATUS METHOD PATH [BODY]
call() {
  local expected=$1 method=$2 path=$3 body=${4:-} status
  local arguments=(--silent --show-error --globoff --config "$folder/credentials" --request "$method"
    --header 'Accept: application/vnd.api+json'
    --dump-header "$folder/headers" --output "$folder/answer" --write-out '%{http_code}')
  : >"$folder/answer"
  printf '\n> %s %s\n' "$method" "$path"
  if [ -n "$body" ]; then
    printf '> %s\n' "$body"
    arguments+=(--header 'Content-Type: application/vnd.api+json' --data-binary "$body")
  fi
  status=$(curl "${arguments[@]}" "$url$path")
  printf '< %s\n' "$status"
  if [ -s "$folder/answer" ]; then
    pretty "$folder/answer"
    echo
  fi
  if [ "$status" != "$expected" ]; then
    echo "expected $expected from $method $path" >&2
    exit 1
  fi
}

# The id of what the last call created: the end of its address.
created() {
  sed -n 's/^[Ll]ocation:.*\/\([^/]*\)$/\1/p' "$folder/headers" | tr -d '\r'
}

echo "# What there is"
call 200 GET /home

echo "# A user"
call 201 POST /users '{"data": {"type": "users", "attributes": {"username": "'"$username"'", "password": "a-walk-by-the-sea", "uname": "'"$username"'"}}}'
user_id=$(created)
call 200 GET /users
call 200 GET "/users?id=$user_id"
call 200 GET "/users/$user_id"
call 200 PATCH "/users/$user_id" '{"data": {"type": "users", "id": "'"$user_id"'", "attributes": {"name": "John", "surname": "Doe"}}}'

echo "# A role"
call 201 POST /roles '{"data": {"type": "roles", "attributes": {"name": "sample role of '"$username"'"}}}'
role_id=$(created)
call 200 GET /roles
call 200 GET "/roles/$role_id"
call 200 PATCH "/roles/$role_id" '{"data": {"type": "roles", "id": "'"$role_id"'", "attributes": {"description": "Made by a walk"}}}'

echo "# The user gets the role; one object instead of a list will do, and so will a number as id"
call 200 POST "/users/$user_id/relationships/roles" '{"data": {"type": "roles", "id": '"$role_id"'}}'
call 200 GET "/users/$user_id/relationships/roles"
call 200 GET "/users/$user_id/roles"
call 200 GET "/users?include=roles&filter[username]=$username"
call 200 GET "/roles/$role_id/users"
call 200 DELETE "/users/$user_id/relationships/roles" '{"data": {"type": "roles", "id": '"$role_id"'}}'
call 200 GET "/users/$user_id/roles"

echo "# The same from the role's side"
call 200 POST "/roles/$role_id/relationships/users" '{"data": {"type": "users", "id": '"$user_id"'}}'
call 200 GET "/roles/$role_id/users"
call 200 DELETE "/roles/$role_id/relationships/users" '{"data": {"type": "users", "id": '"$user_id"'}}'

echo "# What is refused"
call 400 POST /users '{"data": {"type": "users", "attributes": {"username": "'"$username"'", "password": "a-walk-by-the-sea"}}}'
call 409 POST /users '{"data": {"type": "roles", "attributes": {"name": "on the wrong shelf"}}}'

echo "# And away"
call 204 DELETE "/users/$user_id"
call 404 GET "/users/$user_id"

echo "# Back from the trash, and gone for good"
call 200 GET "/trash/users?sort=-deleted"
call 200 PATCH "/trash/users/$user_id" '{"data": {"type": "users", "id": "'"$user_id"'"}}'
call 200 GET "/users/$user_id"
call 204 DELETE "/users/$user_id"
call 204 DELETE "/trash/users/$user_id"
call 404 GET "/trash/users/$user_id"
call 204 DELETE "/roles/$role_id"
call 404 GET "/roles/$role_id"

printf '\nAll answers were as expected.\n'
