# The cluster build: two images from one source.
#   docker build --target silo -t channels-silo .
#   docker build --target api -t channels-api .

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Project files first: packages are restored again only when these change.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt ./
COPY src/BannedSymbols.Grains.txt src/
COPY src/Agents/*.csproj src/Agents/
COPY src/Api/*.csproj src/Api/
COPY src/Connectors/*.csproj src/Connectors/
COPY src/Core/*.csproj src/Core/
COPY src/Grains/*.csproj src/Grains/
COPY src/Grains.Abstractions/*.csproj src/Grains.Abstractions/
COPY src/Silo/*.csproj src/Silo/
COPY src/Storage/*.csproj src/Storage/
RUN dotnet restore src/Silo -p:ChannelsRuntime=Orleans
COPY .editorconfig ./
COPY src/ src/
RUN dotnet publish src/Silo -c Release -p:ChannelsRuntime=Orleans -o /out/silo \
 && dotnet publish src/Api -c Release -p:ChannelsRuntime=Orleans -o /out/api

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS base
# Files of messages, shared by all processes; a new volume takes over this directory's owner.
RUN install -d -o "$APP_UID" -g "$APP_UID" -m 0750 /data
ENV Channels__DataDirectory=/data
VOLUME /data
WORKDIR /app
USER $APP_UID

# Grains. Its own HTTP stays inside the container: only its health is asked for.
FROM base AS silo
COPY --from=build /out/silo ./
ENV ASPNETCORE_URLS=http://127.0.0.1:7070
EXPOSE 11111 30000
ENTRYPOINT ["./Channels.Silo"]

# The front end: HTTP, a client of the silos.
FROM base AS api
COPY --from=build /out/api ./
ENV ASPNETCORE_URLS=http://0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["./Channels.Api"]
