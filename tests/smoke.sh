#!/usr/bin/env bash
# Try a running service with curl: all operations, and the errors.
#
#   tests/smoke.sh [BASE_URL]       (http://127.0.0.1:8000 unless told otherwise)
#
# TOKEN in the environment is sent as a bearer token; USER_ID is then the user it was made for.
# Ends with 1 and the name of the step that failed.
set -euo pipefail

base=${1:-http://127.0.0.1:8000}
user=${USER_ID:-$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen | tr 'A-F' 'a-f')}
tasks=$base/api/$user/tasks
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# call STEP STATUS [curl's arguments]: the answer's head and body end up in $answer.
call() {
    local step=$1 expected=$2 status
    shift 2
    status=$(curl --silent --show-error --max-time 10 --include --output "$answer" \
        --write-out '%{http_code}' ${TOKEN:+--header "Authorization: Bearer $TOKEN"} "$@") ||
        { echo "FAILED: $step: no answer"; exit 1; }
    [ "$status" = "$expected" ] ||
        { echo "FAILED: $step: $status instead of $expected"; cat "$answer"; exit 1; }
    echo "ok: $step"
}

# holds STEP TEXT: the last answer has this text in it.
holds() {
    grep --quiet --fixed-strings -- "$2" "$answer" ||
        { echo "FAILED: $1: no $2 in"; cat "$answer"; exit 1; }
}

json=(--header 'Content-Type: application/json' --data)

call 'it is alive' 200 "$base/health"
call 'it is ready' 200 "$base/ready"
call 'a new user has nothing' 200 "$tasks"
call 'create' 201 "$tasks" "${json[@]}" '{"title": "Buy oat milk", "description": "Two cartons"}'
holds 'create' '"title":"Buy oat milk"'
id=$(sed -n 's|.*"id":"\([0-9a-f-]*\)".*|\1|p' "$answer")
holds 'create' "ocation: /api/$user/tasks/$id"
call 'get' 200 "$tasks/$id"
holds 'get' '"completed":false'
call 'list' 200 "$tasks?limit=10&completed=false"
holds 'list' "$id"
call 'update' 200 --request PUT "$tasks/$id" "${json[@]}" '{"title": "Buy tea"}'
holds 'update' '"description":"Two cartons"'
call 'toggle' 200 --request PATCH "$tasks/$id/complete"
holds 'toggle' '"completed":true'
call 'set, not toggle' 200 --request PATCH "$tasks/$id/complete" "${json[@]}" '{"completed": true}'
holds 'set, not toggle' '"completed":true'
call 'delete' 204 --request DELETE "$tasks/$id"
call 'a deleted task is a 404' 404 "$tasks/$id"
holds 'a deleted task is a 404' 'application/problem+json'
call 'not JSON is a 400' 400 "$tasks" "${json[@]}" '{title}'
call 'a body of another type is a 415' 415 "$tasks" --data 'title=x'
call 'a task without a title is a 422' 422 "$tasks" "${json[@]}" '{}'
holds 'a task without a title is a 422' '"pointer":"#/title"'
call 'an unknown parameter is a 422' 422 "$tasks?colour=red"
call 'a path without a user is a 404' 404 "$base/api/nobody/tasks"
call 'a wrong method is a 405' 405 --request POST "$base/health"
holds 'a wrong method is a 405' 'llow: '
call 'the document is there' 200 "$base/openapi.json"
echo 'all ok'
