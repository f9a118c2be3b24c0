#!/bin/sh
# The whole method in one command: installs what is missing, builds the program, makes synthetic tissue, trains the
# preset `compact`, evaluates it beside the control policies, draws where it looked, and ends with the path of a report
# for the browser. Two to three minutes on two cores.
#
# usage: sh examples/quickstart.sh [--data DIR] [--magnification M] [--out DIR]
#
#   --data DIR          your images instead of synthetic tissue: a folder for each class, one with a manifest.csv or
#                       IDX files, or BreakHis; docs/data.md tells more
#   --magnification M   of BreakHis: 40, 100, 200 or 400; needed where the folder holds several
#   --out DIR           folder of the results, which must not hold a run yet (default: runs/quickstart)
set -eu

data=
magnification=
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

[ -z "$data" ] || [ -e "$data" ] || { echo "quickstart.sh: no such folder: \"$data\"" >&2; exit 1; }

start=$(date +%s)
stage() {
  printf '\n[%3d s] %s\n' $(($(date +%s) - start)) "$*"
}

sh cmake/install_dependencies.sh build
start=$(date +%s) # the download of packages aside
jobs=$(nproc 2>/dev/null || echo 2)
stage "building the program"
# The kernels of the CUDA backend are compiled only where there is a GPU to use them.
cuda=OFF
if nvidia-smi -L >/dev/null 2>&1; then cuda=AUTO; fi
cmake --no-warn-unused-cli --preset release -D SACCADE_BUILD_TESTS=OFF -D SACCADE_BUILD_BENCHMARKS=OFF \
  -D SACCADE_CUDA=$cuda >/dev/null
cmake --build --preset release --parallel "$jobs" --target saccade_program
saccade=build/release/bin/saccade

if [ -z "$data" ]; then
  data=$out/tissue
  stage "making synthetic tissue: the class can be told from one region of nuclei, a tenth of each image"
  $saccade tissue --out "$data" --seed 1 --width 350 --height 230 --region-area 0.10 \
    --patients 100 --images 6 ${magnification:+--magnification "$magnification"}
fi

stage "training"
$saccade train --data "$data" ${magnification:+--magnification "$magnification"} --preset compact --seed 1 \
  --threads "$jobs" --out "$out"

stage "evaluating what training never saw: learned glimpses beside the controls"
$saccade evaluate --data "$data" --checkpoint "$out/best.safetensors" --threads "$jobs" --out "$out" >"$out/table.txt"

stage "drawing where it looked"
if [ -n "$magnification" ]; then
  find "$data" -path "*/${magnification}X/*" \( -name '*.png' -o -name '*.jpg' \) | sort
else
  printf '%s\n' "$data"
fi | $saccade explain --checkpoint "$out/best.safetensors" --out "$out/figures" --pick 4 --threads "$jobs" -

stage "done"
cat "$out/table.txt"
echo
echo "results:   $out"
echo "figures:   $out/figures (*_glimpses.png: where it looked)"
echo "report:    $out/report.html (open it in a browser)"
