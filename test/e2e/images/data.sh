#!/bin/bash
# images/data.sh - what copies of data are made with, as one tarball; prints its path. Both programs are built from the Go
# modules that the tests of the official clients pin (test/clients), in the same way, so that what those built is used again.
#
#   docker.io/restic/restic:…   restic beside busybox, as in its authors' image, under the name that a cluster file has by default
#   slipway.test/nats:1         a server of NATS, which takes its arguments from the pod
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
clients=$here/../../clients
cache=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
name=$(sed -n "s/.*'\(docker.io\/restic\/restic:[^']*\)'.*/\1/p" "$here/../../../src/domain/spec/schema.ts")
[ -n "$name" ] || { echo "data.sh: the schema does not say which image copies volumes" >&2; exit 1; }
key=$(cat "$clients"/{restic,nats}/go.* "$here/lib.sh" "$0" <(echo "$name") | sha256sum | cut -c1-12)
out=$cache/images/ring-data-$key.tar
mkdir -p "$cache/images"
exec 9>"$cache/images/.lock-data"; flock 9
if [ ! -s "$out" ]; then
  # shellcheck source=lib.sh
  . "$here/lib.sh"
  tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
  # shellcheck disable=SC2034
  arch=$(go env GOARCH)
  built() { # FOLDER-OF-TEST-CLIENTS PROGRAM FILE
    (cd "$clients/$1" && CGO_ENABLED=0 GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off nice -n "${SLIPWAY_E2E_NICE:-10}" \
      go build -trimpath -ldflags '-s -w' -o "$3" "$2") 9>&-
  }
  mkdir -p "$tmp"/restic/bin "$tmp"/nats "$tmp/deb"
  # From the machine's own sources, as the hosts' file system is.
  (cd "$tmp/deb" && { apt-get download -qq busybox-static || { apt-get update -qq && apt-get download -qq busybox-static; }; } >/dev/null 2>&1 &&
    dpkg-deb --fsys-tarfile busybox-static_*.deb | tar -xO ./bin/busybox >"$tmp/restic/bin/busybox") 9>&-
  chmod 755 "$tmp/restic/bin/busybox"
  for applet in $("$tmp/restic/bin/busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$tmp/restic/bin/$applet"; done
  built restic github.com/restic/restic/cmd/restic "$tmp/restic/bin/restic"
  built nats github.com/nats-io/nats-server/v2 "$tmp/nats/nats-server"
  image "$tmp/restic" "$name" /bin/restic PATH=/bin
  image "$tmp/nats" slipway.test/nats:1 /nats-server
  pack "$out"
fi
echo "$out"
