# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Completion of hookdiff for bash: eval "$(hookdiff completion bash)". Needs no other package.
@TABLES@
# Sets candidates to what can stand there: KIND PART PROGRAM.
_hookdiff_candidates() {
	local kind=$1 part=$2 program=${3/#\~/$HOME}
	candidates=()
	case $kind in
	nothing | text) ;;
	dir) mapfile -t candidates < <(compgen -d -- "$part") ;;
	command) mapfile -t candidates < <(compgen -c -- "$part") ;;
	file) mapfile -t candidates < <(compgen -f -- "$part") ;;
	case) mapfile -t candidates < <(compgen -d -- "$part"; compgen -f -X '!*.case' -- "$part") ;;
	records) mapfile -t candidates < <(compgen -d -- "$part"; compgen -f -X '!*.jsonl' -- "$part") ;;
	kernel | kernels)
		mapfile -t candidates < <(compgen -W "$("$program" completion kernels 2>/dev/null)" -- "$part"
			[ "$kind" = kernel ] || compgen -W 'all host' -- "$part"
			compgen -f -- "$part") ;;
	*) mapfile -t candidates < <(compgen -W "$(_hookdiff_words "$kind")" -- "$part") ;;
	esac
	case $kind in
	dir | file | case | records | kernel | kernels)
		compopt -o filenames 2>/dev/null || true ;; # outside of a completion there is none
	esac
}

# The command line as its user sees it, in words: bash splits at : and =. Sets words.
_hookdiff_join() {
	local i word glue=''
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i)) && [ -n "$word" ] && [[ -n $glue || $word =~ ^[:=]+$ ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		glue=''
		[[ ! $word =~ ^[:=]+$ ]] || glue=1
	done
}

# The kind of value that option $1 takes, empty if it takes none.
_hookdiff_value() {
	local row
	for row in $valued; do
		if [ "${row%%:*}" = "$1" ]; then
			echo "${row#*:}"
			return
		fi
	done
}

_hookdiff() {
	local words flags valued first operand most candidates=() i n_operands=0 kind='' stem='' part keep only=''
	_hookdiff_join
	part=${words[-1]}
	if ((${#words[@]} == 2)); then
		mapfile -t COMPREPLY < <(compgen -W "$_hookdiff_commands help --help --version" -- "$part")
		return
	fi
	if [ "${words[1]}" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$_hookdiff_commands" -- "$part")
		return
	fi
	COMPREPLY=()
	_hookdiff_command "${words[1]}" || return 0
	for ((i = 2; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		--) [ -n "$only" ] && ((++n_operands)) || only=1 ;;
		--*=*) ;;
		--*)
			kind=$(_hookdiff_value "${words[i]}")
			[ -z "$kind" ] || ((++i)) ;;
		*) ((++n_operands)) ;;
		esac
	done
	# i stands behind the last word if that is an option's value
	if ((i < ${#words[@]})); then
		kind=''
		if [[ -z $only && $part == --*=* ]]; then
			stem=${part%%=*}=
			kind=$(_hookdiff_value "${stem%=}")
			kind=${kind:-nothing}
			part=${part#*=}
		elif [[ -z $only && $part == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$part")
			return
		fi
	fi
	if [ "$kind" = kernels ] && [[ $part == *,* ]]; then
		stem+=${part%,*},
		part=${part##*,}
	fi
	if [ -n "$kind" ]; then
		_hookdiff_candidates "$kind" "$part" "${words[0]}"
	else
		((most < 0 || n_operands < most)) || return 0
		if ((n_operands)) || [ -z "$first" ] || ((most != 1)); then
			_hookdiff_candidates "$operand" "$part" "${words[0]}"
		fi
		if [ -n "$first" ] && ((!n_operands)); then
			[[ $operand == records ]] || candidates=()
			mapfile -t -O ${#candidates[@]} candidates < <(compgen -W "$first" -- "$part")
		fi
	fi
	# what bash takes for the word begins behind the last : or =
	keep=${COMP_WORDS[COMP_CWORD]}
	[[ ! $keep =~ ^[:=]+$ ]] || keep=''
	keep=$((${#words[-1]} - ${#keep}))
	for i in "${candidates[@]}"; do
		i=$stem$i
		COMPREPLY+=("${i:keep}")
	done
}

complete -F _hookdiff hookdiff
