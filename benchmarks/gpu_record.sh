#!/bin/sh
# One command on a machine with a GPU: builds, tests, sanitizes, measures, measures PyTorch beside us, and writes a dated
# record to docs/records/gpu. Each stage leaves its result in --out and is not run again if that is there, so that a
# machine that is lent for a short while gets through it in several runs. What the machine lacks is left out with a sentence.
#
# usage: sh benchmarks/gpu_record.sh [--out DIR] [--only STAGE]... [--again] [--records DIR]
#
#   --only STAGE    build, test, sanitize, bandwidth, model, pytorch or record; may be repeated (default: all, in turn)
#   --again         run the stages again whose results are there
#   --out DIR       folder of the build and of the results (default: build/gpu)
#   --records DIR   folder of the record (default: docs/records/gpu)
#
# environment:
#   SACCADE_DEPENDENCIES  a folder that benchmarks/gpu_dependencies.sh made, where the packages are not installed
#   CUDNN_ROOT            where cuDNN lies; else beside the CUDA toolkit, or in Python's packages
#   PYTHON                a Python with PyTorch (default: python3)
#   SACCADE_COMMIT        the commit, where the copy of the project has no history
set -eu

cd "$(dirname "$0")/.."
out=build/gpu
records=docs/records/gpu
stages=
again=
known="build test sanitize bandwidth model pytorch record"
while [ $# -gt 0 ]; do
  case $1 in
    --out | --only | --records)
      [ $# -ge 2 ] || { echo "gpu_record.sh: $1 needs a value" >&2; exit 2; }
      case $1 in
        --out) out=$2 ;;
        --records) records=$2 ;;
        --only)
          case " $known " in
            *" $2 "*) stages="$stages $2" ;;
            *) echo "gpu_record.sh: --only $2: there is no such stage (known: $known)" >&2; exit 2 ;;
          esac
          ;;
      esac
      shift 2
      ;;
    --again) again=yes; shift ;;
    --help | -h)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
      exit 0
      ;;
    *)
      echo "gpu_record.sh: unknown option $1 (known: --out, --only, --again, --records)" >&2
      exit 2
      ;;
  esac
done
stages=${stages:-$known}
python=${PYTHON:-python3}
mkdir -p "$out"
out=$(cd "$out" && pwd)
bin=$out/build/bin
jobs=$(nproc 2>/dev/null || echo 2)

say() { printf '%s\n' "$*" >&2; }
leave_out() {
  say "left out: $1"
  printf '%s\n' "$1" >>"$out/left_out.$stage"
}
# A string for JSON, with its quotes.
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')"; }
need_build() {
  [ -x "$bin/gpu_benchmark" ] || { say "gpu_record.sh: run the stage build first"; exit 1; }
}

if ! gpu=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null); then
  say "gpu_record.sh: no GPU here: nvidia-smi is missing or finds none"
  exit 1
fi
gpu=$(printf '%s\n' "$gpu" | head -n 1)
say "GPU: $gpu"

libraries=
if [ -n "${SACCADE_DEPENDENCIES:-}" ]; then
  SACCADE_DEPENDENCIES=$(cd "$SACCADE_DEPENDENCIES" && pwd)
  libraries=$SACCADE_DEPENDENCIES/usr/lib/$(uname -m)-linux-gnu
  # jconfig.h lies beside no header that CMake looks for.
  CPATH=$SACCADE_DEPENDENCIES/usr/include/$(uname -m)-linux-gnu${CPATH:+:$CPATH}
  export CPATH
fi
if [ -z "${CUDNN_ROOT:-}" ]; then
  CUDNN_ROOT=$("$python" -c 'import nvidia.cudnn as package; print(list(package.__path__)[0])' 2>/dev/null || true)
fi
if [ -n "$CUDNN_ROOT" ]; then
  export CUDNN_ROOT
  libraries=$libraries${libraries:+:}$CUDNN_ROOT/lib
fi
[ -z "$libraries" ] || export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

