#!/bin/bash
# build.sh MINOR - build a real k3s from its Go module, once, into the cache; one JSON line.
#
# Where: ${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}/k3s/<version>/
#   k3s                  laid out like a release: unpacks itself below the data folder, and
#                        has kubectl, crictl, ctr, containerd, its shim and CNI plugins in it
#   sha256sum-<arch>.txt in the form of a release's checksum file
# A folder <minor>/ holds go.mod (k3s at a pseudo-version, with k3s's own replace lines),
# go.sum (seeded from k3s's own) and VERSION (what the binary is stamped with).
#
# Not in it, unlike a release: runc (the host's is used), the bundled iptables, and the
# manifests of CoreDNS, Traefik, local-storage and metrics-server (no images for them here).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
minors=$(cd "$here" && echo v*)
minor=${1:-}
dir=$here/$minor
[ -n "$minor" ] && [ -f "$dir/go.mod" ] || { echo "usage: build.sh MINOR   (one of: $minors)" >&2; exit 64; }
for c in go:golang gcc:gcc zstd:zstd; do
  command -v "${c%%:*}" >/dev/null && continue
  if [ "$(id -u)" = 0 ] && [ "$c" != go:golang ] && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${c##*:}" libc6-dev >/dev/null && continue
  fi
  echo "build.sh: ${c%%:*} is missing (needed: go 1.25 or newer, gcc, zstd)" >&2; exit 77
done

cache=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
version=$(cat "$dir/VERSION")
arch=$(go env GOARCH)
# The key is all that goes into it, so that a changed go.mod builds anew.
key=$(cat "$dir/go.mod" "$dir/go.sum" "$dir/VERSION" "$here/flannel/main.go" "$0" | sha256sum | cut -c1-12)
out=$cache/k3s/$version
say() {
  printf '{"version":"%s","path":"%s","folder":"%s","sha256":"%s","mib":%s,"minutes":%s,"cached":%s}\n' \
    "$version" "$out/k3s" "$out" "$(cut -d' ' -f1 "$out/sha256sum-$arch.txt")" \
    "$(( $(stat -c %s "$out/k3s") / 1048576 ))" "$(cat "$out/minutes")" "$1"
}
mkdir -p "$cache/k3s"
exec 9>"$cache/k3s/.lock-$version"; flock 9
if [ "$(cat "$out/key" 2>/dev/null)" = "$key" ]; then say true; exit 0; fi

t0=$(date +%s)
log=$cache/k3s/build-$version.log; : > "$log"
tmp=$cache/k3s/.tmp-$version; chmod -R u+w "$tmp" 2>/dev/null || true; rm -rf "$tmp"; mkdir -p "$tmp/bin" "$tmp/etc"
trap 'echo "build.sh: failed; the end of $log:" >&2; tail -15 "$log" >&2' ERR
export GOFLAGS="-mod=mod -buildvcs=false" GOWORK=off
cp "$dir/go.mod" "$dir/go.sum" "$tmp/"; chmod u+w "$tmp"/go.*
cd "$tmp"
mod() { go list -m -f "$1" "$2" 2>>"$log"; }
v='{{if .Replace}}{{.Replace.Version}}{{else}}{{.Version}}{{end}}'
p='{{if .Replace}}{{.Replace.Path}}{{else}}{{.Path}}{{end}}'
commit=$(mod '{{.Version}}' github.com/k3s-io/k3s); commit=${commit##*-}
go mod download github.com/k3s-io/k3s >>"$log" 2>&1 || go list github.com/k3s-io/k3s/pkg/version >>"$log" 2>&1
# The files k3s embeds are made by its own build, not part of the module: so the sources
# are copied into this folder (of the cache) and what is there of them put in its place.
cp -r "$(mod '{{.Dir}}' github.com/k3s-io/k3s)" src; chmod -R u+w src
rm -f src/pkg/deploy/embed/.empty src/pkg/data/embed/.empty
for m in ccm rolebindings runtimes; do cp "src/manifests/$m.yaml" src/pkg/deploy/embed/; done
go mod edit -replace github.com/k3s-io/k3s=./src

date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
k3sx="-X github.com/k3s-io/k3s/pkg/version.Version=$version -X github.com/k3s-io/k3s/pkg/version.GitCommit=${commit:0:8} -X github.com/k3s-io/k3s/pkg/version.UpstreamGolang=$(go env GOVERSION)"
x=$k3sx
for b in k8s.io/client-go/pkg/version k8s.io/component-base/version; do
  x="$x -X $b.gitVersion=$version -X $b.gitCommit=$commit -X $b.gitTreeState=clean -X $b.buildDate=$date"
done
x="$x -X sigs.k8s.io/cri-tools/pkg/version.Version=$(mod "$v" sigs.k8s.io/cri-tools)"
x="$x -X github.com/containerd/containerd/v2/version.Version=$(mod "$v" github.com/containerd/containerd/v2)"
x="$x -X github.com/containerd/containerd/v2/version.Package=$(mod "$p" github.com/containerd/containerd/v2)"

build() { nice -n "${SLIPWAY_E2E_NICE:-10}" go build "$@" >>"$log" 2>&1 9>&-; }
CGO_ENABLED=1 build -tags "ctrd netcgo osusergo providerless urfave_cli_no_docs sqlite_omit_load_extension" \
  -ldflags "-w -s $x" -o bin/k3s github.com/k3s-io/k3s/cmd/server
export CGO_ENABLED=0
build -tags no_grpc -ldflags "-w -s" -o bin/containerd-shim-runc-v2 github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2
for c in main/bridge main/loopback ipam/host-local meta/portmap meta/bandwidth meta/firewall; do
  build -ldflags "-w -s" -o "bin/${c#*/}" "github.com/containernetworking/plugins/plugins/$c"
done
(cd "$here/flannel" && GO111MODULE=off GOFLAGS= go build -ldflags "-w -s" -o "$tmp/bin/flannel" . >>"$log" 2>&1)

cd bin
for l in containerd crictl ctr kubectl k3s-agent k3s-server k3s-token k3s-etcd-snapshot k3s-secrets-encrypt k3s-certificate k3s-completion; do ln -s k3s $l; done
find . -type f ! -name '.*' -exec sha256sum {} \; | sed 's| \./| |' | sort -k2 > .sha256sums
find . -type l -printf '%P %l\n' | sort > .links
cd ..
tar -cf data.tar ./bin ./etc
zstd -q -T0 -9 -f --long=25 --rm data.tar -o data.tar.zst
mv data.tar.zst "src/pkg/data/embed/$(sha256sum data.tar.zst | cut -d' ' -f1).tar.zst"
build -tags "urfave_cli_no_docs" -ldflags "-w -s $k3sx" -o k3s github.com/k3s-io/k3s/cmd/k3s

name=k3s; [ "$arch" = amd64 ] || name=k3s-$arch
printf '%s  %s\n' "$(sha256sum k3s | cut -d' ' -f1)" "$name" > "sha256sum-$arch.txt"
echo $(( ($(date +%s) - t0 + 59) / 60 )) > minutes
echo "$key" > key
cd "$cache"; rm -rf "$tmp/src" "$tmp/bin" "$tmp/etc" "$out"; rm -f "$tmp"/go.*; mv "$tmp" "$out"
say false
