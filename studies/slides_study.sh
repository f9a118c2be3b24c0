#!/bin/sh
# slides_study.sh PROGRAMS OUT [SIDE...]: does looking pay on images of any size? For each side, 1024 pixels to 32768 by
# default, draws slides with a region of constant share (the same on a thumbnail) and of constant size (the same at full
# resolution), and runs image_study on them: learned glimpses, random ones, and the shrunk slide. Then classifies one
# slide by itself. PROGRAMS: the folder of the programs, build/release/bin. Goes on where it was stopped.
# SLIDES (slides of each class), EPOCHS and QUICK (--quick: shows that it runs, no more) may be set.
set -eu
programs=${1:?the folder of the programs}
out=${2:?the folder to write to}
shift 2
[ $# -gt 0 ] || set -- 1024 4096 16384 32768
slides=${SLIDES:-40}

for side in "$@"; do
  for region in share:$((side / 8)) size:128; do
    kind=${region%%:*}
    at=$out/$kind-$side
    if [ ! -f "$at/data/manifest.csv" ]; then
      rm -rf "$at/data"
      "$programs/saccade" tissue --slide --out "$at/data" --width "$side" --height "$side" --region "${region##*:}" \
        --images "$slides"
    fi
    # shellcheck disable=SC2086 # words
    "$programs/image_study" --data "$at/data" --out "$at/study" --conditions learned,random,shrunk --folds 2 \
      --preset compact --seeds 1 ${EPOCHS:+--epochs $EPOCHS} ${QUICK:-}
  done
done
