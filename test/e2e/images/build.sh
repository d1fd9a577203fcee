#!/bin/bash
# images/build.sh - small images made on this machine, as one tarball for a node's
# agent/images folder (or `k3s ctr images import`). Prints its path.
#
#   rancher/mirrored-pause:3.6   the name k3s asks for when nothing else is configured
#   slipway.test/web:1           answers HTTP on :8080 with its pod's name; `web job` ends at once, `web writes` writes elsewhere
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
key=$(cat "$here"/{pause,web}/*.go "$here/lib.sh" "$0" | sha256sum | cut -c1-12)
out=$cache/images/test-images-$key.tar
if [ ! -s "$out" ]; then
  # shellcheck source=lib.sh
  . "$here/lib.sh"
  tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
  arch=$(go env GOARCH)
  for program in pause web; do
    (cd "$here/$program" && CGO_ENABLED=0 GO111MODULE=off go build -ldflags '-s -w' -o "$tmp/$program/$program" .)
  done
  image "$tmp/pause" docker.io/rancher/mirrored-pause:3.6 /pause
  image "$tmp/web" slipway.test/web:1 /web
  pack "$out"
fi
echo "$out"
