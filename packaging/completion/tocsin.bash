# SPDX-License-Identifier: Apache-2.0
# Completion of tocsin(1) for bash.
# shellcheck shell=bash

# _tocsin_verb: the first word that is neither an option nor the value of --state.
_tocsin_verb() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --state) ((i++)) ;;
        -*) ;;
        *) printf '%s' "${COMP_WORDS[i]}" && return ;;
        esac
    done
}

_tocsin() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb words
    local common='--state --json --help'
    COMPREPLY=()

    case $previous in
    --config)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --state | --repository | --to | --work)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --respond)
        mapfile -t COMPREPLY < <(compgen -W 'observe freeze stop' -- "$current")
        return
        ;;
    --only)
        mapfile -t COMPREPLY < <(compgen -W 'shred gpg openssl rm mv truncate' -- "$current")
        return
        ;;
    --exclude | --never-cut | --reserve | --allow-device-writes | --allow | --for | --at | --version) return ;;
    esac

    verb=$(_tocsin_verb)
    case $verb in
    '') words="protect unprotect status incidents incident release stop isolate undo versions restore check quarantine drill $common --version" ;;
    protect) words="--respond --exclude --never-cut --repository --reserve --config --allow-device-writes --foreground --no-wait $common" ;;
    isolate) words="--allow --for --end $common" ;;
    undo) words="--dry-run --to $common" ;;
    restore) words="--at --version --to $common" ;;
    check) words="--read-data $common" ;;
    drill) words="--only --work $common" ;;
    *) words=$common ;;
    esac
    if [[ -z $verb || $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        return
    fi

    compopt -o filenames 2>/dev/null
    case $verb in
    protect | unprotect | drill) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    versions | restore) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    esac
}

complete -F _tocsin tocsin
