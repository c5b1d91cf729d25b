#!/bin/bash
# SPDX-License-Identifier: MIT
# The command line without a kernel: usage errors, help, the clause catalogue. HOOKDIFF is the binary under test.
set -u
export LC_ALL=C
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0

# expect CODE PATTERN COMMAND...: the exit code, and a line of stdout and stderr together that matches (grep -E).
expect() {
	local want=$1 pattern=$2 got
	shift 2
	"$@" >"$tmp/out" 2>&1 </dev/null
	got=$?
	checks=$((checks + 1))
	if [ "$got" -ne "$want" ] || ! grep -qE -- "$pattern" "$tmp/out"; then
		failures=$((failures + 1))
		echo "FAIL: $*"
		echo "  want exit $want and a line like: $pattern"
		echo "  got exit $got and:"
		sed 's/^/    /' "$tmp/out"
	fi
}

# A usage error is one line, so that it can be read in a log.
usage() {
	local pattern=$1
	shift
	expect 64 "^hookdiff: $pattern" "$HOOKDIFF" "$@"
	if [ "$(wc -l <"$tmp/out")" -ne 1 ]; then
		failures=$((failures + 1))
		echo "FAIL: hookdiff $*: want one line, got $(wc -l <"$tmp/out")"
	fi
}

usage "expected a command"
usage "unknown command 'fuz'; did you mean 'fuzz'\?" fuz
usage "unknown command 'claus'; did you mean 'clauses'\?" claus
usage "unknown command 'xyzzy'; hookdiff --help lists them" xyzzy
usage "unknown command 'xyzzy'" help xyzzy
usage "fuzz: unknown option '--sed'; did you mean '--seed'\?" fuzz --sed 1
usage "fuzz: unknown option '-s'" fuzz -s 1
usage "sweep: unknown option '--seed'" sweep --seed 1
usage "fuzz: --seed: expected N after it, found the end of the line" fuzz --seed
usage "fuzz: --seed: expected a number from 0 to 18446744073709551615, found '-1'" fuzz --seed -1
usage "fuzz: --seed: expected a number from 0 to 18446744073709551615, found '18446744073709551616'" \
	fuzz --seed 18446744073709551616
usage "fuzz: --seed: expected .*, found '0x'" fuzz --seed 0x
usage "fuzz: --seed: expected .*, found ' 1'" fuzz --seed ' 1'
usage "fuzz: --time: expected a duration such as 10, 10s or 2m, found '3x'" fuzz --time 3x
usage "fuzz: --time: expected a duration from 1s to 366d, found '0'" fuzz --time 0
usage "fuzz: --time: expected a duration from 1s to 366d, found '400d'" fuzz --time=400d
usage "fuzz: --workers: expected a number from 1 to 64, found '0'" fuzz --workers 0
usage "fuzz: --json takes no value, found '1'" fuzz --json=1
usage "fuzz: expected no operand, found 'x'" fuzz x
usage "race: expected a scene, found 'x'; there are first replace .*" race x
usage "race: --threads: expected a number from 1 to 64, found '0'" race --threads 0
usage "run: expected CASE\|DIR\.\.\., found nothing" run
printf '# profiles doc v9.9\ncgroup a\n' >"$tmp/p.case"
usage "$tmp/p\\.case: 'v9\\.9' in the line .# profiles.: no such profile" predict "$tmp/p.case"
printf '# clauses SET.ARGS SET.ARG\ncgroup a\n' >"$tmp/p.case"
usage "$tmp/p\\.case: 'SET\\.ARG' in the line .# clauses.: no such clause" predict "$tmp/p.case"
usage "diff-profiles: expected .*, found nothing" diff-profiles
usage "diff-profiles: v9: no such profile; there are: v5\.3 " diff-profiles doc v9
expect 0 '^0 differences between v6\.7 and v6\.7' "$HOOKDIFF" diff-profiles v6.7 v6.7 --time 1
expect 1 'SET\.LARGE\.IGNORED' "$HOOKDIFF" diff-profiles v6.4 v6.5 --seed 7
expect 1 '"clause": *"SET\.LARGE\.IGNORED"' "$HOOKDIFF" diff-profiles v6.4 v6.5 --json
usage "shrink: expected only one operand, found 'b'" shrink a b
usage "clauses: expected the beginning of a clause's id .*, found 'NOPE'" clauses NOPE
usage "clauses: expected --json or --markdown, found both" clauses --json --markdown
usage "fuzz: expected --kernel or --backend, found both" fuzz --kernel x --backend y
usage "fuzz: --unsafe is for a guest that may die: expected --kernel with it" fuzz --unsafe
usage "campaign: --unsafe is for a guest that may die: expected --kernel with it" campaign --unsafe
usage "drive: --unsafe is for a guest that may die: expected --kernel with it" drive --unsafe -- /bin/true
usage "drive: expected --unsafe instead of HOOKDIFF_UNSAFE=1" drive --kernel x -- HOOKDIFF_UNSAFE=1 /bin/true
usage "fuzz: expected --dmesg or --backend, found both" fuzz --dmesg --backend y
usage "fuzz: expected --operations or --backend, found both" fuzz --operations --backend y
usage "sweep: expected --chains or --backend, found both" sweep --chains --backend y
usage "fuzz: --backend-timeout: expected a duration from 1s to 1d, found '0'" fuzz --backend x --backend-timeout 0
usage "--profile nope: no such profile; there are: auto .*doc" clauses --profile nope

expect 0 '^hookdiff [0-9]+\.[0-9]+' "$HOOKDIFF" --version
expect 0 '^exit codes: 0 ' "$HOOKDIFF" --help
for command in run sweep fuzz predict shrink clauses probe bench backend report; do
	expect 0 "^  $command " "$HOOKDIFF" --help
	expect 0 "^usage: hookdiff $command " "$HOOKDIFF" "$command" --help
	expect 0 "^usage: hookdiff $command " "$HOOKDIFF" help "$command"
done

expect 0 '^SET\.OPTLEN\.BYPASS +optlen -1 ' "$HOOKDIFF" clauses
expect 0 '^1 clause;' "$HOOKDIFF" clauses SET.OPTLEN.BYPASS
expect 0 '^1 clause;' "$HOOKDIFF" clauses --profile doc SET.OPTLEN.BOUND
expect 0 '^0 clauses;' "$HOOKDIFF" clauses --profile doc SET.OPTLEN.GROW
expect 0 '"clause":"GET.NULL.OPTVAL"' "$HOOKDIFF" clauses --json GET.NULL
# Every row of the catalogue is in each form, once.
rows=$(cat "$source_dir"/oracle/{clauses,tree,storage}.def | grep -c '^CLAUSE(')
for form in --markdown --json ""; do
	# shellcheck disable=SC2086 # no form is no argument
	n=$("$HOOKDIFF" clauses $form | grep -cE '^\| `[A-Z]|"clause":|^[A-Z0-9]+\.[A-Z]')
	checks=$((checks + 1))
	if [ "$n" -ne "$rows" ]; then
		failures=$((failures + 1))
		echo "FAIL: clauses $form: want $rows rows, got $n"
	fi
done
# A verdict that could not be written is none.
if [ -w /dev/full ]; then
	checks=$((checks + 1))
	"$HOOKDIFF" clauses >/dev/full 2>/dev/null
	code=$?
	if [ "$code" -ne 2 ]; then
		failures=$((failures + 1))
		echo "FAIL: clauses on a full disk: want exit 2, got $code"
	fi
fi

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 50 ]
