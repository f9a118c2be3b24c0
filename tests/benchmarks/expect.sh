# Read by the tests of scripts: $project, a folder $scratch that is removed at the end, and what a command must say.

project=${1:?the root of the project}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

fail() {
  echo "FAILED: $*" >&2
  [ ! -e "$log" ] || cat "$log" >&2
  exit 1
}
# expect CODE TEXT COMMAND...: the command ends with the code and says the text.
expect() {
  wanted=$1 text=$2
  shift 2
  code=0
  "$@" >"$log" 2>&1 || code=$?
  [ "$code" = "$wanted" ] || fail "$*: exit code $code, but must be $wanted"
  grep -qF -- "$text" "$log" || fail "$*: does not say: $text"
}
