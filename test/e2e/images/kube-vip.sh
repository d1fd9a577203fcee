#!/bin/bash
# images/kube-vip.sh - the image of Slipway's static pod, with kube-vip built from its Go module, under the name that
# the pod asks for. Prints the tarball's path. The module's version is the newest that could be had (kube-vip/go.mod),
# which need not be the pod's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pod=$here/../../../templates/k3s/kube-vip.yaml
cache=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
name=$(sed -n 's/^ *image: *//p' "$pod")
key=$(cat "$here"/kube-vip/go.* "$here/lib.sh" "$0" <(echo "$name") | sha256sum | cut -c1-12)
out=$cache/images/ring-kube-vip-$key.tar
mkdir -p "$cache/images"
exec 9>"$cache/images/.lock-kube-vip"; flock 9
if [ ! -s "$out" ]; then
  # shellcheck source=lib.sh
  . "$here/lib.sh"
  tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
  # shellcheck disable=SC2034
  arch=$(go env GOARCH) image_user=0:0
  mkdir -p "$tmp/root" "$tmp/module"
  cp "$here"/kube-vip/go.* "$tmp/module/"
  (cd "$tmp/module" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOWORK=off nice -n "${SLIPWAY_E2E_NICE:-10}" \
    go build -mod=mod -trimpath -ldflags '-s -w' -o "$tmp/root/kube-vip" github.com/kube-vip/kube-vip) 9>&-
  image "$tmp/root" "$name" /kube-vip
  pack "$out"
fi
echo "$out"
