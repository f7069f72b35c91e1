#!/usr/bin/env bash
# Starts Channels on this machine: everything in one process, with a private Postgres under ./data. Ctrl-C stops both.
#
#   ./run.sh [arguments of the host, such as --urls http://0.0.0.0:8080]
#
# Needs the .NET SDK. Installs PostgreSQL with apt-get when it is missing, unless ConnectionStrings__Channels names a server.
# Settings come from the environment: Channels__DataDirectory, Channels__OperatorKey, ConnectionStrings__Channels, …
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/setup.sh
source scripts/setup.sh

require_dotnet "$PWD"
if [[ -z ${ConnectionStrings__Channels:-} ]]; then
  require_postgres
fi

say "Building (the first time takes a minute or two)."
dotnet build src/Silo/Silo.csproj -c Release -p:ChannelsRuntime=InProcess -v quiet >&2

# In place of this shell, so that signals reach the host itself. By the dotnet that built it: the program's own launcher looks for a runtime in default places alone.
exec dotnet artifacts/InProcess/bin/Silo/release/Channels.Silo.dll "$@"
