#!/bin/sh
# Lets each call of a kind fail once in a short training, evaluation, classification and report, and prints a table of
# what came of it.
#
# usage: sh faults.sh PROGRAM LIBRARY [--every | --most N] [--calls LIST] [SUBCOMMAND...]
#   PROGRAM     saccade
#   LIBRARY     failing_calls.cpp, compiled
#   --every     every call; those of malloc are a quarter of a million
#   --most N    about N calls of each kind, evenly spread; 4 where nothing is said
#   --calls LIST  of these kinds only: "write open"
#   SUBCOMMAND  train, evaluate, classify, report; all where none is named
#
#   calls     of the kind, in a run without faults
#   injected  runs, each with one of them failing
#   sentence  ended with an exit code that is not 0 and a sentence on stderr that names the thing
#   complete  ended with 0 and the very results of a run without faults
#   unclear   ended with an exit code that is not 0, and no such sentence
#   silent    ended with 0, and other results
#   crashed   ended by a signal
#   hung      did not end within a minute
#   lost      left a file that is neither the old one nor the new one, whole
#   stuck     could not be run again to the same end
# Ends with 1 where any of the last six is not 0, and says what was.
set -eu

program=$1
library=$2
shift 2
most=4
kinds="write fsync rename open close mmap pthread_create malloc"
subcommands=
while [ $# -gt 0 ]; do
  case $1 in
    --every) most=1000000000 ;;
    --most) most=$2; shift ;;
    --calls) kinds=$2; shift ;;
    *) subcommands="$subcommands $1" ;;
  esac
  shift
done
[ -n "$subcommands" ] || subcommands=" train evaluate classify report"

here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
make_runs

# Whether the last line on stderr says what went wrong: a file by its name, memory or threads.
names_the_thing() {
  tail -n 1 "$scratch/err" >"$scratch/last"
  # The first memory that is asked for is asked for before the subcommand is known.
  grep -qE "^saccade( $subcommand)?: .+" "$scratch/last" || return 1
  case $call in
    malloc | mmap) grep -q 'memory' "$scratch/last" ;;
    pthread_create) grep -qi 'thread' "$scratch/last" ;;
    *) grep -q '".*"' "$scratch/last" ;;
  esac
}

# Files of $work that are neither the old ones nor the new ones. What is only made anew, as a chart of epochs, may be
# that of any epoch between, so a training is judged by what it is resumed from.
lost_files() {
  for file in $results; do
    case $subcommand,$file in
      train,checkpoint.safetensors | train,best.safetensors | train,metrics.jsonl | train,report.html | train,figures/*) continue ;;
    esac
    same "$work/$file" "$before/$file" || same "$work/$file" "$after/$file" || echo "$file"
  done
}

note() {
  echo "$subcommand, $call $at: $1" >>"$scratch/notes"
  tail -n 2 "$scratch/err" >>"$scratch/notes"
}

printf '%-9s %-15s %7s %8s %8s %8s %7s %6s %7s %4s %4s %5s\n' program call calls injected sentence complete unclear \
  silent crashed hung lost stuck
: >"$scratch/notes"
bad=0
for subcommand in $subcommands; do
  case $subcommand in
    train) before=$scratch/run after=$scratch/trained ;;
    evaluate) before=$scratch/run after=$scratch/evaluated ;;
    classify) before=$scratch/run after=$scratch/run ;;
    report) before=$scratch/to_report after=$scratch/reported ;;
  esac
  work=$scratch/work
  for call in $kinds; do
    rm -rf "$work"
    cp -r "$before" "$work"
    act env LD_PRELOAD="$library" FAULT_CALL=$call FAULT_AT=0 FAULT_COUNT="$scratch/count" >/dev/null 2>&1
    calls=$(cat "$scratch/count")
    stride=$(((calls + most - 1) / most))
    [ "$stride" -gt 0 ] || stride=1
    injected=0 sentence=0 complete=0 unclear=0 silent=0 crashed=0 hung=0 lost=0 stuck=0
    at=1
    while [ "$at" -le "$calls" ]; do
      rm -rf "$work"
      cp -r "$before" "$work"
      code=0
      act timeout 60 env LD_PRELOAD="$library" FAULT_CALL=$call FAULT_AT=$at >"$scratch/out" 2>"$scratch/err" || code=$?
      injected=$((injected + 1))
      files=$(lost_files)
      if [ -n "$files" ]; then
        lost=$((lost + 1))
        note "lost $files"
      fi
      if [ "$code" -eq 124 ]; then
        hung=$((hung + 1))
        note hung
      elif [ "$code" -gt 128 ]; then
        crashed=$((crashed + 1))
        note "ended by signal $((code - 128))"
      elif [ "$code" -ne 0 ]; then
        if names_the_thing; then sentence=$((sentence + 1)); else unclear=$((unclear + 1)) && note unclear; fi
      else
        whole=yes
        case $subcommand in
          classify) cmp -s "$scratch/out" "$scratch/answers" || whole="other answers" ;;
          *) file=$(same_results "$work" "$after") || whole="another $file" ;;
        esac
        if [ "$whole" = yes ]; then complete=$((complete + 1)); else silent=$((silent + 1)) && note "silent: $whole"; fi
      fi
      if [ "$subcommand" != classify ] && [ "$code" -ne 0 ]; then
        again=yes
        act >"$scratch/out" 2>"$scratch/err" || again="it fails"
        [ "$again" != yes ] || file=$(same_results "$work" "$after") || again="another $file"
        [ "$again" = yes ] || { stuck=$((stuck + 1)) && note "stuck: $again"; }
      fi
      at=$((at + stride))
    done
    printf '%-9s %-15s %7d %8d %8d %8d %7d %6d %7d %4d %4d %5d\n' $subcommand $call "$calls" $injected $sentence \
      $complete $unclear $silent $crashed $hung $lost $stuck
    bad=$((bad + unclear + silent + crashed + hung + lost + stuck))
  done
done
if [ "$bad" -gt 0 ]; then
  echo
  cat "$scratch/notes"
  exit 1
fi
