#!/bin/sh
# Builds and runs every test: first, as the preset `heavy`, what would take too long under the sanitizers or is forbidden
# there, the programs, the headers and wrong programs by g++ and (where it is installed) clang++, and the packages; then
# the others under the address and undefined-behaviour sanitizers. Installs what is missing where it may.
#
# usage: sh tests/run.sh [--fast]
#
#   --fast   the library and the program only, as the preset `fast`, tests compiled several at a time. Left out: the
#            sanitizers, headers one by one, wrong programs, packages, CUDA and its emulation, benchmarks, studies, the
#            conformance kit's own tests, the fuzz campaign (seeds are replayed) and injected faults
set -eu

presets="heavy asan"
left_out=
for argument; do
  case $argument in
    --fast)
      presets=fast
      left_out=", but for sanitizers, headers one by one, wrong programs, packages, CUDA, benchmarks, studies, the kit's own
tests, fuzz campaign and injected faults"
      ;;
    --help | -h)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
    *)
      echo "run.sh: unknown option $argument (known: --fast)" >&2
      exit 2
      ;;
  esac
done

cd "$(dirname "$0")/.."
sh cmake/install_dependencies.sh test

jobs=$(nproc 2>/dev/null || echo 2)
start=$(date +%s)
stage() {
  printf '\n[%4d s] %s\n' $(($(date +%s) - start)) "$*"
}

for preset in $presets; do
  stage "configure $preset"
  cmake --preset "$preset"
  stage "build $preset"
  cmake --build --preset "$preset" --parallel "$jobs"
  stage "test $preset"
  ctest --preset "$preset" --parallel "$jobs"
done
stage "every test passed ($presets)$left_out"
