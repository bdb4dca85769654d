#!/usr/bin/env bash
# Tests the Python package as its users get it: builds wheel and sdist, installs each into an empty environment,
# checks types, and runs the tests, the notebooks among them, against the service on the simulator. Needs Python 3.9
# or later (PYTHON names another one) and Node. Ends with the line "N passed, N failed" (and ", N skipped"); the exit
# code is 0 only if nothing failed.
set -uo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

step () { # SAYS COMMAND…: one test
  local says=$1
  shift
  if "$@" > "$work/step.log" 2>&1; then
    passed=$((passed + 1))
    echo "ok - $says"
  else
    failed=$((failed + 1))
    echo "FAILED: $says"
    tail -n 40 "$work/step.log"
  fi
}
environment () { # NAME WHAT…: a fresh one with these in it
  local at=$work/$1
  shift
  "$python" -m venv "$at" && "$at/bin/pip" install --quiet --disable-pip-version-check "$@"
}
fits_alone () { # NAME FILE: the package works with nothing beside it
  environment "$1" "$2" && "$work/$1/bin/scr-modelops" --version &&
    [ "$("$work/$1/bin/pip" list --format=freeze | grep -vciE '^(pip|setuptools|wheel)=')" = 1 ]
}
build () {
  environment build build && "$work/build/bin/python" -m build --outdir "$work/dist" .
}

step "wheel and sdist are built" build
wheel=$(echo "$work"/dist/*.whl) sdist=$(echo "$work"/dist/*.tar.gz)
step "the wheel installs into an empty environment, and alone" fits_alone from-wheel "$wheel"
step "the sdist does" fits_alone from-sdist "$sdist"
step "the wheel installs with what the tests need" environment test "$wheel[test,notebooks]"
step "types are right (mypy --strict)" "$work/test/bin/mypy" --cache-dir "$work/mypy"

"$work/test/bin/python" -m pytest -p no:cacheprovider --junitxml "$work/tests.xml" || true
read -r ran bad left < <("$python" - "$work/tests.xml" << 'COUNT'
import sys
import xml.etree.ElementTree as xml
try:
    suites = list(xml.parse(sys.argv[1]).iter("testsuite"))
except (OSError, xml.ParseError):
    suites = []
count = lambda name: sum(int(suite.get(name, 0)) for suite in suites)
bad, left = count("failures") + count("errors"), count("skipped")
# No test at all is a failure, too.
print(count("tests"), bad if count("tests") else 1, left)
COUNT
)
passed=$((passed + (ran > bad + left ? ran - bad - left : 0))) failed=$((failed + bad)) skipped=$left
sum="$passed passed, $failed failed"
[ "$skipped" = 0 ] || sum="$sum, $skipped skipped"
echo "$sum"
[ "$failed" = 0 ]
