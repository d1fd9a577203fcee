#!/bin/bash
# release.sh MINOR - the official release of that minor's VERSION, through `slipway bundle create`, in the cache;
# one JSON line. Exit code 3, and why: not here, so that build.sh has to make one.
#
# SLIPWAY_E2E_RELEASES: a mirror of the release site, the folder with one for each version.
# SLIPWAY_E2E_PROGRAM: the folder of the built program.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=$(cat "$here/${1:?usage: release.sh MINOR}/VERSION")
slipway=${SLIPWAY_E2E_PROGRAM:-$here/../../..}/bin/run.js
site=${SLIPWAY_E2E_RELEASES:-https://github.com/k3s-io/k3s/releases/download}
cache=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
out=$cache/k3s/$version-release
not_here() { echo "$*" >&2; exit 3; }
case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  *) not_here "$(uname -m) is no machine of ours" ;;
esac

# Whoever asks for the release by name is believed.
if [ "${SLIPWAY_E2E_K3S:-auto}" != release ]; then
  # Its runc is its own, and sets scores below 0 for the pods that are to die last; ours is told not to (rig/addon/runc).
  allowed=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
  [ $(( 0x$allowed >> 24 & 1 )) = 1 ] || not_here "the release's runc needs CAP_SYS_RESOURCE"
  # Its images are unpacked in the memory of each host: about 1 GiB for each of nine.
  memory=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  [ "$memory" -ge 18 ] || not_here "with the release's images 18 GiB of memory are needed, here are $memory"
fi
# A question of seconds; the download itself is patient.
why=$(node -e '
  fetch(process.argv[1], { method: "HEAD", signal: AbortSignal.timeout(10_000) }).then(({ ok, status }) => {
    if (!ok) throw new Error(`it answers ${status}`);
  }).catch(({ message, cause }) => { console.log(cause?.code ?? message); process.exit(1); });
' "$site/${version/+/%2B}/sha256sum-$arch.txt") || not_here "the release site does not give $version ($why)"

mkdir -p "$cache/k3s"
exec 9>"$cache/k3s/.lock-$version-release"; flock 9
"$slipway" bundle create --k3s-version "$version" --arch "$arch" --releases "$site" --out "$out" >&2 9>&-
printf '{"version":"%s","folder":"%s","arch":"%s"}\n' "$version" "$out" "$arch"
