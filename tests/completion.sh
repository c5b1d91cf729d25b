#!/bin/bash
# SPDX-License-Identifier: MIT
# Completion: bash's function is called with words as bash splits them, then typed into a real bash, zsh and fish on a
# terminal. What it offers for each command is what the parser accepts.
set -u
export LC_ALL=C.UTF-8
: "${HOOKDIFF:?the binary under test}"
source_dir=${HD_SOURCE_DIR:?the source tree}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0 checks=0 skipped=0

fail() {
	failures=$((failures + 1))
	echo "FAIL: $*"
}

skip() {
	skipped=1
	echo "SKIP: $*"
}

# Fetched kernels of our own, so that they are the same everywhere.
export XDG_CACHE_HOME=$tmp/cache
kernels=$XDG_CACHE_HOME/hookdiff/kernels
for version in 6.1.170-3 6.12.94-1 6.12.117-1; do
	folder=$kernels/${version}_cloud-amd64
	mkdir -p "$folder"
	echo x >"$folder/vmlinux"
	printf 'version %s\nflavour cloud-amd64\nsuite bookworm\nrelease %s\nboot vmlinux\nboot_size 2\nmodules 0\n' \
		"$version" "$version" >"$folder/info"
done
mkdir "$tmp/here" "$tmp/here/folder"
touch "$tmp/here/one.case" "$tmp/here/two.txt" "$tmp/here/run.jsonl"
cd "$tmp/here" || exit 1

"$HOOKDIFF" completion bash >"$tmp/hookdiff" || fail "completion bash: exit $?"
"$HOOKDIFF" completion zsh >"$tmp/_hookdiff" || fail "completion zsh: exit $?"
"$HOOKDIFF" completion fish >"$tmp/hookdiff.fish" || fail "completion fish: exit $?"
# shellcheck source=/dev/null
. "$tmp/hookdiff"

