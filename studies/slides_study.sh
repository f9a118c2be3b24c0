#!/bin/sh
# slides_study.sh PROGRAMS OUT [SIDE...]: does looking pay on images of any size? A model learns on photographs of a
# quarter of a megapixel and of one, in which chance often meets the region that tells the class. From there it learns,
# for each side, 1024 pixels to 32768 by default, on drawn slides with a region of constant share (the same on a
# thumbnail) and of constant size (the same at full resolution): learned glimpses, random ones and the shrunk slide, by
# image_study, two folds, so that each slide is evaluated once by a model that has not seen it. At the end
# slide_benchmark tells what an answer costs by size. PROGRAMS: the folder of the programs, build/release/bin. Goes on
# where it was stopped. May be set: SLIDES (of each class, 16), EPOCHS (3), SHRUNK_EPOCHS (40), KINDS (share size), QUICK (--quick: shows
# that it runs, no more).
set -eu
programs=${1:?the folder of the programs}
out=${2:?the folder to write to}
shift 2
[ $# -gt 0 ] || set -- 1024 4096 16384 32768
slides=${SLIDES:-16}
quick=${QUICK:-}
patients=150 first=30 random=20 second=20
if [ -n "$quick" ]; then patients=6 first=2 random=1 second=2; fi
mkdir -p "$out"

# The policy that finds small regions: see foci.sh.
how="--preset compact --set glimpses=5 --set policy.kind=cell --set policy.entropy=0.01 --set policy.movement_penalty=0
  --set learner.baseline=leave_one_out --set training.rollouts=4"

# FOLDER SIDE AREA EPOCHS, those of them on random glimpses, and what differs.
photographs() {
  at=$out/$1
  [ -f "$at/run/report.html" ] && return
  rm -rf "$at"
  mkdir "$at"
  "$programs/saccade" tissue --out "$at/data" --width "$2" --height "$2" --region-area "$3" --patients "$patients" --images 1
  epochs=$4 stage=$5
  shift 5
  # shellcheck disable=SC2086 # words
  "$programs/saccade" train --data "$at/data" --split random:1 --out "$at/run" $how --epochs "$epochs" \
    --set training.random_epochs="$stage" "$@"
}

photographs photographs-512 512 0.0625 "$first" "$random"
photographs photographs-1024 1024 0.0156 "$second" 2 --start-from "$out/photographs-512/run/best.safetensors"

for side; do
  for region in share:$((side / 8)) size:128; do
    kind=${region%%:*}
    case " ${KINDS:-share size} " in *" $kind "*) ;; *) continue ;; esac
    [ "$kind-$side" = size-1024 ] && continue  # that of constant share
    at=$out/$kind-$side
    if [ ! -f "$at/data/manifest.csv" ]; then
      rm -rf "$at/data"
      "$programs/saccade" tissue --slide --out "$at/data" --width "$side" --height "$side" --region "${region##*:}" \
        --images "$slides"
    fi
    # shellcheck disable=SC2086 # words
    "$programs/image_study" --data "$at/data" --out "$at/study" --conditions learned,random,shrunk --folds 2 --seeds 1 \
      $how --set training.random_epochs=0 --epochs "${EPOCHS:-3}" --shrunk-epochs "${SHRUNK_EPOCHS:-40}" \
      --start-from "$out/photographs-1024/run/best.safetensors" $quick
  done
done

set -- "$out"/*-*/data/slides/0001.tif
if [ -x "$programs/slide_benchmark" ] && [ -f "$1" ]; then
  "$programs/slide_benchmark" --whole "$@" > "$out/cost.md"
  cat "$out/cost.md"
fi
