#compdef hookdiff
# SPDX-License-Identifier: MIT
# Completion of hookdiff for zsh: a file _hookdiff in a folder of $fpath.
_hookdiff_nothing() { _message 'nothing' }
_hookdiff_text() { _message 'a word of yours' }
_hookdiff_file() { _files }
_hookdiff_dir() { _files -/ }
_hookdiff_case() { _files -g '*.case' }
_hookdiff_records() { _files -g '*.jsonl' }
_hookdiff_command() { _command_names -e }
_hookdiff_kernel() {
	local -a names
	names=(${(f)"$($_hookdiff_program completion kernels 2>/dev/null)"})
	compadd -a names
	_files
}
_hookdiff_kernels() {
	compset -P '*,'
	compadd all host
	_hookdiff_kernel
}
@TABLES@
_hookdiff() {
	local context state state_descr line _hookdiff_program=${(Q)words[1]/#\~/$HOME}
	typeset -A opt_args
	_arguments -C '1:command:->command' '*::operand:->rest'
	case $state in
	command) _hookdiff_commands ;;
	rest) _hookdiff_arguments $words[1] ;;
	esac
}

if [ "$funcstack[1]" = _hookdiff ]; then
	_hookdiff "$@"
else
	compdef _hookdiff hookdiff
fi
