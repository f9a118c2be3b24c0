#!/bin/sh
# ladder.sh PROGRAMS OUT [clutter] [tissue]: what the preset paper lacks to learn where to look. On cluttered MNIST at
# 60 x 60 and on tissue with a region of 4 %, by default both: the preset as it is written and with one thing changed at
# a time (OUT/clutter-from-paper, OUT/tissue-from-paper), then what works and that with one thing taken back at a time
# (OUT/clutter-from-large, OUT/tissue-from-compact). Each folder gets a table and a picture with every rung's error, or
# balanced accuracy. PROGRAMS: the folder of the programs, build/release/bin. Goes on where it was stopped. A rung takes
# minutes on two cores. May be set: SEEDS (1,2,3), EPOCHS (15), THREADS and JOBS; of clutter DATA (the four files of
# MNIST), OBJECTS (25000, of which the last 5000 are held out), GLIMPSES (6), ENCODER_WIDTH (16); of tissue PATIENTS
# (150 of each class), IMAGES (6 of each patient); QUICK (--quick: shows that it runs, no more).
set -eu
programs=${1:?the folder of the programs}
out=${2:?the folder to write to}
shift 2
[ $# -gt 0 ] || set -- clutter tissue
seeds=${SEEDS:-1,2,3}
data=${DATA:-../shared/mnist}
quick=${QUICK:-}
epochs=${EPOCHS:-${quick:+2}}
epochs=${epochs:-15}
work="--seeds $seeds ${THREADS:+--threads $THREADS} ${JOBS:+--jobs $JOBS} $quick"
falling=$((epochs * 2 / 3))  # epochs over which sigma falls
staged=$((epochs / 5 + 1))   # epochs on random glimpses
if [ -z "$quick" ]; then
  glance="glance.side=88; glance.reduction=4"
  tissue="--width 350 --height 230 --patients ${PATIENTS:-150} --images ${IMAGES:-6}"
  model="--set sensor.side=32 --set encoder.width=16 --set fusion_width=64 --set hidden=64 --set glimpses=5"
else
  glance="glance.side=16; glance.reduction=8"
  tissue="--width 80 --height 64 --patients 4 --images 2"
  model=""
fi

# What both have in common: rungs from the preset paper, for the study that is named with its options.
from_paper() {
  "$@" \
    --variant "gradient clipped: training.adam.clip_norm=5" \
    --variant "learned baseline: learner.baseline=learned" \
    --variant "leave-one-out baseline, two rollouts: learner.baseline=leave_one_out; training.rollouts=2" \
    --variant "no class term: learner.class_term=false" \
    --variant "reward by probability, no class term: learner.reward=expected; learner.class_term=false" \
    --variant "every answer supervised: supervised_steps=every" \
    --variant "credit to the glimpse before: learner.rewarded_steps=every; learner.discount=0" \
    --variant "staging: training.random_epochs=$staged" \
    --variant "state gradient detached: policy.state=detached" \
    --variant "group normalisation: encoder.normalization.kind=group" \
    --variant "statistics of each step: running_statistics=per_step" \
    --variant "first glimpse in the middle: first_location=centre"
}

# Rungs that take back what works.
taken_back() {
  "$@" \
    --variant "gradient not clipped: training.adam.clip_norm=0" \
    --variant "no baseline: learner.baseline=none" \
    --variant "reward by a drawn class: learner.reward=sampled" \
    --variant "reward by a drawn class, class term: learner.reward=sampled; learner.class_term=true" \
    --variant "last answer supervised: supervised_steps=last" \
    --variant "credit by the last answer: learner.rewarded_steps=last; learner.discount=1" \
    --variant "state gradient attached: policy.state=attached" \
    --variant "no glance: glance.side=0" \
    --variant "glance without positions: glance.readout=convolution"
}

# shellcheck disable=SC2086 # words
for part in "$@"; do
  case $part in
  clutter)
    clutter="--data $data --glimpses ${GLIMPSES:-6} --encoder-width ${ENCODER_WIDTH:-16} --encoder-map 3
             --set hidden=128 --set fusion_width=128 --epochs $epochs --objects ${OBJECTS:-25000}
             --conditions learned $work"
    [ -z "$quick" ] || clutter="--glimpses 2 --conditions learned $work"
    from_paper "$programs/clutter_study" $clutter --preset paper --out "$out/clutter-from-paper" \
      --variant "learning rate: training.learning_rate=0.002; training.decay=0.9" \
      --variant "batch of 128: training.batch=128" \
      --variant "sigma 0.25: policy.sigma=0.25" \
      --variant "sigma from 0.25 to 0.05: policy.sigma=0.25; training.sigma_epochs=$falling" \
      --variant "glance: glance.side=15; glance.reduction=4" \
      --variant "glance of positions: glance.side=15; glance.reduction=4; glance.readout=positions"
    taken_back "$programs/clutter_study" $clutter --preset large --set training.sigma_epochs=$falling \
      --set training.rollouts=1 --set learner.baseline=learned \
      --out "$out/clutter-from-large" \
      --variant "leave-one-out baseline, two rollouts: learner.baseline=leave_one_out; training.rollouts=2" \
      --variant "learning rate: training.learning_rate=0.01; training.decay=0.98" \
      --variant "batch of 16: training.batch=16" \
      --variant "sigma stays at 0.25: training.sigma_epochs=0" \
      --variant "sigma stays at 0.15: policy.sigma=0.15; training.sigma_epochs=0"
    ;;
  tissue)
    if [ ! -f "$out/tissue/regions.csv" ]; then
      rm -rf "$out/tissue"
      "$programs/saccade" tissue --out "$out/tissue" --region-area 0.04 $tissue
    fi
    images="--data $out/tissue --conditions learned --folds 4 --only 1 --epochs $epochs $model $work"
    from_paper "$programs/image_study" $images --preset paper --out "$out/tissue-from-paper" \
      --variant "learning rate: training.learning_rate=0.001; training.decay=0.99" \
      --variant "slower policy: training.adam.groups=[{\"pattern\":\"policy.*\",\"rate\":0.6,\"epsilon\":0.001}]" \
      --variant "sigma 0.3: policy.sigma=0.3" \
      --variant "price of moving: policy.movement_penalty=0.4" \
      --variant "one scale: sensor.scales=1" \
      --variant "glance: $glance" \
      --variant "glance of positions: $glance; glance.readout=positions"
    taken_back "$programs/image_study" $images --preset compact --set training.random_epochs=$staged \
      --set training.learning_rate=0.001 --set training.decay=0.99 \
      --set "training.adam.groups=[{\"pattern\":\"policy.*\",\"rate\":0.6,\"epsilon\":0.001}]" \
      --out "$out/tissue-from-compact" \
      --variant "learning rate: training.learning_rate=0.01; training.decay=0.98" \
      --variant "policy as fast as the rest: training.adam.groups=[]" \
      --variant "sigma 0.15: policy.sigma=0.15" \
      --variant "moving is free: policy.movement_penalty=0" \
      --variant "three scales: sensor.scales=3" \
      --variant "no staging: training.random_epochs=0"
    ;;
  *)
    echo "ladder.sh: \"$part\" is neither clutter nor tissue" >&2
    exit 2
    ;;
  esac
done
