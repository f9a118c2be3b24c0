#!/bin/sh
# Builds the fuzz targets with clang++, runs each on its seeds and on what it found before, and prints a table.
#
# usage: sh tests/fuzz/run.sh [--seconds S | --hours H | --executions N] [--seed S] [--jobs J] [TARGET...]
#   --seconds S      run each target for so long; 10 seconds where nothing is said
#   --hours H        divide so much time among the targets
#   --executions N   run each target on so many inputs
#   --seed S         of what is drawn; else another each time
#   --jobs J         targets at a time; else as many as there are processors
#   TARGET           safetensors, png, ...; all where none is named
# Inputs that reach new code are kept in build/fuzz/corpus; findings are in build/fuzz/findings, what was printed in
# build/fuzz/logs. A finding ends its target; put its file into seeds/TARGET when it is mended.
# Ends with 1 where there are findings, with 77 where there is no libFuzzer.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
build=$project/build/fuzz

# One target, called by this script itself.
if [ "${1-}" = --one ]; then
  target=$2
  mkdir -p "$build/corpus/$target" "$build/logs"
  rm -rf "$build/findings/$target"
  mkdir -p "$build/findings/$target"
  log=$build/logs/$target.log
  limits="-max_len=4096 -entropic=0 -timeout=300 -report_slow_units=300 -rss_limit_mb=2048 -print_final_stats=1 $FUZZ_LIMIT"
  [ ! -f "$here/dictionaries/$target.dict" ] || limits="$limits -dict=$here/dictionaries/$target.dict"
  code=0
  # shellcheck disable=SC2086 # the limits are words
  "$build/fuzz/fuzz_$target" $limits -artifact_prefix="$build/findings/$target/" "$build/corpus/$target" \
    "$here/seeds/$target" >"$log" 2>&1 || code=$?
  findings=$(find "$build/findings/$target" -type f | wc -l)
  [ "$code" -eq 0 ] || [ "$findings" -gt 0 ] || findings=1
  value() { sed -n "s/^stat::$1: *//p" "$log"; }
  printf '%-16s %12s %14s %9s\n' "$target" "$(value number_of_executed_units)" "$(value average_exec_per_sec)" "$findings"
  exit 0
fi

limit=-max_total_time=10
seed=
hours=
jobs=$(nproc 2>/dev/null || echo 2)
targets=
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) limit=-max_total_time=$2; shift ;;
    --hours) hours=$2; shift ;;
    --executions) limit=-runs=$2; shift ;;
    --seed) seed=-seed=$2; shift ;;
    --jobs) jobs=$2; shift ;;
    --help | -h)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
    -*)
      echo "run.sh: unknown option $1 (known: --seconds, --hours, --executions, --jobs)" >&2
      exit 2
      ;;
    *)
      if [ ! -f "$here/$1_target.cpp" ]; then
        echo "run.sh: there is no target $1" >&2
        exit 2
      fi
      targets="$targets $1"
      ;;
  esac
  shift
done
if [ -z "$targets" ]; then
  for file in "$here"/*_target.cpp; do
    name=$(basename "$file" _target.cpp)
    targets="$targets $name"
  done
fi
# shellcheck disable=SC2086 # the targets are words
if [ -n "$hours" ]; then
  set -- $targets
  limit=-max_total_time=$(awk "BEGIN { print int($hours * 3600 * $jobs / $#) }")
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' >"$scratch/probe.cpp"
if ! clang++ -fsanitize=fuzzer,address "$scratch/probe.cpp" -o "$scratch/probe" >/dev/null 2>&1; then
  echo "clang++ with libFuzzer (Debian: clang, libclang-rt-dev) is not installed: nothing is fuzzed"
  exit 77
fi

cd "$project"
{ cmake --preset fuzz && cmake --build --preset fuzz --parallel "$jobs"; } >"$scratch/build.log" 2>&1 || {
  cat "$scratch/build.log"
  exit 1
}
printf '%-16s %12s %14s %9s\n' target executions executions/s findings
FUZZ_LIMIT="$limit $seed"
export FUZZ_LIMIT
# shellcheck disable=SC2086 # the targets are words
printf '%s\n' $targets | xargs -n 1 -P "$jobs" sh "$here/run.sh" --one | tee "$scratch/table"
awk '{ findings += $4; executions += $2 } END { printf "%d executions, %d findings\n", executions, findings; exit findings > 0 }' \
  "$scratch/table"
