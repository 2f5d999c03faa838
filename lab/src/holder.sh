# Holds one network namespace open for its lab, and empties it when the lab ends, however it ends.
#
# $1 pid of the owner, never ended from here   $2 name under /run/netns, or nothing   $3 scratch directory
#
# Standard input is a pipe whose only other end is the owner's: it closes when the owner closes it or dies.
# This shell stays in the namespace until the end, so that its inode number cannot be given to another one
# while processes are looked for by it.
exec 2>&1
trap '' HUP INT TERM
for scope in all default; do
    # Duplicate address detection would make IPv6 addresses unusable for their first second.
    echo 0 >"/proc/sys/net/ipv6/conf/$scope/accept_dad"
done 2>/dev/null
ip link set lo up || exit 1
echo ready
exec >/dev/null 2>&1

last=
while read -r word; do last=$word; done

number=$(readlink "/proc/$$/ns/net")
number=${number#*[}
number=${number%]}
round=0
while [ -n "$number" ] && [ "$round" -lt 200 ]; do
    # Expanded here and not in the subshell, so that neither the subshell nor find finds itself.
    set -- "$1" "$2" "$3" /proc/[0-9]*/ns/net
    owner=$1 name=$2 scratch=$3
    shift 3
    others=
    for link in $(find "$@" -maxdepth 0 -lname "net:\\[$number\\]"); do
        pid=${link#/proc/}
        pid=${pid%%/*}
        case $pid in
        "$$" | "$owner") ;;
        *) others="$others $pid" ;;
        esac
    done
    set -- "$owner" "$name" "$scratch"
    [ -z "$others" ] && break
    # shellcheck disable=SC2086  # one word a process
    kill -KILL $others
    [ "$round" -gt 0 ] && sleep 0.02
    round=$((round + 1))
done

[ -n "$2" ] && ip netns del "$2"
# An owner that ends in order removes its scratch directory itself.
[ "$last" = orderly ] || rm -rf -- "${3:?}"
exit 0
