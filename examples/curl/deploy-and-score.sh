#!/usr/bin/env bash
# Lists the models, deploys one, scores a CSV file through it in two ways, and deletes the model again.
#
#   deploy-and-score.sh MODEL IMAGE CSV > scored.csv
#
# The service is at SCR_MODELOPS_URL (default http://127.0.0.1:8080). The scored rows go to standard output, all else to
# standard error. Another exit code than 0 and the service's own words when a step fails. Needs bash and curl.
set -euo pipefail

if [ $# -ne 3 ]; then
  echo "usage: $0 MODEL IMAGE CSV > scored.csv" >&2
  exit 2
fi
model=$1 image=$2 csv=$3
url=${SCR_MODELOPS_URL:-http://127.0.0.1:8080}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# call STATUS CURL-ARGUMENTS...: prints the answer if it has exactly that status; otherwise shows it on standard error and fails.
call () {
  local expected=$1 status
  shift
  status=$(curl --silent --show-error --output "$scratch/answer" --write-out '%{http_code}' "$@")
  if [ "$status" != "$expected" ]; then
    echo "the answer is $status, expected was $expected:" >&2
    cat "$scratch/answer" >&2
    echo >&2
    return 1
  fi
  cat "$scratch/answer"
}

echo "models:" >&2
call 200 "$url/models" >&2
echo >&2

echo "deploying $model …" >&2
call 201 --request POST "$url/models?wait=300" --header 'Content-Type: application/json' \
  --data "{\"name\": \"$model\", \"image\": \"$image\"}" > "$scratch/model.json"
# From here on the model is ours: it goes also when a step fails.
remove_model () {
  call 204 --request DELETE "$url/models/$model?wait=60" && echo "$model is deleted" >&2
}
trap 'status=$?; remove_model || status=1; rm -rf "$scratch"; exit $status' EXIT

echo "scoring $csv …" >&2
call 200 --form "data=@$csv;type=text/csv" "$url/models/$model/score" > "$scratch/form.csv"
call 200 --header 'Content-Type: text/csv' --data-binary "@$csv" "$url/models/$model/score" > "$scratch/raw.csv"
cmp "$scratch/form.csv" "$scratch/raw.csv" >&2
cat "$scratch/raw.csv"
