# shellcheck shell=sh
# Stops the private Postgres when its host is gone and no other host takes it over.
#
# Read from stdin by "sh -s", in a session of its own. Arguments:
#   $1 $2  the host: process id and start time (/proc/PID/stat, field 22; an id alone may be given to somebody else)
#   $3 $4  the server, likewise
#   $5     seconds the server may outlive the host
#   $6     data/host.lock: whoever holds it decides over the server
#
# Everything is inside one pair of braces, so that the shell has read all of it before stdin goes away.
{
  exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-

  host=$1 host_start=$2 server=$3 server_start=$4 grace=$5 lock=$6

  # The second field is the program's name in brackets and may hold blanks. A zombie has ended.
  alive() {
    stat=$(cat "/proc/$1/stat") || return 1
    started=$2
    # shellcheck disable=SC2086 # to be split into its fields
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "$1" != X ] && [ "${20}" = "$started" ]
  }

  # Another host wrote its own line: it has a supervisor of its own.
  taken_over() {
    [ -s "$lock" ] && [ "$(cat "$lock")" != "$host $host_start" ]
  }

  while alive "$host" "$host_start"; do
    alive "$server" "$server_start" || exit 0
    sleep 1
  done

  waited=0
  while [ "$waited" -lt "$grace" ]; do
    alive "$server" "$server_start" || exit 0
    taken_over && exit 0
    sleep 1
    waited=$((waited + 1))
  done

  # The lock is held until the server has ended: a host that starts meanwhile waits for it, rather than adopting a dying server.
  if [ -f "$lock" ] && command -v flock; then
    exec 8<"$lock"
    flock -n 8 || exit 0
  fi
  taken_over && exit 0
  alive "$server" "$server_start" || exit 0
  kill -INT "$server"
  while alive "$server" "$server_start"; do
    sleep 1
  done
  exit 0
}
