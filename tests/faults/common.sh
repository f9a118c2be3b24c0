# shellcheck shell=sh
# Read by faults.sh and kills.sh: small data, a finished run and its continuation, and what is compared of them.
#
# Reads $program, the path of saccade, and makes $scratch, which is removed at the end.

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# saccade, quietly.
quiet() {
  "$program" "$@" >"$scratch/quiet.log" 2>&1 || {
    echo "a run without faults failed: saccade $*" >&2
    cat "$scratch/quiet.log" >&2
    exit 1
  }
}

train_options="--data $scratch/data --preset compact --batch 4 --threads 2 --checkpoint-every 1"
for field in sensor.side=16 sensor.scales=2 glance.side=16 glance.reduction=8 encoder.width=4 fusion_width=8 hidden=8 \
  glimpses=2 training.random_epochs=1; do
  train_options="$train_options --set $field"
done
evaluate_options="--data $scratch/data --gallery 1 --threads 2 --checkpoint $scratch/run/best.safetensors"

# $scratch/run is a run of one epoch, evaluated with seed 1; $scratch/trained the same run after three epochs,
# $scratch/evaluated the same evaluated with seed 2, $scratch/reported the same with a new report; $scratch/answers are
# those of its classifier.
make_runs() {
  # shellcheck disable=SC2086 # the options are words
  {
    quiet tissue --out "$scratch/data" --patients 3 --images 2 --width 96 --height 80
    quiet train $train_options --out "$scratch/run" --epochs 1
    quiet evaluate $evaluate_options --out "$scratch/run"
    cp -r "$scratch/run" "$scratch/trained"
    quiet train $train_options --out "$scratch/trained" --epochs 3 --resume
    cp -r "$scratch/run" "$scratch/evaluated"
    quiet evaluate $evaluate_options --out "$scratch/evaluated" --seed 2
    cp -r "$scratch/run" "$scratch/reported"
  }
  # So that a report of it is not what is there already.
  sed -i 's/"seed": 1/"seed": 12345/' "$scratch/reported/config.json"
  cp -r "$scratch/reported" "$scratch/to_report"
  quiet report "$scratch/reported"
  image=$(find "$scratch/data" -name '*.png' | sort | head -n 1)
  second=$(find "$scratch/data" -name '*.png' | sort | tail -n 1)
  "$program" classify --threads 2 --checkpoint "$scratch/run/best.safetensors" "$image" "$second" >"$scratch/answers"
}

# What $subcommand does, in the folder $work, by the command "$@" before it.
# shellcheck disable=SC2086,SC2154 # the options are words; who reads this file sets subcommand and work
act() {
  case $subcommand in
    train) "$@" "$program" train $train_options --out "$work" --epochs 3 --resume ;;
    evaluate) "$@" "$program" evaluate $evaluate_options --out "$work" --seed 2 ;;
    classify) "$@" "$program" classify --threads 2 --checkpoint "$work/best.safetensors" "$image" "$second" ;;
    report) "$@" "$program" report "$work" ;;
  esac
}

# Content without what differs from run to run: seconds and rates, and a report's names of its folder.
steady() {
  case $1 in
    */evaluation.json) sed '/_per_second/d' "$1" ;;
    */report.html) sed -e '/>Run .*</d' -e "s#$scratch/[a-z_]*##g" "$1" ;;
    *) cat "$1" ;;
  esac
}

# same A B: whether two files hold the same, or are both missing.
same() {
  if [ ! -e "$1" ] || [ ! -e "$2" ]; then
    [ ! -e "$1" ] && [ ! -e "$2" ]
    return
  fi
  case $1 in
    *.html | */evaluation.json)
      steady "$1" >"$scratch/one"
      steady "$2" >"$scratch/two"
      cmp -s "$scratch/one" "$scratch/two"
      ;;
    *) cmp -s "$1" "$2" ;;
  esac
}

results="checkpoint.safetensors best.safetensors config.json metrics.jsonl evaluation.json predictions.jsonl
gallery/gallery.json gallery/01_path.jpg gallery/01_glimpses.jpg gallery/02_path.jpg figures/loss.png figures/accuracy.png
figures/early_stopping.png report.html"

# same_results A B: whether all files of two folders are the same; names the first that is not.
same_results() {
  for file in $results; do
    same "$1/$file" "$2/$file" || {
      echo "$file"
      return 1
    }
  done
}
