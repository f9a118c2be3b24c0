#!/bin/sh
# results_page_test.sh PROJECT: the page of results has what the studies' folders hold, and no more.
set -eu

. "$(dirname "$0")/expect.sh"
# expect_page CODE TEXT ARGUMENT...: the script ends with the code and says the text.
expect_page() {
  code=$1 text=$2
  shift 2
  expect "$code" "$text" python3 "$project/studies/results_page.py" --out "$scratch/page/results.md" "$@"
}
# page TEXT: the page holds it.
page() { grep -qF -- "$1" "$scratch/page/results.md" || fail "the page does not hold: $1"; }
# study NAME RUNS PLANNED JUDGED_ON: a study's folder.
study() {
  mkdir -p "$scratch/$1"
  printf '{"format": "saccade %s_study 1", "library": "Saccade 9.8.7", "evaluation_split": "%s", "runs": %s, "planned": %s}\n' \
    "$1" "$4" "$2" "$3" >"$scratch/$1/results.json"
  printf '| the table of %s |\n' "$1" >"$scratch/$1/table.md"
  printf 'the figure of %s' "$1" >"$scratch/$1/figure.png"
}

mkdir "$scratch/page"
expect_page 0 results.md
[ "$(grep -c 'Not measured yet' "$scratch/page/results.md")" = 5 ] || fail "five studies were not measured"
[ -z "$(find "$scratch/page/images" -type f)" ] || fail "a picture of nothing"

study tissue 96 96 test
study clutter 3 9 validation
printf 'By this command, on that machine.\n' >"$scratch/tissue/about.md"
expect_page 0 results.md --tissue "$scratch/tissue" --clutter "$scratch/clutter"
page "| the table of tissue |"
page "96 of 96 models, by Saccade 9.8.7, judged on the test part."
page "3 of 9 models, by Saccade 9.8.7, judged on the validation part"
page "The study is not complete."
page "By this command, on that machine."
page "Not measured yet: \`build/release/bin/breakhis_study"
for row in learned random chance chance; do printf '| %s | 4 |\n' "$row"; done | sed '1i| glimpses | region |' >>"$scratch/tissue/table.md"
printf '\n### All figures\n\n| AUC |\n' >>"$scratch/tissue/table.md"
expect_page 0 results.md --tissue "$scratch/tissue" --clutter "$scratch/clutter"
page "| learned | 4 |"
page "[The record](records/tissue) has every figure of every model."
! grep -q 'AUC' "$scratch/page/results.md" || fail "the page has all figures"
[ "$(grep -c '^| chance' "$scratch/page/results.md")" = 1 ] || fail "chance is told once for a region"
! grep -q '^| random' "$scratch/page/results.md" || fail "what a control finds is told for every model"
cmp "$scratch/tissue/figure.png" "$scratch/page/images/results_tissue.png" || fail "another picture"

# Two sections come from one program.
printf '{"format": "saccade image_study 1", "library": "Saccade 9.8.7", "evaluation_split": "test", "runs": 4, "planned": 4}\n' \
  >"$scratch/tissue/results.json"
expect_page 0 results.md --blood "$scratch/tissue"
page "4 of 4 models"
page "[The record](records/blood)"
expect_page 1 'results.json": is not of a tissue_study' --tissue "$scratch/tissue"
study tissue 96 96 test
printf '| the table |\n' >"$scratch/tissue/table.md"

# A folder that cannot be used leaves the page as it is.
cp "$scratch/page/results.md" "$scratch/before"
expect_page 1 'results.json": is not of a breakhis_study' --breakhis "$scratch/tissue"
expect_page 1 'results.json": cannot be read' --breakhis "$scratch/nowhere"
printf '{' >"$scratch/clutter/results.json"
expect_page 1 'results.json": is not JSON' --clutter "$scratch/clutter"
rm "$scratch/tissue/table.md"
expect_page 1 'has no table.md' --tissue "$scratch/tissue"
cmp "$scratch/before" "$scratch/page/results.md" || fail "the page was changed"