stage_build() {
  generator="Unix Makefiles"
  if command -v ninja >/dev/null; then generator=Ninja; fi
  set -- -G "$generator" -D CMAKE_BUILD_TYPE=Release -D "CMAKE_CXX_FLAGS_RELEASE=-O3 -DNDEBUG" -D SACCADE_NATIVE=ON \
    -D SACCADE_CUDA=ON -D CMAKE_CUDA_ARCHITECTURES=native -D SACCADE_TOOLCHAIN_TESTS=OFF -D SACCADE_BUILD_TORCH_EXAMPLE=OFF
  if [ -n "${SACCADE_DEPENDENCIES:-}" ]; then
    set -- "$@" -D "CMAKE_PREFIX_PATH=$SACCADE_DEPENDENCIES/usr" \
      -D "CMAKE_LIBRARY_PATH=$SACCADE_DEPENDENCIES/usr/lib/$(uname -m)-linux-gnu"
  fi
  cmake -S . -B "$out/build" "$@" >"$out/configure.log" 2>&1 || { tail -n 20 "$out/configure.log" >&2; return 1; }
  cmake --build "$out/build" --parallel "$jobs" --target test_backends_cuda gpu_benchmark attention_benchmark \
    >"$out/build.log" 2>&1 || { grep -m 20 -E 'error|FAILED' "$out/build.log" >&2; return 1; }
  nvcc=$(sed -n 's/^CMAKE_CUDA_COMPILER:[A-Z]*=//p' "$out/build/CMakeCache.txt")
  nvcc_version=$("$nvcc" --version | sed -n 's/.*release [^,]*, V//p')
  compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$out/build/CMakeCache.txt")
  printf '{"nvcc": %s, "compiler": %s, "system": %s}\n' "$(quoted "$nvcc_version")" \
    "$(quoted "$("$compiler" --version | head -n 1)")" "$(quoted "$(uname -sr)")" >"$out/build.json.partial"
}

stage_test() {
  need_build
  code=0
  ctest --test-dir "$out/build" -L gpu --output-on-failure --timeout 550 >"$out/test.log" 2>&1 || code=$?
  tail -n 15 "$out/test.log" >&2
  total=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#' "$out/test.log" || true)
  failed=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#.*(Failed|Timeout|Exception)' "$out/test.log" || true)
  skipped=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#.*Skipped' "$out/test.log" || true)
  [ "$total" -gt 0 ] || { say "gpu_record.sh: ctest has no test with the label gpu"; return 1; }
  printf '{"tests": %d, "failed": %d, "skipped": %d, "exit_code": %d}\n' "$total" "$failed" "$skipped" "$code" \
    >"$out/test.json.partial"
}

# The kernels by themselves, in sizes with remainders everywhere; and captured steps, images and the optimiser.
stage_sanitize() {
  need_build
  sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null || true)
  if [ -z "$sanitizer" ]; then
    leave_out "compute-sanitizer is not installed"
    printf '{}\n' >"$out/sanitize.json.partial"
    return 0
  fi
  results=
  for tool in memcheck racecheck initcheck synccheck; do
    log=$out/sanitize.$tool.log
    code=0
    timeout 280 "$sanitizer" --tool "$tool" --error-exitcode 99 "$bin/gpu_benchmark" --rounds 1 --batch 3 --side 14 \
      --channels 24 --glimpses 5 --parameters 10007 --rows 5 >"$log" 2>&1 || code=$?
    if [ "$code" = 0 ] && [ "$tool" = memcheck ]; then
      timeout 280 "$sanitizer" --tool memcheck --error-exitcode 99 "$out/build/tests/bin/test_backends_cuda" \
        --filenames-as-tags '[#step_graph_test],[#image_test],[#optimizer_list_test]' >>"$log" 2>&1 || code=$?
    fi
    summary=$(grep -E 'SUMMARY' "$log" | tail -n 1 | sed 's/^=* *//')
    [ -n "$summary" ] || summary="$(tail -n 1 "$log")"
    say "$tool: $summary (exit code $code)"
    results="$results${results:+, }\"$tool\": {\"exit_code\": $code, \"summary\": $(quoted "$summary")}"
  done
  printf '{%s}\n' "$results" >"$out/sanitize.json.partial"
}

stage_bandwidth() {
  need_build
  "$bin/gpu_benchmark" --json "$out/bandwidth.json.partial" >"$out/bandwidth.txt"
  cat "$out/bandwidth.txt" >&2
}

