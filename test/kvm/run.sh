#!/bin/bash
# run.sh [full] [VITEST ARGUMENTS] - virtual machines on a real libvirtd: what `npm run test:kvm` (one boot, entered by SSH) and
# `npm run test:kvm:full` (the contract of providers as well) start. Installs libvirt where it is missing, and starts a
# libvirtd in a network of its own, so that bridges and rules stay in there. Emulates in software. Exit code 77, and a line that says why: it
# cannot run on this machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cannot() { echo "libvirt skipped: $*" >&2; exit 77; }
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || cannot "needs Linux on a 64-bit PC"
[ "$(id -u)" = 0 ] || cannot "needs root"
command -v apt-get >/dev/null || cannot "needs Debian or one of its family (apt-get)"
command -v ip >/dev/null || cannot "iproute2 is missing"
[ ! -S /run/libvirt/libvirt-sock ] || ! virsh -q -c qemu:///system version >/dev/null 2>&1 ||
  cannot "a libvirtd runs on this machine already, which is left alone"
if ! command -v libvirtd >/dev/null || ! command -v virsh >/dev/null || ! command -v qemu-system-x86_64 >/dev/null; then
  apt-get install -y --no-install-recommends libvirt-daemon-system libvirt-clients dnsmasq-base qemu-system-x86 qemu-utils >&2 ||
    cannot "libvirt cannot be installed"
fi
net=slipway-kvm-$$
work=$(mktemp -d)
conf=/etc/libvirt/qemu.conf
cp -p "$conf" "$work/qemu.conf"
cleanup() {
  local rc=$?
  trap - EXIT
  for pid in libvirtd virtlogd; do
    [ ! -f "$work/$pid.pid" ] || kill "$(cat "$work/$pid.pid")" || true
  done
  cp -p "$work/qemu.conf" "$conf"
  ip netns pids "$net" 2>/dev/null | xargs -r kill || true
  ip netns del "$net" || true
  rm -rf --one-file-system "$work"
  exit "$rc"
}
trap cleanup EXIT
ip netns add "$net" 2>/dev/null || cannot "this machine may not make network namespaces"
ip -n "$net" link set lo up
printf '\nsecurity_driver = "none"\nremember_owner = 0\n' >>"$conf"
inside() { nsenter --net="/run/netns/$net" "$@"; }
inside virtlogd -d -p "$work/virtlogd.pid"
# What it remembers is its own, so that a run that was killed leaves nothing behind for the next. And QEMU's user may open
# the KVM that is there: else libvirtd finds at each look that what it saw as root is not so, and starts QEMU a dozen times.
# shellcheck disable=SC2016 # the inner shell expands it
inside unshare --mount sh -c 'for folder in qemu storage; do mount -t tmpfs tmpfs "/etc/libvirt/$folder" || exit; done
  [ ! -e /dev/kvm ] || { mknod -m 666 "$1/kvm" c 10 232 && mount --bind "$1/kvm" /dev/kvm; } || true
  exec libvirtd -d -p "$1/libvirtd.pid"' - "$work"
for _ in {1..60}; do
  ! virsh -q -c qemu:///system uri >/dev/null 2>&1 || break
  sleep 1
done
cd "$here/../.."
what=("$@")
[ $# -gt 0 ] || what=(boot guide)
[ "${1:-}" != full ] || what=("${@:2}")
inside npx vitest run --config test/kvm/vitest.config.ts "${what[@]}"
