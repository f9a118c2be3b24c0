#!/bin/sh
# The whole method in one command: installs what is missing, builds the programs, makes synthetic tissue, trains the
# preset `compact`, evaluates it beside the control policies, draws where it looked, and ends with the path of a report
# for the browser. About five minutes on two cores.
#
# usage: sh examples/quickstart.sh [--data DIR] [--magnification M] [--out DIR]
#
#   --data DIR          BreakHis instead of synthetic tissue: a folder that holds BreaKHis_v1/ or a part of it
#   --magnification M   40, 100 (default), 200 or 400
#   --out DIR           folder of the results, which must not hold a run yet (default: runs/quickstart)
set -eu

data=
magnification=100
out=
while [ $# -gt 0 ]; do
  case $1 in
    --data | --magnification | --out)
      [ $# -ge 2 ] || { echo "quickstart.sh: $1 needs a value" >&2; exit 2; }
      case $1 in
        --data) data=$2 ;;
        --magnification) magnification=$2 ;;
        --out) out=$2 ;;
      esac
      shift 2
      ;;
    --help | -h)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
      exit 0
      ;;
    *)
      echo "quickstart.sh: unknown option $1 (known: --data, --magnification, --out)" >&2
      exit 2
      ;;
  esac
done

# A path is meant from where the user stands.
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$PWD" "$1" ;;
  esac
}
[ -z "$data" ] || data=$(absolute "$data")
[ -z "$out" ] || out=$(absolute "$out")
cd "$(dirname "$0")/.."
out=${out:-$PWD/runs/quickstart}
if [ -e "$out/checkpoint.safetensors" ]; then
  echo "quickstart.sh: \"$out\" holds a run already; remove it or name another folder with --out" >&2
  exit 1
fi

start=$(date +%s)
stage() {
  printf '\n[%3d s] %s\n' $(($(date +%s) - start)) "$*"
}

sh cmake/install_dependencies.sh build
start=$(date +%s) # the download of packages aside
jobs=$(nproc 2>/dev/null || echo 2)
programs="make_synthetic_tissue breakhis_train breakhis_evaluate breakhis_explain"
stage "building the programs"
# The kernels of the CUDA backend are compiled only where there is a GPU to use them.
cuda=OFF
if nvidia-smi -L >/dev/null 2>&1; then cuda=AUTO; fi
cmake --no-warn-unused-cli --preset release -D SACCADE_BUILD_TESTS=OFF -D SACCADE_BUILD_BENCHMARKS=OFF \
  -D SACCADE_CUDA=$cuda >/dev/null
# shellcheck disable=SC2086 # the programs are words
cmake --build --preset release --parallel "$jobs" --target $programs
bin=build/release/bin

if [ -z "$data" ]; then
  data=$out/tissue
  stage "making synthetic tissue: the class can be told from one focus of nuclei, a tenth of each image"
  $bin/make_synthetic_tissue --out "$data" --seed 1 --width 350 --height 230 --focus-area 0.10 \
    --patients 100 --images 6 --magnification "$magnification"
fi

stage "training"
$bin/breakhis_train --data "$data" --magnification "$magnification" --split random:1 --preset compact --seed 1 \
  --threads "$jobs" --out "$out"

stage "evaluating the patients that training never saw: learned glimpses beside the controls"
$bin/breakhis_evaluate --data "$data" --magnification "$magnification" --split random:1 \
  --checkpoint "$out/best.safetensors" --policy learned --threads "$jobs" --out "$out" >"$out/table.txt"

stage "drawing where it looked"
find "$data" -path "*/${magnification}X/*" \( -name '*.png' -o -name '*.jpg' \) | sort >"$out/images.txt"
awk -v step=$((($(wc -l <"$out/images.txt") + 3) / 4)) 'NR % step == int(step / 2)' "$out/images.txt" | tr '\n' '\0' |
  xargs -0 $bin/breakhis_explain --checkpoint "$out/best.safetensors" --out "$out/figures" --threads "$jobs"

stage "done"
cat "$out/table.txt"
echo
echo "results:   $out"
echo "figures:   $out/figures (*_glimpses.png: where it looked)"
echo "report:    $out/report.html (open it in a browser)"
