#!/bin/bash
# run.sh [VITEST ARGUMENTS] - the end-to-end ring: what `npm run test:e2e` starts once the program is built. Installs
# what it needs, brings up a rig that goes down with it, runs the chapters inside the rig's network, and prints
# how long things took. Exit code 77, and a line that says why: it cannot run on this machine.
# run.sh --bench [ARGUMENTS OF test/bench/hosts.mjs] - the bench on the same hosts: what `npm run bench:hosts` starts.
#
# SLIPWAY_E2E_CACHE: where k3s, images and the hosts' root file system are kept. SLIPWAY_E2E_MINOR: v1.35 or v1.34; the
# chapters have the one before it too, for what is brought from one to the next.
# SLIPWAY_E2E_K3S: the official `release`, or `build` one from its Go module; `auto`, the default, builds where the release
# cannot be had. SLIPWAY_E2E_RELEASES: a mirror of the release site.
# SLIPWAY_E2E_BUILD_MINUTES (default 40) and SLIPWAY_E2E_MINUTES (default 70): what each build of k3s, and the chapters, may take.
# SLIPWAY_E2E_KEEP=1: the rig and the clusters stay up after a failure, until Enter is pressed.
set -euo pipefail
bench=false
[ "${1:-}" != --bench ] || { bench=true; shift; }
here=$(cd "$(dirname "$0")" && pwd)
minor=${SLIPWAY_E2E_MINOR:-v1.35}
from=${SLIPWAY_E2E_K3S:-auto}
cannot() { echo "end-to-end ring skipped: $*" >&2; exit 77; }
json_value() { sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p"; }
say() { printf '[%4s s] %s\n' "$SECONDS" "$*"; }

[ "$(uname -s)" = Linux ] || cannot "needs Linux"
[ "$(id -u)" = 0 ] || cannot "needs root, for hosts with a systemd of their own"
command -v apt-get >/dev/null || cannot "needs Debian or one of its family (apt-get)"
unshare --mount --net --fork true 2>/dev/null || cannot "this machine may not make namespaces (a container without CAP_SYS_ADMIN?)"
grep -qw overlay /proc/filesystems || cannot "the kernel has no overlay file system"
ip link add sl-e2e-probe type veth peer name sl-e2e-prob2 2>/dev/null || ! command -v ip >/dev/null ||
  cannot "this machine may not make network interfaces"
ip link del sl-e2e-probe 2>/dev/null || true
command -v go >/dev/null || cannot "go is missing (1.25 or newer), which builds the k3s under test"
goes=$(go env GOVERSION); goes=${goes#go1.}
[ "${goes%%[!0-9]*}" -ge 25 ] || cannot "go 1.25 or newer is needed to build the k3s under test; here is $(go env GOVERSION)"
memory=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
[ "$memory" -ge 10 ] || cannot "10 GiB of free memory are needed, here are $memory"

work=$(mktemp -d)
export RIG_STATE=$work/rig SLIPWAY_E2E_TIMES=$work/times SLIPWAY_E2E_STEPS=$work/steps
cleanup() {
  local rc=$?
  trap - EXIT
  "$here/rig/rig.sh" down || true
  rm -rf --one-file-system "$work"
  exit "$rc"
}
trap cleanup EXIT
# shellcheck source=limits.sh
. "$here/limits.sh"

# part NAME COMMAND...: its last line is its answer; a machine that cannot reach the registries is no failure of ours
part() {
  local name=$1 rc=0 minutes=15
  shift
  case $name in k3s-*) minutes=${SLIPWAY_E2E_BUILD_MINUTES:-40} ;; esac
  within "$minutes" "$name" "$@" >"$work/$name" 2>"$work/$name.err" || rc=$?
  [ $rc = 0 ] && return 0
  tail -20 "$work/$name.err" >&2
  [ $rc != 77 ] || exit 77
  [ $rc != 124 ] || exit 1
  grep -qE 'dial tcp|no such host|i/o timeout|connection refused|Temporary failure' "$work/$name.err" && cannot "$name: a registry cannot be reached"
  echo "$name could not be made" >&2
  exit 1
}
# As it would be installed: a build that goes on in this folder meanwhile changes nothing.
SLIPWAY_E2E_PROGRAM=$work/program
export SLIPWAY_E2E_PROGRAM
mkdir "$SLIPWAY_E2E_PROGRAM"
cp -r "$here"/../../{bin,dist,templates,package.json,oclif.manifest.json} "$SLIPWAY_E2E_PROGRAM"
ln -s "$(realpath "$here/../../node_modules")" "$SLIPWAY_E2E_PROGRAM/node_modules"

# official MINOR: whether there is a release for us, which is then in $work/k3s-MINOR; otherwise why says what is missing.
official() {
  local rc=0
  why="as asked for"
  [ "$from" != build ] || return 1
  within 30 "the official release of $1" "$here/k3s/release.sh" "$1" >"$work/k3s-$1" 2>"$work/k3s-$1.err" || rc=$?
  why=$(tail -1 "$work/k3s-$1.err")
  [ $rc != 3 ] || [ "$from" != auto ] || return 1
  [ $rc = 0 ] || { cat "$work/k3s-$1.err" >&2; echo "the release could not be had" >&2; exit 1; }
}
# bundle NAME MINOR CONTENTS...: a bundle in $work/NAME-bundle of k3s of that minor; sets version to its release.
bundle() {
  local name=$1 minor=$2 k3s
  shift 2
  if official "$minor"; then
    say "k3s $minor: the official release"
    k3s=(--from "$(json_value folder <"$work/k3s-$minor")")
  else
    say "k3s $minor: built from its Go module, $why (minutes, when it is not in the cache)"
    part "k3s-$minor" "$here/k3s/build.sh" "$minor"
    k3s=(--binary "$(json_value path <"$work/k3s-$minor")")
  fi
  version=$(json_value version <"$work/k3s-$minor")
  part "bundle-$name" "$SLIPWAY_E2E_PROGRAM/bin/run.js" bundle create --k3s-version "$version" \
    --out "$work/$name-bundle" --arch "$(go env GOARCH)" "${k3s[@]}" "$@"
  part "verify-$name" "$SLIPWAY_E2E_PROGRAM/bin/run.js" bundle verify "$work/$name-bundle"
}
say "root file system of the hosts"
part rootfs "$here/rig/rootfs.sh"
contents=()
if ! $bench; then
  say "images"
  part images "$here/images/build.sh"
  part helm "$here/images/helm.sh" "$minor"
  part kube-vip "$here/images/kube-vip.sh"
  part data "$here/images/data.sh"
  SLIPWAY_E2E_DATA_IMAGES=$(tail -1 "$work/data")
  SLIPWAY_E2E_CHARTS=$(json_value charts <"$work/helm")
  SLIPWAY_E2E_TLS=$(json_value tls <"$work/helm")
  SLIPWAY_E2E_HELM_IMAGE=$(json_value image <"$work/helm")
  export SLIPWAY_E2E_CHARTS SLIPWAY_E2E_TLS SLIPWAY_E2E_HELM_IMAGE SLIPWAY_E2E_DATA_IMAGES
  # No image comes from there; that hosts get the file is what is looked at.
  printf 'mirrors:\n  ring.test:\n    endpoint: ["https://10.231.7.1:5000"]\n' > "$work/registries.yaml"
  contents=(--registries "$work/registries.yaml" --images "$(tail -1 "$work/images")")
  older=$(cd "$here/k3s" && printf '%s\n' v*/ | tr -d / | sort -V | awk -v minor="$minor" '$0 == minor { print last } { last = $0 }')
  if [ -n "$older" ]; then
    bundle older "$older" "${contents[@]}"
    export SLIPWAY_E2E_OLDER_VERSION=$version SLIPWAY_E2E_OLDER_BUNDLE=$work/older-bundle
  fi
  contents+=(--images "$(json_value tarball <"$work/helm")" --images "$(tail -1 "$work/kube-vip")")
fi
bundle k3s "$minor" ${contents[@]+"${contents[@]}"}
export SLIPWAY_E2E_VERSION=$version SLIPWAY_E2E_BUNDLE=$work/k3s-bundle

say "rig"
part rig.json "$here/rig/rig.sh" up --owner $$
SLIPWAY_E2E_KEY=$(json_value key <"$work/rig.json")
SLIPWAY_E2E_KNOWN_HOSTS=$(json_value knownHosts <"$work/rig.json")
export SLIPWAY_E2E_KEY SLIPWAY_E2E_KNOWN_HOSTS
cd "$here/../.."
rc=0
what='the chapters' told=(npx vitest run --config test/e2e/vitest.config.ts)
! $bench || what='the bench' told=(node test/bench/hosts.mjs)
within "${SLIPWAY_E2E_MINUTES:-70}" "$what" "$here/rig/rig.sh" in "${told[@]}" "$@" || rc=$?
if [ $rc != 0 ] && [ "${SLIPWAY_E2E_KEEP:-}" = 1 ] && [ -t 0 ]; then
  read -r -p "RIG_STATE=$RIG_STATE stays up; Enter takes it down " _
fi
if [ -s "$SLIPWAY_E2E_TIMES" ]; then
  printf '\nWhat was measured\n'
  awk -F'\t' '{ printf "  %9s  %s\n", $1, $2 }' "$SLIPWAY_E2E_TIMES"
fi
exit $rc
