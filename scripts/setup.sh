# shellcheck shell=bash
# What run.sh and test.sh need on this machine: the .NET SDK that global.json names, and the programs of a Postgres server.
# Meant to be sourced. Finds what is there, installs Postgres when it is missing, and says so before it does.

readonly oldest_postgres=14
# Seconds. An update that a fresh machine does by itself takes one or two minutes.
readonly lists_patience=300 between_attempts=5

say() {
  printf '==> %s\n' "$*" >&2
}

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

# $1: the root of the repository, where global.json is.
require_dotnet() {
  local wanted candidate
  wanted=$(sed -n 's/.*"version": *"\([0-9.]*\)".*/\1/p' "$1/global.json")
  for candidate in "${DOTNET_ROOT:-}" "${HOME:-}/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
    if ! command -v dotnet >/dev/null && [[ -n $candidate && -x $candidate/dotnet ]]; then
      export PATH=$candidate:$PATH DOTNET_ROOT=$candidate
    fi
  done

  command -v dotnet >/dev/null ||
    die "the .NET SDK is missing. Install version $wanted or a newer ${wanted%.*.*}: https://dotnet.microsoft.com/download, then start this again."
  # In this directory dotnet obeys global.json, and fails when no installed SDK satisfies it.
  (cd -- "$1" && dotnet --version >/dev/null 2>&1) ||
    die "global.json asks for the .NET SDK $wanted or a newer ${wanted%.*.*}; installed: $(dotnet --list-sdks | cut -d ' ' -f 1 | paste -sd ' '). See https://dotnet.microsoft.com/download."

  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  # No build servers that outlive us: whoever waits for the end of our output must not wait for them.
  export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
  # A bare machine has no ICU; we compare text by code point anyway.
  if ! /sbin/ldconfig -p 2>/dev/null | grep -q libicuuc; then
    export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
  fi
}

# Prints the directory of a server that is new enough. The host looks in the same places.
postgres_directory() {
  local directory major path
  IFS=: read -r -a path <<<"$PATH"
  for directory in "${path[@]}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
    if [[ -x $directory/postgres && -x $directory/initdb ]]; then
      major=$("$directory/postgres" --version | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')
      if [[ ${major:-0} -ge $oldest_postgres ]]; then
        printf '%s\n' "$directory"
        return 0
      fi
    fi
  done
  return 1
}

require_postgres() {
  postgres_directory >/dev/null && return 0

  command -v apt-get >/dev/null ||
    die "PostgreSQL $oldest_postgres or newer is missing (no 'postgres' in PATH or /usr/lib/postgresql/*/bin), and there is no apt-get here. Install its server with this system's package manager, then start this again."
  [[ $EUID -eq 0 ]] || command -v sudo >/dev/null ||
    die "PostgreSQL $oldest_postgres or newer is missing, and installing it needs root. As root: apt-get install -y postgresql"

  say "PostgreSQL is not installed. Installing it now: apt-get install postgresql (its programs only: no cluster, nothing on port 5432)."
  install_postgres
  postgres_directory >/dev/null ||
    die "PostgreSQL was installed, but not version $oldest_postgres or newer. See https://www.postgresql.org/download/linux/ for a newer one."
  say "PostgreSQL is in $(postgres_directory)."
}

# $1: what was in vain. Ends with the command for whoever may run it.
die_uninstalled() {
  die "$1; the reason is above. As root: apt-get update && apt-get install -y postgresql, then start this again."
}

# In a shell of its own, for its trap: whatever ends it, our setting goes.
install_postgres() (
  settings=/etc/postgresql-common/createcluster.d
  ours=$settings/channels-setup.conf
  # sudo says why; afterwards it does not ask again.
  as_root true || die_uninstalled "installing PostgreSQL needs root, and sudo refused"
  # Debian would make and start a cluster of its own on port 5432. Only for this installation: what you install later behaves as ever.
  trap 'as_root rm -f "$ours"' EXIT
  trap 'exit 130' INT TERM HUP
  as_root mkdir -p "$settings"
  # shellcheck disable=SC2016 # for the inner shell
  as_root sh -c 'echo "create_main_cluster = false" >"$1"' sh "$ours"

  # What the last update brought may do as well.
  update_lists || say "apt-get update failed; trying the installation all the same."
  apt_get install -y --no-install-recommends postgresql >&2 || die_uninstalled "apt-get could not install postgresql"
)

# A fresh machine updates its lists by itself and holds their lock meanwhile. apt-get has a timeout for its other lock only.
update_lists() {
  local waited=0 said
  until said=$(apt_get update 2>&1 | tee >(cat >&2)); do
    [[ $said == */lists/lock* && $waited -lt $lists_patience ]] || return 1
    [[ $waited -gt 0 ]] || say "Another program is updating apt's lists; waiting for it, up to $((lists_patience / 60)) minutes."
    sleep "$between_attempts"
    waited=$((waited + between_attempts))
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}
