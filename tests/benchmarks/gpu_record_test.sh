#!/bin/sh
# gpu_record_test.sh PROJECT: the scripts that make and read records of GPUs, on a machine that need not have one. The
# GPU, the build's programs and PyTorch are stood in for by scripts of a few lines.
set -eu

. "$(dirname "$0")/expect.sh"

# A copy of what the scripts read, so that nothing is written into the project.
copy=$scratch/copy
mkdir -p "$copy/include/saccade/backends/cuda" "$copy/docs"
cp -r "$project/benchmarks" "$copy/benchmarks"
cp -r "$project/include/saccade/math" "$copy/include/saccade/math"
cp -r "$project/include/saccade/backends/cuda/." "$copy/include/saccade/backends/cuda"
record_script=$copy/benchmarks/gpu_record.sh
hash_script=$copy/benchmarks/kernel_hash.sh

# The hash: of the text alone, and what is said of records.
expect 0 "no GPU record yet" sh "$hash_script" --check
expect 2 "unknown option --all" sh "$hash_script" --all
before=$(sh "$hash_script")
[ ${#before} = 64 ] || fail "the hash is $before"

# No GPU, and wrong options.
mkdir "$scratch/none" "$scratch/bin"
for tool in sh dirname mkdir nproc cat sed head rm; do ln -s "$(command -v $tool)" "$scratch/none/$tool"; done
expect 1 "no GPU here" env PATH="$scratch/none" sh "$record_script" --out "$scratch/out"
expect 2 "there is no such stage (known: build test" sh "$record_script" --only sleep
expect 2 "unknown option --fast" sh "$record_script" --fast
expect 2 "--out needs a value" sh "$record_script" --out
expect 0 "usage: sh benchmarks/gpu_record.sh" sh "$record_script" --help

# A machine with a GPU, as far as the script can see.
stand_in() {
  mkdir -p "$(dirname "$1")"
  printf '#!/bin/sh\n%s\n' "$2" >"$1"
  chmod +x "$1"
}
out=$scratch/out
stand_in "$scratch/bin/nvidia-smi" 'echo "NVIDIA Example 100, 580.1, 1000 MiB"'
stand_in "$scratch/bin/ctest" 'echo " 1/3 Test  #1: gpu.a ...   Passed    0.1 sec"
echo " 2/3 Test  #2: gpu.b ...   ***Failed    0.1 sec"; echo " 3/3 Test  #3: gpu.c ...***Skipped    0.1 sec"; exit 8'
# It says something that JSON has to quote.
stand_in "$scratch/bin/compute-sanitizer" 'echo "========= ERROR SUMMARY: 0 \"errors\""'
# shellcheck disable=SC2016 # for the stand-in to expand
file_of_json='while [ "$1" != --json ]; do shift; done; file=$2'
# shellcheck disable=SC2016
stand_in "$out/build/bin/gpu_benchmark" "$file_of_json"'; cat >"$file" <<END
{"copy_bytes_per_second": 2e12, "device": {"runtime": "13.0", "cudnn": 91900, "cublas": 130000}, "operations": [
 {"operation": "crop_glimpses", "format": "fp32", "bytes": 1.5e9, "seconds": 1e-3, "share_of_copy": 0.75, "target": 0.8},
 {"operation": "add", "format": "bf16", "bytes": 1e9, "seconds": 1e-3, "share_of_copy": 0.5, "target": 0}]}
END'
stand_in "$out/build/tests/bin/test_backends_cuda" 'exit 0'
# shellcheck disable=SC2016
stand_in "$out/build/bin/attention_benchmark" 'while [ "$1" != --backend ]; do shift; done; backend=$2; batch=$4
'"$file_of_json"'; cat >"$file" <<END
{"backend": "$backend", "batch": $batch, "training": {"batch_seconds": [0.3, 0.1, 0.2]},
 "inference": {"batch_seconds": [0.05]}, "latency": {"median_seconds": 0.001}}
END'
# PyTorch: the probes for it succeed; one case fails.
# shellcheck disable=SC2016
stand_in "$scratch/bin/python_with_torch" 'case $1 in -c) case $2 in *nvidia.cudnn*) exit 1 ;; esac; exit 0 ;; esac
if [ "$2" = inference ] && [ "$4" = 1 ] && [ "$8" = graphs ]; then echo "out of memory" >&2; exit 1; fi
echo "{\"purpose\": \"$2\", \"batch\": $4, \"precision\": \"$6\", \"mode\": \"$8\", \"median_seconds\": 0.4}"'
with_gpu() {
  env PATH="$scratch/bin:$PATH" PYTHON="$scratch/bin/python_with_torch" SACCADE_COMMIT=abc123 sh "$record_script" \
    --out "$out" "$@"
}
: >"$out/build/CMakeCache.txt"
expect 1 "tests failed" with_gpu --only test --only sanitize --only bandwidth --only model --only pytorch --only record
grep -q '"tests": 3, "failed": 1, "skipped": 1, "exit_code": 8' "$out/test.json" || fail "test.json: $(cat "$out/test.json")"
record=$(echo "$copy"/docs/records/gpu/*-nvidia-example-100.json)
[ -f "$record" ] || fail "no record of the device's name in $copy/docs/records/gpu"
grep -qF '"commit": "abc123"' "$record" || fail "the record does not name the commit"
grep -qF 'batch 1: out of memory' "$record" || fail "the record does not say what was left out"
# A stage whose result is there is not run again; a case that is there neither.
rm "$out/bandwidth.json" "$out/build/bin/attention_benchmark"
expect 1 "model: " with_gpu --only model --only bandwidth
[ -e "$out/bandwidth.json" ] || fail "the stage whose result was gone was not run"

expect 0 "the kernels are those of the last GPU run, $(basename "$record")" sh "$hash_script" --check
echo "// another kernel" >>"$copy/include/saccade/backends/cuda/kernels.cu"
expect 0 "kernels changed since the last GPU run, $(basename "$record")" sh "$hash_script" --check
[ "$(sh "$hash_script")" != "$before" ] || fail "another kernel has the same hash"

if command -v python3 >/dev/null; then
  expect 0 "| crop_glimpses | fp32 | 1.00 | 1500 | 75 % | 80 %, missed |" python3 "$copy/benchmarks/gpu_table.py" "$record"
  # 0.4 s of PyTorch against a median of 0.2 s of ours; inference of one image has no graphs, for want of memory.
  table="python3 $copy/benchmarks/gpu_table.py $record"
  # shellcheck disable=SC2086 # words
  expect 0 "| bf16 | training | 32 | 200.00 | 400.00 | 400.00 | 400.00 | 2.00 | 1.5 |" $table
  # shellcheck disable=SC2086
  expect 0 "| tf32 | inference | 1 | 1.00 | 400.00 | 400.00 | - | 400.00 | 2.0 |" $table
  # shellcheck disable=SC2086
  expect 0 "Tests: 3, of which 1 failed and 1 were skipped." $table
else
  echo "python3 is not installed: the tables of a record are not made"
fi
echo "every check passed"
