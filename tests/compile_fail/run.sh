#!/bin/sh
# run.sh COMPILER FLAG... SOURCE: succeeds if the compiler rejects SOURCE with a message that holds the text of each of
# its leading lines `// expect: TEXT`. With `// expect: ok` the source is a control, which must compile. A line
# `// flags: FLAG...` adds flags.
set -eu

for source; do :; done
expectations=$(sed -n -e '/^\/\/ expect: /!q' -e 's/^\/\/ expect: //p' "$source")
if [ -z "$expectations" ]; then
  echo "$source: the first line must be \"// expect: TEXT\" or \"// expect: ok\""
  exit 1
fi

compiled=yes
flags=$(sed -n 's/^\/\/ flags: //p' "$source")
output=$("$@" $flags 2>&1) || compiled=no

if [ "$expectations" = ok ]; then
  [ $compiled = yes ] && exit 0
  printf '%s\n%s\n' "$source: must compile, but does not:" "$output"
  exit 1
fi

if [ $compiled = yes ]; then
  echo "$source: compiles, but must fail with: $expectations"
  exit 1
fi
printf '%s\n' "$expectations" | while IFS= read -r text; do
  case $output in
    *"$text"*) ;;
    *)
      printf '%s\n%s\n' "$source: fails, but without a word of: $text" "$output"
      exit 1
      ;;
  esac
done
