#!/bin/sh
# Kills a short training, evaluation and report at random moments, again and again, and prints a table.
#
# usage: sh kills.sh PROGRAM [--kills N] [--seed S] [SUBCOMMAND...]
#   PROGRAM     saccade
#   --kills N   of each; 10 where nothing is said
#   --seed S    of the moments; else another one each time
#   SUBCOMMAND  train, evaluate, report; all where none is named
#
# A training is resumed until it ends, and must then be that of a run that nobody killed, bit by bit; then it is begun
# again. An evaluation or report leaves whole files, the old ones or the new, and done again gives the new ones; a page
# is never older than the figures.
# Ends with 1 where anything else came of it.
set -eu

program=$1
shift
kills=10
seed=$(date +%s)
subcommands=
while [ $# -gt 0 ]; do
  case $1 in
    --kills) kills=$2; shift ;;
    --seed) seed=$2; shift ;;
    *) subcommands="$subcommands $1" ;;
  esac
  shift
done
[ -n "$subcommands" ] || subcommands=" train evaluate report"

here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
make_runs
# Without --resume a run begins anew.
# shellcheck disable=SC2086 # the options are words
{ quiet train $train_options --out "$scratch/undisturbed" --epochs 3; }

# Numbers from 0 to 1, one for each call.
draws=$scratch/draws
awk -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < 100000; ++i) printf "%.6f\n", rand() }' >"$draws"
exec 3<"$draws"

seconds_of() {
  began=$(date +%s%N)
  "$@" >/dev/null 2>&1
  awk -v ns=$(($(date +%s%N) - began)) 'BEGIN { printf "%.4f", ns / 1e9 }'
}

bad=0
complain() {
  echo "$subcommand, kill $done: $1"
  tail -n 2 "$scratch/err"
  bad=$((bad + 1))
}

printf '%-9s %7s %7s %8s %6s\n' program kills ended damaged other
for subcommand in $subcommands; do
  work=$scratch/work
  rm -rf "$work"
  case $subcommand in
    train) before=/nowhere after=$scratch/undisturbed ;;
    evaluate) before=$scratch/run after=$scratch/evaluated ;;
    report) before=$scratch/to_report after=$scratch/reported ;;
  esac
  [ "$subcommand" = train ] || cp -r "$before" "$work"
  long=$(seconds_of act)
  done=0 ended=0 damaged=0 other=0
  rm -rf "$work"
  while [ "$done" -lt "$kills" ]; do
    if [ "$subcommand" != train ]; then
      rm -rf "$work"
      cp -r "$before" "$work"
    fi
    read -r draw <&3
    moment=$(awk -v u="$draw" -v long="$long" 'BEGIN { printf "%.4f", 0.002 + u * long }')
    code=0
    act exec >"$scratch/out" 2>"$scratch/err" &
    sleep "$moment"
    kill -KILL $! 2>/dev/null || true
    # Until it is gone, and its locks with it: what is killed may take a while to die.
    wait $! 2>/dev/null || code=$?
    if [ "$code" -eq 137 ]; then
      done=$((done + 1))
    elif [ "$code" -ne 0 ]; then
      damaged=$((damaged + 1))
      complain "it ended with $code"
      rm -rf "$work"
      continue
    fi
    if [ "$subcommand" != train ]; then
      for file in $results; do
        same "$work/$file" "$before/$file" || same "$work/$file" "$after/$file" || {
          damaged=$((damaged + 1))
          complain "$file is neither the old one nor the new one"
        }
      done
      # Figures appear with their page.
      if [ "$subcommand" = evaluate ] && same "$work/evaluation.json" "$after/evaluation.json"; then
        same "$work/report.html" "$after/report.html" || {
          damaged=$((damaged + 1))
          complain "report.html is older than evaluation.json"
        }
      fi
      [ "$code" -eq 0 ] || act >"$scratch/out" 2>"$scratch/err" || {
        damaged=$((damaged + 1))
        complain "it cannot be done again"
        continue
      }
    elif [ "$code" -ne 0 ]; then
      continue
    fi
    ended=$((ended + 1))
    file=$(same_results "$work" "$after") || {
      other=$((other + 1))
      complain "it ended with another $file"
    }
    [ "$subcommand" != train ] || rm -rf "$work"
  done
  # What the last kill left is brought to its end as well.
  if [ "$subcommand" = train ]; then
    act >"$scratch/out" 2>"$scratch/err" || complain "it cannot be resumed"
    ended=$((ended + 1))
    file=$(same_results "$work" "$after") || {
      other=$((other + 1))
      complain "it ended with another $file"
    }
  fi
  printf '%-9s %7d %7d %8d %6d\n' $subcommand $done $ended $damaged $other
done
[ "$bad" -eq 0 ]
