# SPDX-License-Identifier: MIT
# Completion of hookdiff for fish: hookdiff completion fish | source
function __hookdiff_none
    test (count (commandline -opc)) -eq 1
end

function __hookdiff_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

# No operand yet: nothing stands behind the command that is not an option.
function __hookdiff_first
    __hookdiff_command $argv[1]; and test (count (commandline -opc)) -eq 2
end

function __hookdiff_kernel
    set -l words (commandline -opc)
    $words[1] completion kernels 2>/dev/null
    __fish_complete_path (commandline -ct)
end

function __hookdiff_kernels
    set -l words (commandline -opc)
    set -l before (commandline -ct | string match -r '^(?:--kernels=)?(.*,)')[2]
    for name in all host ($words[1] completion kernels 2>/dev/null)
        echo $before$name
    end
end

complete -c hookdiff -f
complete -c hookdiff -n __hookdiff_none -l help -d 'the commands'
complete -c hookdiff -n __hookdiff_none -l version -d 'version and commit'
@TABLES@
