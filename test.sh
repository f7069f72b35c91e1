#!/usr/bin/env bash
# Builds everything and runs every test. The last line says how many passed, failed and were skipped.
#
#   ./test.sh [arguments of dotnet test, such as --filter FullyQualifiedName~Inbox]
#
# Needs the .NET SDK. Installs PostgreSQL with apt-get when it is missing.
#   CI=true                    a test that finds no Postgres fails instead of being skipped
#   ChannelsRuntime=Orleans    the cluster build (default: InProcess)
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

export ChannelsRuntime=${ChannelsRuntime:-InProcess}
readonly results=artifacts/test-results/$ChannelsRuntime
passed=0 failed=0 skipped=0

# Whatever happens, the sum is the last line.
trap 'status=$?; printf "%d passed, %d failed, %d skipped\n" "$passed" "$failed" "$skipped"; exit "$status"' EXIT

# A test project that the solution does not know would never run.
check_solution() {
  local project missing=0
  while IFS= read -r project; do
    if ! grep -qF "${project//\//\\}" Channels.sln; then
      printf 'error: %s is not in Channels.sln\n' "$project" >&2
      missing=1
    fi
  done < <(find tests -name '*.csproj' | sort)
  return "$missing"
}

# Adds up the result files. A skipped test counts in total, but not in executed.
add_up() {
  local file total executed ok
  while IFS= read -r file; do
    read -r total executed ok < <(sed -n 's/.*<Counters total="\([0-9]*\)" executed="\([0-9]*\)" passed="\([0-9]*\)".*/\1 \2 \3/p' "$file") || continue
    passed=$((passed + ok))
    failed=$((failed + executed - ok))
    skipped=$((skipped + total - executed))
  done < <(find "$results" -name '*.trx')
}

list_failures() {
  printf '\nFailed:\n'
  # -h: the name of the result file says nothing.
  find "$results" -name '*.trx' -exec grep -hE '<UnitTestResult [^>]*outcome="(Failed|Error|Timeout|Aborted)"' {} + |
    sed -e 's/.*testName="\([^"]*\)".*/  \1/' -e 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&#xA;/ /g; s/&#xD;//g; s/&amp;/\&/g' | sort
}

require_dotnet "$PWD"
require_postgres
check_solution

say "Building (ChannelsRuntime=$ChannelsRuntime)."
dotnet build Channels.sln -c Release -v quiet

say "Testing. Results: $results"
rm -rf -- "$results"
mkdir -p -- "$results"
status=0
# One project after the other: tests with deadlines must not starve each other of processors.
# A test that hangs must say its name instead of holding everything up: its process is ended and the test fails.
dotnet test Channels.sln -c Release --no-build -m:1 --results-directory "$results" --logger "trx;LogFilePrefix=tests" \
  --blame-hang-timeout 8m --blame-hang-dump-type none "$@" || status=$?

add_up
if [[ $failed -gt 0 ]]; then
  list_failures
  exit 1
elif [[ $status -ne 0 ]]; then
  printf '\nNo test failed, but a test process crashed, hung or did not start (dotnet test: %d); see above.\n' "$status"
  exit "$status"
elif [[ $((passed + skipped)) -eq 0 ]]; then
  printf '\nNot a single test was run.\n'
  exit 1
fi
