#!/bin/sh
# report_test.sh REPORT ARCHITECTURES: no kernel of ours may spill registers or need a stack frame, says ptxas in REPORT,
# for each of the architectures, "80;90".
# report_test.sh --self: plants reports, to see that this test can fail.
set -eu

judge() {
  report=$1
  [ -s "$report" ] || { echo "$report: there is no report of the compiler"; return 1; }
  faults=$(awk '
    /Compiling entry function/ { kernel = $0; sub(/.*function ./, "", kernel); sub(/. for .*/, "", kernel)
                                 device = $0; sub(/.* for ./, "", device); gsub(/[^a-z0-9_]/, "", device) }
    /bytes stack frame/ && !/ 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads/ {
      print kernel " (" device "):" $0 }' "$report")
  [ -z "$faults" ] || { echo "these kernels have a stack frame or spill registers:"; echo "$faults"; return 1; }
  for architecture in $(echo "$2" | tr ';' ' '); do
    # native, all and the like name no number
    case $architecture in [0-9]*) ;; *) continue ;; esac
    number=${architecture%%-*}
    kernels=$(grep -c "Compiling entry function.*sm_$number" "$report" || true)
    echo "sm_$number: $kernels kernels without stack frames and spills"
    [ "$kernels" -ge "$3" ] || { echo "expected at least $3 kernels for sm_$number"; return 1; }
  done
}

if [ "$1" != --self ]; then
  judge "$1" "$2" 50
  exit
fi

scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
plant() {
  printf "ptxas info    : Compiling entry function 'a_kernel' for 'sm_90'\nptxas info    : Function properties for a_kernel\n" \
    >"$scratch"
  printf '    %d bytes stack frame, %d bytes spill stores, %d bytes spill loads\n' "$1" "$2" "$3" >>"$scratch"
}
accept() { judge "$scratch" "$1" 1 >/dev/null || { echo "a good report was refused"; exit 1; }; }
refuse() { ! judge "$scratch" "$1" 1 >/dev/null || { echo "a bad report was accepted: $(cat "$scratch")"; exit 1; }; }
plant 0 0 0
accept 90
accept 90-real
refuse 80
plant 8 0 0
refuse 90
plant 0 4 0
refuse 90
plant 0 0 4
refuse 90
plant 10 0 0
refuse 90
: >"$scratch"
refuse 90
echo "every planted report was judged right"
