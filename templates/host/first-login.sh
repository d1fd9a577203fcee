# shellcheck shell=sh
# Waits until the machine's own first-boot work is over and says what the machine is.
# PRIVATE_ADDRESS: wait for the interface that carries it; may be empty. CLOUD_INIT: true waits for cloud-init, and fails
# where that failed; false leaves it alone: on a machine that was there before us its errors may be old, and it may wait
# for ever.
need CLOUD_INIT

if [ "$CLOUD_INIT" = true ] && command -v cloud-init >/dev/null; then
  say 'waiting for cloud-init'
  code=0
  report=$(cloud-init status --wait --long 2>&1) || code=$?
  status=$(printf '%s\n' "$report" | sed -n 's/^[.]*status: *//p' | head -n 1)
  # Everything from the first word on what went wrong.
  detail=$(printf '%s\n' "$report" | sed -n '/^detail:/,$p; /^errors:/,$p' | head -n 20)
  case $code/$status in
    1/* | */error*) fail CLOUD_INIT_FAILED "cloud-init ended with status ${status:-unknown}: $detail" ;;
    0/*) ;;
    2/*) say "cloud-init met problems it could recover from: $detail" ;;
    *) fail CLOUD_INIT_FAILED "cloud-init status ended with $code: $(printf '%s\n' "$report" | tail -n 5)" ;;
  esac
fi

interface=
if [ -n "${PRIVATE_ADDRESS:-}" ]; then
  interface=$(interface_with "$PRIVATE_ADDRESS")
  [ -n "$interface" ] || say "waiting for the interface with $PRIVATE_ADDRESS"
  while [ -z "$interface" ]; do
    patience || fail PRIVATE_INTERFACE_MISSING \
      "no interface has the address $PRIVATE_ADDRESS; there are: $(ip -o -4 addr show | awk '{ printf "%s %s  ", $2, $4 }')"
    sleep 1
    interface=$(interface_with "$PRIVATE_ADDRESS")
  done
fi

# os_field NAME: a value of os-release without its quotes.
os_field() {
  sed -n "s/^$1=//p" "$SLIPWAY_PREFIX/etc/os-release" 2>/dev/null | tr -d "\"'" | head -n 1
}

arch=$(architecture)
place=$SLIPWAY_PREFIX/var/lib
[ -d "$place" ] || place=${SLIPWAY_PREFIX:-/}
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then cgroup=v2; else cgroup=v1; fi

fact os "$(os_field ID)"
fact os_version "$(os_field VERSION_ID)"
fact arch "$arch"
fact cores "$(getconf _NPROCESSORS_ONLN)"
fact memory_mib "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
fact disk_free_mib "$(($(free_kib "$place") / 1024))"
fact boot_id "$(boot_id)"
fact hostname "$(cat /proc/sys/kernel/hostname)"
fact cgroup "$cgroup"
fact private_interface "$interface"