# The preset paper: training in batches of 32 and 128, inference in batches of 128 and of one.
stage_model() {
  need_build
  for precision in tf32 bf16 fp32; do
    for batch in 128 32; do
      file=$out/model.$precision.$batch.json
      [ -e "$file" ] && [ -z "$again" ] && continue
      say "attention_benchmark, $precision, batch $batch"
      "$bin/attention_benchmark" --preset paper --backend "cuda_$precision" --batch "$batch" --repeats 15 --sweeps none \
        --json "$file.partial" >"$out/model.$precision.$batch.txt"
      mv "$file.partial" "$file"
    done
  done
  collect model
}

# Each case in a process of its own, which may be left out by itself.
stage_pytorch() {
  if ! "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    leave_out "$python has no PyTorch that sees the GPU (PYTHON names another)"
    printf '[]\n' >"$out/pytorch.json.partial"
    return 0
  fi
  for precision in tf32 bf16 fp32; do
    for mode in compiled eager graphs; do
      for case in training:32 training:128 inference:1 inference:128; do
        file=$out/pytorch.$precision.$mode.${case%:*}.${case#*:}.json
        [ -e "$file" ] && [ -z "$again" ] && continue
        say "PyTorch, $precision, $mode, ${case%:*}, batch ${case#*:}"
        if timeout 280 "$python" benchmarks/peers/pytorch_gpu.py "${case%:*}" --batch "${case#*:}" --precision "$precision" \
          --mode "$mode" >"$file.partial" 2>"$file.log"; then
          mv "$file.partial" "$file"
        else
          leave_out "PyTorch, $precision, $mode, ${case%:*}, batch ${case#*:}: $(tail -n 1 "$file.log")"
        fi
      done
    done
  done
  collect pytorch
}

# One list of the parts of a stage.
collect() {
  {
    printf '['
    separator=
    for file in "$out/$1".*.json; do
      [ -e "$file" ] || continue
      printf '%s' "$separator"
      cat "$file"
      separator=,
    done
    printf ']\n'
  } >"$out/$1.json.partial"
}

stage_record() {
  commit=${SACCADE_COMMIT:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
  name=$(printf '%s' "${gpu%%,*}" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9][^a-z0-9]*/-/g; s/^-//; s/-$//')
  date=$(date +%Y-%m-%d)
  mkdir -p "$records"
  {
    printf '{\n"format": "saccade gpu record 1",\n"date": "%s",\n"commit": %s,\n' "$date" "$(quoted "$commit")"
    printf '"gpu": %s,\n"kernel_hash": "%s"' "$(quoted "$gpu")" "$(sh benchmarks/kernel_hash.sh)"
    for part in build test sanitize bandwidth model pytorch; do
      [ -e "$out/$part.json" ] || continue
      printf ',\n"%s": ' "$part"
      cat "$out/$part.json"
    done
    printf ',\n"left_out": ['
    separator=
    for list in "$out"/left_out.*; do
      [ -e "$list" ] || continue
      while read -r sentence; do
        printf '%s%s' "$separator" "$(quoted "$sentence")"
        separator=', '
      done <"$list"
    done
    printf ']\n}\n'
  } >"$out/record.json.partial"
  cp "$out/record.json.partial" "$records/$date-$name.json"
  say "wrote $records/$date-$name.json; benchmarks/gpu_table.py makes the tables of docs/benchmarks.md from it"
}

for stage in $stages; do
  if [ "$stage" != record ] && [ -e "$out/$stage.json" ] && [ -z "$again" ]; then
    say "$stage: $out/$stage.json is there"
    continue
  fi
  say "stage $stage"
  rm -f "$out/left_out.$stage" "$out/$stage.json"
  # In a condition the shell would go on after an error.
  set +e
  (
    set -e
    "stage_$stage"
  )
  code=$?
  set -e
  [ "$code" = 0 ] || { say "gpu_record.sh: the stage $stage failed; its logs are in $out"; exit 1; }
  mv "$out/$stage.json.partial" "$out/$stage.json"
done

if [ -e "$out/test.json" ] && ! grep -q '"failed": 0' "$out/test.json"; then
  say "gpu_record.sh: tests failed; see $out/test.log"
  exit 1
fi
