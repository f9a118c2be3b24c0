#!/bin/sh
# foci.sh PROGRAMS OUT: tissue in which random glimpses hardly ever meet the region that tells the class. Models with a
# policy over cells learn at 2 % of the image (OUT/2), after a long stage on random glimpses, and from there at 1 %
# (OUT/1); then models of the same kind that have to compare two regions (OUT/compare), from models of one region of 4 %
# (OUT/4): first all but the policy learns on its glimpses, so that answers tell which were good before it moves. Goes on
# where it was stopped; a seed takes some ten minutes of two cores. PROGRAMS: the folder of the programs,
# build/release/bin. May be set: SEEDS (1,...,10), PATIENTS (150 of each class), SPLIT (test, or validation to tune by),
# STEPS (2 1 4 compare), QUICK (--quick: shows that it runs, no more).
set -eu
programs=${1:?the folder of the programs}
out=${2:?the folder to write to}
quick=${QUICK:-}
seeds=${SEEDS:-1,2,3,4,5,6,7,8,9,10}

# FOLDER EPOCHS, those of them on random glimpses, the weight of the entropy, and what differs.
study() {
  folder=$out/$1 epochs=$2 random=$3 entropy=$4
  shift 4
  if [ -n "$quick" ]; then epochs=2 random=1; fi
  # shellcheck disable=SC2086 # words
  "$programs/tissue_study" --out "$folder" --presets large --encoders attention --conditions learned --policies cell \
    --seeds "$seeds" --epochs "$epochs" --set training.random_epochs="$random" --set training.rollouts=4 \
    --set learner.baseline=leave_one_out --set policy.entropy="$entropy" --set policy.movement_penalty=0 \
    --evaluation-split "${SPLIT:-test}" ${quick:-"--patients" "${PATIENTS:-150}"} "$@"
}

# The best epoch of the model of the same seed in a folder of one region.
best() { echo "$out/$1/runs/region$1-large-attention-learned-cell-policy_gradient-seed{seed}/best.safetensors"; }

for step in ${STEPS:-2 1 4 compare}; do
  case $step in
    2) study 2 34 25 0.01 --region 2 ;;
    1) study 1 30 2 0.01 --region 1 --start-from "$(best 2)" ;;
    4) study 4 24 14 0.01 --region 4 ;;
    compare)
      study compare 160 0 0.003 --region 4 --task compare --start-from "$(best 4)" --set glimpses=3 \
        --set supervised_steps=last --set training.classifier_epochs=6 --set training.decay=0.99 \
        --set "training.adam.groups[policy.*].rate=4" --set "training.adam.groups[policy.*].epsilon=1e-6"
      ;;
    *) echo "foci.sh: STEPS may be 2, 1, 4 and compare, but there is \"$step\"" >&2; exit 2 ;;
  esac
done
