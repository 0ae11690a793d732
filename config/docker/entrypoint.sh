#!/bin/sh
# Become the right user, with the right umask, and then smugsync: as process 1, so that signals reach it.
#
# PUID, PGID   whose files the photos are to be; only if the container was started as root
# UMASK        022: everybody may read the photos; 002: the group may change them; 077: nobody else
# TZ           a zone such as Europe/Madrid, for the times of the schedule
set -eu

refuse() {
    printf 'smugsync: error: %s\n' "$1" >&2
    exit 78
}

is_number() {
    case $1 in
    '' | *[!0-9]* | ??????????*) return 1 ;;
    esac
}

mask=${UMASK:-022}
case $mask in
[0-7][0-7][0-7] | 0[0-7][0-7][0-7]) umask "$mask" ;;
*) refuse "UMASK is \"$mask\": write it as three octal digits, such as 022" ;;
esac

case ${TZ:-} in
*/* | UTC) [ -e "${TZDIR:-/usr/share/zoneinfo}/${TZ#:}" ] || refuse "TZ is \"$TZ\", which is no known time zone: write it like Europe/Madrid" ;;
esac

for name in PUID PGID; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || is_number "$value" || refuse "$name is \"$value\": write the number of a user or a group, as id shows it"
done

if [ "$(id -u)" = 0 ]; then
    user=${PUID:-1000} group=${PGID:-${PUID:-1000}}
    [ "$user" != 0 ] || [ "${ALLOW_ROOT:-}" = yes ] || refuse "PUID is 0: photos should not belong to root; name a user, or set ALLOW_ROOT=yes"
    if [ -z "${SMUGSYNC_DROPPED:-}" ]; then
        # Nothing is ever given to another owner here: neither the photos nor the configuration.
        SMUGSYNC_DROPPED=1 exec setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs -- "$0" "$@"
    fi
elif [ "${PUID:-$(id -u)}:${PGID:-$(id -g)}" != "$(id -u):$(id -g)" ]; then
    refuse "PUID and PGID ask for ${PUID:-any}:${PGID:-any}, but the container was started as $(id -u):$(id -g), who cannot change that: start it with --user ${PUID:-$(id -u)}:${PGID:-$(id -g)}, or as root"
fi
unset SMUGSYNC_DROPPED

# `docker run IMAGE sync --full` and `docker run IMAGE smugsync sync --full` are the same.
[ "${1:-}" = smugsync ] && shift

mounted() {
    grep -q "^[^ ]* [^ ]* [^ ]* [^ ]* $1 " /proc/self/mountinfo
}

warn_of_loss() {
    printf 'smugsync: warning: nothing is mounted at %s: what is written there is lost with this container\n' "$1" >&2
}

case ${1:-run} in
init | run | sync | adopt | auth)
    mounted /config || warn_of_loss /config
    if [ ! -e "$SMUGSYNC_CONFIG" ] || grep -q '"/data' "$SMUGSYNC_CONFIG" 2>/dev/null; then
        mounted /data || warn_of_loss /data
    fi
    ;;
esac

# A container that is started before anything is set up waits for it: in one that ends, nobody can.
if [ "${1:-run}" = run ] && [ ! -e "$SMUGSYNC_CONFIG" ] && ! env | grep -Eq '^(SMUGSYNC_REMOTE__|SMUGMUG_API_KEY=)'; then
    echo "smugsync: nothing is set up yet: run \`smugsync init --mirror /data\` and \`smugsync auth login\` in this container" >&2
    trap 'exit 143' TERM
    trap 'exit 130' INT
    until [ -e "$SMUGSYNC_CONFIG" ]; do
        sleep 5 &
        wait $!
    done
    trap - TERM INT
fi

exec smugsync "$@"
