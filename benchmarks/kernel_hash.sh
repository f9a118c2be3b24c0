#!/bin/sh
# kernel_hash.sh            prints a hash of all text that the GPU's kernels are compiled from
# kernel_hash.sh --check    says whether the kernels have changed since the last record of a GPU; never fails for that
set -eu

root=${SACCADE_ROOT:-$(cd "$(dirname "$0")/.." && pwd)}
records=$root/docs/records/gpu

kernel_files() {
  (cd "$root/include/saccade" && find backends/cuda/kernels backends/cuda/kernels.cu backends/cuda/launchers.hpp math \
    -type f | LC_ALL=C sort)
}

# Names and contents, so that a renamed file counts too.
kernel_hash() {
  kernel_files | while read -r file; do
    printf '%s\n' "$file"
    cat "$root/include/saccade/$file"
  done | sha256sum | cut -d ' ' -f 1
}

# The newest record: their names begin with the date.
last_record() {
  find "$records" -name '[0-9]*.json' 2>/dev/null | LC_ALL=C sort | tail -n 1
}

case ${1:-} in
  '') kernel_hash ;;
  --check)
    record=$(last_record)
    if [ -z "$record" ]; then
      echo "no GPU record yet: no kernel has run on a GPU (benchmarks/gpu_record.sh makes a record)"
    elif grep -q "\"kernel_hash\": \"$(kernel_hash)\"" "$record"; then
      echo "the kernels are those of the last GPU run, $(basename "$record")"
    else
      echo "kernels changed since the last GPU run, $(basename "$record")"
    fi
    ;;
  *)
    echo "kernel_hash.sh: unknown option $1 (known: --check)" >&2
    exit 2
    ;;
esac
