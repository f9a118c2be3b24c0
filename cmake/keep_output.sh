#!/bin/sh
# keep_output.sh FILE COMMAND...: runs a compiler and keeps what it says on stderr in FILE, beside saying it where it fails.
set -u

file=$1
shift
"$@" 2>"$file.partial"
code=$?
if [ "$code" -ne 0 ]; then
  cat "$file.partial" >&2
  exit "$code"
fi
# ptxas' figures are for the file; what else there is are warnings.
grep -vE "^ptxas info|^ *[0-9]+ bytes (stack frame|gmem)|bytes stack frame" "$file.partial" >&2
mv "$file.partial" "$file"