# offered WORD...: what is offered for the last word, sorted, on one line. Words as bash splits them: at : and =.
offered() {
	COMP_WORDS=("$HOOKDIFF" "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_hookdiff "$HOOKDIFF"
	printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' '
}

# same WANT WORD...
same() {
	local want=$1 got
	shift
	got=$(offered "$@")
	checks=$((checks + 1))
	[ "$want" = "$got" ] || fail "hookdiff $*<TAB>: want '$want', got '$got'"
}

# --- commands and options: those of the parser ----------------------------------------------------------------
table=$source_dir/harness/cli/table.c
mapfile -t options < <(sed -nE 's/^\t\{"([a-z-]+)", ARG_.*/\1/p' "$table" | sort -u)
mapfile -t commands < <(sed -nE 's/^\t\{"([a-z-]+)", [A-Z_]+, ".*/\1/p' "$table" | grep -vx -e selftest)
same "$(printf '%s\n' "${commands[@]}" help --help --version | sort | paste -sd' ')" ""
for command in "${commands[@]}"; do
	accepted=(--help)
	for option in "${options[@]}"; do
		if "$HOOKDIFF" "$command" "--$option=1" --help >/dev/null 2>"$tmp/err"; then
			accepted+=("--$option")
			_hookdiff_command "$command"
			checks=$((checks + 1))
			# shellcheck disable=SC2154 # valued is set by _hookdiff_command
			[[ " $valued " == *" --$option:"* ]] || fail "$command --$option takes a value, completion says it does not"
		elif grep -q 'takes no value' "$tmp/err"; then
			accepted+=("--$option")
			_hookdiff_command "$command"
			[[ " $valued " != *" --$option:"* ]] || fail "$command --$option takes no value, completion says it does"
		fi
	done
	same "$(printf '%s\n' "${accepted[@]}" | sort | paste -sd' ')" "$command" --
	for shell in _hookdiff hookdiff.fish; do
		checks=$((checks + 1))
		grep -qE -- "(^	$command\) _arguments|__hookdiff_none -a $command )" "$tmp/$shell" || fail "$shell: no $command"
	done
	for option in "${accepted[@]}"; do
		checks=$((checks + 1))
		sed -n "/^	$command) _arguments/,/;;\$/p" "$tmp/_hookdiff" | grep -qE -- "'$option=?\[" || fail "zsh: $command $option"
		grep -qE -- "'__hookdiff_command $command' -l ${option#--}( |\$)" "$tmp/hookdiff.fish" || fail "fish: $command $option"
	done
	n=$(sed -n "/^	$command) _arguments/,/;;\$/p" "$tmp/_hookdiff" | grep -oE -- "'--[a-z-]+=?\[" | wc -l)
	[ "$n" -eq ${#accepted[@]} ] || fail "zsh: $command: ${#accepted[@]} options are accepted, $n offered"
	n=$(grep -cE -- "'__hookdiff_command $command' -l " "$tmp/hookdiff.fish")
	[ "$n" -eq ${#accepted[@]} ] || fail "fish: $command: ${#accepted[@]} options are accepted, $n offered"
done

checks=$((checks + 1))
! grep -E "^	+valued=.*:nothing( |')" "$tmp/hookdiff" || fail "a value of which the table does not say what it is"

# --- values ---------------------------------------------------------------------------------------------------
all_profiles="auto $(sed -nE 's/^(CLAUSE|PROFILE).*//; s/.*there are: auto (.*)/\1/p' < <("$HOOKDIFF" clauses --profile x 2>&1))"
same "$(tr ' ' '\n' <<<"$all_profiles" | sort | paste -sd' ')" run --profile ""
same "doc draft" predict --profile d
same "doc draft" predict --profile = d
same "doc draft" diff-profiles v5.3 d
same "" diff-profiles v5.3 doc ""
same "html junit kcidb ktap md sarif" report --format ""
clauses=$(sed -nE 's/^CLAUSE\([^,]*, *"([^"]+)".*/\1/p' "$source_dir"/oracle/{clauses,tree,storage}.def | sort)
[ "$(wc -l <<<"$clauses")" -gt 40 ] || fail "clauses.def was not recognized"
same "$(paste -sd' ' <<<"$clauses")" clauses ""
same "$(paste -sd' ' <<<"$clauses")" bisect packages --clause ""
same "SET.OPTLEN.BYPASS" clauses SET.OPTLEN.BY
same "attach.after" probe --feature attach.af
same "folder one.case" run ""
same "folder one.case" run --json one.case ""
same "folder one.case" bisect step --case ""
same "one.case" run -- o
same "diff folder run.jsonl" report ""
same "folder run.jsonl" report diff ""
same "folder" sweep --out f
same "" sweep ""
same "" fuzz --seed ""
same "list packages step" bisect ""
same "" bisect packages ""
same "build get list path" kernel ""
same "bash fish kernels zsh" completion ""
same "hookdiff hookdiff-case" man ""
same "matrix" help mat
same "" nonsense ""
same "6.1 6.1.170-3 6.12 6.12.117-1 6.12.94-1" run --kernel debian :
same "6.12 6.12.117-1 6.12.94-1" run --kernel = debian : 6.12
same "6.12.94-1" bisect packages --good debian : 6.12.9
same "6.12.94-1" kernel get debian : 6.1 debian : 6.12.9
same "all" matrix --kernels a
same "6.1,host" matrix --kernels debian : 6.1,h
same "6.12.94-1" matrix --kernels debian : 6.1,debian : 6.12.9
same "--profile" shrink --backend 'ssh x hookdiff backend' --pro
checks=$((checks + 1))
"$HOOKDIFF" completion csh >/dev/null 2>"$tmp/err"
[ $? -eq 64 ] || fail "completion csh: want exit 64"

# --- typed into a real shell ----------------------------------------------------------------------------------
# typed WANT SHELL LINE: the line as it stands after a TAB. The shell is told to print what it was given.
typed() {
	local want=$1 shell=$2 line=$3 got start
	case $shell in
	bash) start=(bash --norc --noprofile -i) ;;
	zsh) start=(zsh -f -i) ;;
	esac
	got=$({
		cat "$tmp/$shell.rc"
		sleep 1.5
		printf '%s\t' "$line"
		sleep 1.5
		printf '"\001printf "LINE=<%%s>\\\\n" "\nexit\n'
		sleep 0.3
	} | HISTFILE='' TERM=dumb timeout 60 script -qec "${start[*]}" /dev/null 2>/dev/null | tr -d '\r' |
		grep -a '^LINE=' | tail -n 1)
	checks=$((checks + 1))
	[ "$got" = "LINE=<$want>" ] || fail "$shell, typed '$line' and TAB: want '$want', got '$got'"
}

path="PATH='$(dirname "$HOOKDIFF")':\$PATH"
printf '%s\nPS1=; source %q; bind "set bell-style none"\n' "$path" "$tmp/hookdiff" >"$tmp/bash.rc"
# shellcheck disable=SC2016 # zsh's own $fpath
printf '%s\nPS1=; fpath=(%q $fpath); autoload -Uz compinit; compinit -u -d %q\nbindkey -e\n' "$path" "$tmp" "$tmp/dump" >"$tmp/zsh.rc"
shells=(bash)
if command -v zsh >/dev/null; then
	zsh -n "$tmp/_hookdiff" || fail "zsh -n"
	shells+=(zsh)
else
	skip "zsh is not installed; apt-get install zsh"
fi
if command -v script >/dev/null; then
	for shell in "${shells[@]}"; do
		typed "hookdiff sweep " "$shell" "hookdiff swe"
		typed "hookdiff fuzz --profile draft " "$shell" "hookdiff fuzz --profile dr"
		typed "hookdiff run one.case " "$shell" "hookdiff run o"
		typed "hookdiff clauses SET.OPTLEN.BYPASS " "$shell" "hookdiff clauses SET.OPTLEN.BY"
	done
	typed "hookdiff run --profile=draft " bash "hookdiff run --profile=dr"
	typed "hookdiff run --kernel debian:6.1" bash "hookdiff run --kernel debian:"
	typed "hookdiff bisect packages --good debian:6.12.94-1 " bash "hookdiff bisect packages --good debian:6.12.9"
	typed "hookdiff matrix --kernels debian:6.1,debian:6.12.94-1 " bash "hookdiff matrix --kernels debian:6.1,debian:6.12.9"
else
	skip "script is not installed; apt-get install bsdutils (or util-linux-extra)"
fi

# fish can be asked: its list without descriptions
fish_same() {
	local want=$1 got
	shift
	# shellcheck disable=SC2016 # fish's variables
	got=$(HOME=$tmp fish --no-config -c 'source $argv[1]; set PATH $argv[2] $PATH; complete -C $argv[3]' \
		"$tmp/hookdiff.fish" "$(dirname "$HOOKDIFF")" "$1" | cut -f1 | sort | paste -sd' ')
	checks=$((checks + 1))
	[ "$want" = "$got" ] || fail "fish: $1: want '$want', got '$got'"
}
if command -v fish >/dev/null; then
	fish --no-execute "$tmp/hookdiff.fish" || fail "fish --no-execute"
	fish_same "sweep" "hookdiff sw"
	fish_same "--profile" "hookdiff run --pro"
	fish_same "doc draft" "hookdiff run --profile d"
	fish_same "list packages step" "hookdiff bisect "
	fish_same "SET.OPTLEN.BYPASS" "hookdiff clauses SET.OPTLEN.BY"
	fish_same "debian:6.1,debian:6.12 debian:6.1,debian:6.12.117-1 debian:6.1,debian:6.12.94-1" \
		"hookdiff matrix --kernels debian:6.1,debian:6.12"
	fish_same "" "hookdiff sweep --repe"
else
	skip "fish is not installed; apt-get install fish"
fi

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ] && [ "$checks" -gt 300 ] || exit 1
[ "$skipped" -eq 0 ] || exit 77
