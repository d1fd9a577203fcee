#!/bin/bash
# images/build.sh - small images made on this machine, as one tarball for a node's
# agent/images folder (or `k3s ctr images import`). Prints its path.
#
#   rancher/mirrored-pause:3.6   the name k3s asks for when nothing else is configured
#   slipway.test/web:1           answers HTTP on :8080 with its pod's name; `web job` ends at once
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
key=$(cat "$here"/*/*.go "$0" | sha256sum | cut -c1-12)
out=$cache/images/test-images-$key.tar
if [ ! -s "$out" ]; then
  tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
  mkdir -p "$cache/images" "$tmp/image"
  arch=$(go env GOARCH); manifest=
  image() { # program name:tag
    local layer id config
    mkdir -p "$tmp/root"; rm -rf "$tmp/root"/*; mkdir -m1777 "$tmp/root/tmp"
    (cd "$here/$1" && CGO_ENABLED=0 GO111MODULE=off go build -ldflags '-s -w' -o "$tmp/root/$1" .)
    tar -C "$tmp/root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$tmp/layer.tar" .
    layer=$(sha256sum "$tmp/layer.tar" | cut -d' ' -f1)
    mv "$tmp/layer.tar" "$tmp/image/$layer.tar"
    config='{"architecture":"'$arch'","os":"linux","created":"1970-01-01T00:00:00Z","config":{"Entrypoint":["/'$1'"],"User":"65535:65535","WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":["sha256:'$layer'"]},"history":[{"created":"1970-01-01T00:00:00Z"}]}'
    id=$(printf '%s' "$config" | sha256sum | cut -d' ' -f1)
    printf '%s' "$config" > "$tmp/image/$id.json"
    manifest="$manifest${manifest:+,}{\"Config\":\"$id.json\",\"RepoTags\":[\"$2\"],\"Layers\":[\"$layer.tar\"]}"
  }
  image pause docker.io/rancher/mirrored-pause:3.6
  image web slipway.test/web:1
  printf '[%s]' "$manifest" > "$tmp/image/manifest.json"
  tar -C "$tmp/image" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$tmp/out.tar" .
  mv "$tmp/out.tar" "$out"
fi
echo "$out"
