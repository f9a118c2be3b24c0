#!/bin/sh
# clutter.sh PROGRAMS OUT: cluttered translated MNIST beside published errors. At 60 x 60, and at 100 x 100 with twice
# the clutter and a fourth scale, eight glimpses of 12 x 12 that a model learned, and models made for random ones;
# without a thumbnail (OUT/60, OUT/100) and with one, for the learned alone (OUT/60-thumbnail, OUT/100-thumbnail). Each
# folder gets a table and a picture. Goes on where it was stopped; a model takes a quarter of an hour of one core.
# PROGRAMS: the folder of the programs, build/release/bin. May be set: DATA (the four files of MNIST), STEPS (60
# 60-thumbnail 100 100-thumbnail), SEEDS (1,2,3), SPLIT (test, or validation to tune by), THREADS and JOBS, QUICK
# (--quick: shows that it runs, no more).
set -eu
programs=${1:?the folder of the programs}
out=${2:?the folder to write to}
quick=${QUICK:-}

# FOLDER, and what differs.
study() {
  folder=$out/$1
  shift
  # shellcheck disable=SC2086 # words
  "$programs/clutter_study" --data "${DATA:-../shared/mnist}" --out "$folder" --glimpses 8 --seeds "${SEEDS:-1,2,3}" \
    --evaluation-split "${SPLIT:-test}" --encoder-width 64 --encoder-map 2 --set hidden=128 --set fusion_width=128 \
    --batch 64 --learning-rate 0.0015 --epochs 48 --set training.decay=0.93 --set training.sigma_epochs=32 \
    --set training.rollouts=1 --set learner.baseline=learned ${THREADS:+--threads $THREADS} ${JOBS:+--jobs $JOBS} \
    $quick "$@"
}

for step in ${STEPS:-60 60-thumbnail 100 100-thumbnail}; do
  case $step in
    60) study 60 --conditions learned,random --set glance.side=0 ;;
    60-thumbnail) study 60-thumbnail --conditions learned ;;
    100) study 100 --conditions learned,random --set glance.side=0 --side 100 --patches 8 --set sensor.scales=4 ;;
    100-thumbnail) study 100-thumbnail --conditions learned --side 100 --patches 8 --set sensor.scales=4 ;;
    *)
      echo "clutter.sh: STEPS may be 60, 60-thumbnail, 100 and 100-thumbnail, but there is \"$step\"" >&2
      exit 2
      ;;
  esac
done
