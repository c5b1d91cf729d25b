#!/bin/bash
# SPDX-License-Identifier: MIT
# The pages for man, --help, and the parser know the same commands and options, those of table.c; the pages are
# sound man(7) for mandoc and groff; what they say about codes, words and variables is what the sources say; and
# `cmake --install` puts all in place.
set -u
export LC_ALL=C.UTF-8
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $*"
}

# has WHAT FILE TEXT: a fixed text stands in a file.
has() {
	checks=$((checks + 1))
	grep -qF -- "$3" "$2" || fail "$1: no '$3'"
}

for page in hookdiff hookdiff-case; do
	"$HOOKDIFF" man "$page" >"$tmp/$page.roff" || fail "hookdiff man $page: exit $?"
	# one line, as it reads: without fonts, with the plain signs
	tr '\n' ' ' <"$tmp/$page.roff" |
		sed -E 's/\\f[BIR]//g; s/\\%//g; s/\\-/-/g; s/\\ / /g; s/\\\(ti/~/g; s/\\\(rs/\\/g' >"$tmp/$page.txt"
done

# --- the table's rows, read from its source -------------------------------------------------------------------
table=$source_dir/harness/cli/table.c
mapfile -t options < <(sed -nE 's/^\t\{"([a-z-]+)", ARG_.*/\1/p' "$table" | sort -u)
mapfile -t commands < <(sed -nE 's/^\t\{"([a-z-]+)", [A-Z_]+, ".*/\1/p' "$table" | grep -vx -e selftest)
if [ ${#options[@]} -lt 30 ] || [ ${#commands[@]} -lt 15 ]; then
	fail "rows of table.c: only ${#options[@]} options and ${#commands[@]} commands were recognized"
fi
"$HOOKDIFF" --help >"$tmp/help"
for command in "${commands[@]}"; do
	has "--help" "$tmp/help" "  $command "
	has "the page" "$tmp/hookdiff.roff" ".SS \"${command//-/\\-}\""
	"$HOOKDIFF" "$command" --help >"$tmp/help.$command"
	sed -n "/^\.SS \"${command//-/.*}\"/,/^\.RE/p" "$tmp/hookdiff.roff" |
		sed -E 's/\\f[BIR]//g; s/\\%//g; s/\\-/-/g' >"$tmp/synopsis.$command"
	for option in "${options[@]}"; do
		checks=$((checks + 1))
		# --help behind it ends every command line that is right so far
		if "$HOOKDIFF" "$command" "--$option=1" --help >/dev/null 2>"$tmp/err" || grep -q 'takes no value' "$tmp/err"; then
			known=1
		else
			known=0
		fi
		in_help=$(grep -cE "^  --$option( |\$)" "$tmp/help.$command")
		in_page=$(grep -cE "^\[--$option(\\\\ [^ ]+)?\]\$" "$tmp/synopsis.$command")
		[ "$known$in_help$in_page" = 000 ] || [ "$known$in_help$in_page" = 111 ] ||
			fail "$command --$option: parser $known, --help $in_help, page $in_page"
	done
done
for option in "${options[@]}"; do # explained, not only listed in a synopsis
	checks=$((checks + 1))
	sed -E 's/\\f[BIR]//g; s/\\%//g; s/\\-/-/g' "$tmp/hookdiff.roff" | grep -A1 '^\.TP' |
		grep -qE "^--$option(\\\\ | |\$)" || fail "the page explains no --$option"
done

# --- what else the pages say ----------------------------------------------------------------------------------
mapfile -t codes < <(sed -nE 's/^\tEXIT_[A-Z]+ = ([0-9]+),.*/\1/p' "$source_dir/harness/cli/opts.h")
[ ${#codes[@]} -ge 4 ] || fail "opts.h: only ${#codes[@]} exit codes were recognized"
for code in "${codes[@]}"; do
	checks=$((checks + 1))
	grep -A1 -xF "\\fB$code\\fR" "$tmp/hookdiff.roff" | grep -q '[a-z]' || fail "the page has no exit code $code"
	grep -qE "^(exit codes:| +) +$code " "$tmp/help" || fail "--help has no exit code $code"
done
# README and page tell of the same verdicts
mapfile -t rows < <(grep -E '^\| [A-Z]+ \| .* \| [0-9]+ \|$' "$source_dir/README.md")
[ ${#rows[@]} -ge 6 ] || fail "README.md: the table of verdicts was not recognized"
for row in "${rows[@]}"; do
	has "the page's prose" "$source_dir/harness/cli/manual/hookdiff.md" "$row"
done
mapfile -t variables < <(grep -rhoE 'getenv\("[A-Z_]+"' "$source_dir/harness" --include='*.c' | grep -oE '[A-Z_]{3,}' | sort -u)
[ ${#variables[@]} -ge 2 ] || fail "only ${#variables[@]} variables of the environment were recognized"
for variable in "${variables[@]}"; do
	has "ENVIRONMENT" "$tmp/hookdiff.txt" ".TP $variable "
done
# every word that the reader of cases takes from a table
mapfile -t words < <(sed -n '/^const char \*const case_/,/;$/p' "$source_dir/harness/case/case_print.c" |
	grep -oE '"[^"]+"' | tr -d '"')
[ ${#words[@]} -ge 19 ] || fail "case_print.c: only ${#words[@]} words were recognized"
for word in "${words[@]}"; do
	has "hookdiff-case" "$tmp/hookdiff-case.txt" "$word"
done
for name in $(grep -oE '"(SO|IP|IPV6|TCP|UDP|MCAST|PACKET|TLS)_[A-Z0-9_]+"' "$source_dir/harness/case/options.c" | tr -d '"' | sort -u); do
	has "hookdiff-case" "$tmp/hookdiff-case.txt" "$name"
done
# the first line that says something in each chapter of the format stands in the page too
while read -r chapter; do
	has "hookdiff-case" "$tmp/hookdiff-case.roff" ".SH \"${chapter^^}\""
done < <(sed -n 's/^## //p' "$source_dir/docs/case-format.md")

# the examples are command lines that the parser takes
n=0
while read -r line; do
	line=${line%%  #*}
	words=()
	eval "words=(${line#*hookdiff })" 2>/dev/null || fail "docs/users.md: $line"
	n=$((n + 1)) checks=$((checks + 1))
	"$HOOKDIFF" "${words[@]}" --help >/dev/null 2>"$tmp/err" || fail "docs/users.md: $line: $(cat "$tmp/err")"
done < <(grep -E '^    (git bisect run )?hookdiff ' "$source_dir/docs/users.md")
[ "$n" -ge 10 ] || fail "docs/users.md: only $n command lines were recognized"

# --- report --out ---------------------------------------------------------------------------------------------
sample=$source_dir/tests/reports/old.jsonl
[ -e "$sample" ] || fail "no $sample"
for format in $("$HOOKDIFF" completion bash | sed -nE "s/^\tformat\) echo '(.*)' ;;/\1/p"); do
	checks=$((checks + 1))
	"$HOOKDIFF" report --format "$format" "$sample" >"$tmp/stdout"
	"$HOOKDIFF" report --format "$format" --out "$tmp/file" "$sample" >"$tmp/nothing" || fail "report --out: exit $?"
	cmp -s "$tmp/stdout" "$tmp/file" || fail "report --format $format --out: not what standard output gets"
	[ ! -s "$tmp/nothing" ] || fail "report --format $format --out: writes to standard output too"
done
"$HOOKDIFF" report --format md --out "$tmp/no/such" "$sample" >/dev/null 2>"$tmp/err"
code=$?
checks=$((checks + 1))
{ [ "$code" -eq 2 ] && grep -q '^hookdiff: report: .*/no/such: No such file' "$tmp/err"; } ||
	fail "report --out into nowhere: exit $code, $(cat "$tmp/err")"

# --- installed ------------------------------------------------------------------------------------------------
if cmake --install "${HD_BUILD_DIR:?}" --prefix "$tmp/prefix" >"$tmp/install" 2>&1; then
	for file in bin/hookdiff share/man/man1/hookdiff.1 share/man/man5/hookdiff-case.5 \
		share/bash-completion/completions/hookdiff share/zsh/site-functions/_hookdiff \
		share/fish/vendor_completions.d/hookdiff.fish share/hookdiff/corpus/get share/doc/hookdiff/case-format.md; do
		checks=$((checks + 1))
		[ -s "$tmp/prefix/$file" ] || fail "cmake --install: no $file"
	done
	cmp -s "$tmp/hookdiff.roff" "$tmp/prefix/share/man/man1/hookdiff.1" || fail "the installed page is another one"
	(cd / && "$tmp/prefix/bin/hookdiff" --version) >/dev/null || fail "the installed hookdiff does not run"
else
	fail "cmake --install: $(tail -n 3 "$tmp/install")"
fi

# --- read by others -------------------------------------------------------------------------------------------
skipped=0
if command -v mandoc >/dev/null; then
	for page in hookdiff hookdiff-case; do
		checks=$((checks + 1))
		mandoc -T lint -W warning "$tmp/$page.roff" >"$tmp/lint" || fail "mandoc -T lint $page: $(head -n 5 "$tmp/lint")"
		[ "$(mandoc -T utf8 "$tmp/$page.roff" | wc -l)" -gt 150 ] || fail "$page is shorter than it was"
	done
else
	skipped=1
	echo "SKIP: mandoc is not installed; apt-get install mandoc"
fi
if command -v groff >/dev/null && echo '.TH A 1' | groff -man -T utf8 >/dev/null 2>&1; then
	for page in hookdiff hookdiff-case; do
		checks=$((checks + 1))
		groff -ww -man -T utf8 "$tmp/$page.roff" 2>"$tmp/lint" >/dev/null
		[ ! -s "$tmp/lint" ] || fail "groff -ww $page: $(head -n 5 "$tmp/lint")"
	done
else
	skipped=1
	echo "SKIP: groff is not installed; apt-get install groff"
fi

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 800 ] || exit 1
[ "$skipped" -eq 0 ] || exit 77
