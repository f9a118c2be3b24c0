#!/bin/sh
# What several processes gain on this machine: the same training, in as many parts as there are cores, by one process of
# one thread, by one of as many threads as cores, and by as many processes of one thread. Prints the seconds of a run, its
# start included, and of how many steps, and checks that all three wrote the same checkpoint. Measure on a machine that does
# nothing else.
#
# usage: sh benchmarks/scaling.sh [PRESET [CORES]]      (default: large, all cores); SACCADE names the program
set -eu

cd "$(dirname "$0")/.."
preset=${1:-large}
cores=${2:-$(nproc)}
saccade=${SACCADE:-build/release/bin/saccade}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$saccade" tissue --out "$folder/tissue" --patients 8 --images 4 >/dev/null 2>&1

# measure NAME THREADS COMMAND...
measure() {
  name=$1
  threads=$2
  shift 2
  start=$(date +%s%N)
  "$@" "$saccade" train --data "$folder/tissue" --preset "$preset" --split all --batch 16 --epochs 3 \
    --threads "$threads" --decode-threads 1 --set "training.parts=$cores" --out "$folder/$name" \
    >/dev/null 2>"$folder/$name.log" || { cat "$folder/$name.log" >&2; exit 1; }
  end=$(date +%s%N)
  echo "  $(((end - start) / 1000000)) ms, 12 steps of 16 images"
}

root=
[ "$(id -u)" != 0 ] || root=--allow-run-as-root
echo "1 process of 1 thread"
measure one 1 env
echo "1 process of $cores threads"
measure threads "$cores" env
echo "$cores processes of 1 thread"
# shellcheck disable=SC2086 # a word or none
measure processes 1 mpirun $root --bind-to core -np "$cores"
cmp "$folder/one/checkpoint.safetensors" "$folder/threads/checkpoint.safetensors"
cmp "$folder/one/checkpoint.safetensors" "$folder/processes/checkpoint.safetensors"
echo "the checkpoints are the same, byte for byte"
