# shellcheck shell=sh
# Says what a host is like before anything is done to it. Looks, and changes nothing; a file written to time the disk is
# removed again. What cannot be found out is answered empty.
# PORTS: what a node will listen on, `6443/tcp 8472/udp`. PRIVATE_ADDRESS: where the other hosts shall reach this one.
# WRITE_TEST: true or false. WIREGUARD: whether to ask the kernel for it, true or false.
for name in PORTS PRIVATE_ADDRESS WRITE_TEST WIREGUARD; do need "$name"; done

p=$SLIPWAY_PREFIX

# first FILE: its first line.
first() {
  head -n 1 "$1" 2>/dev/null || :
}

# os_field NAME: a value of os-release without its quotes.
os_field() {
  sed -n "s/^$1=//p" "$p/etc/os-release" 2>/dev/null | tr -d "\"'" | head -n 1
}

fact time "$(date +%s)"
fact boot_id "$(boot_id)"
fact os "$(os_field ID)"
fact os_like "$(os_field ID_LIKE)"
fact os_version "$(os_field VERSION_ID)"
fact machine "$(uname -m)"
fact hostname "$(uname -n)"
fact machine_id "$(first "$p/etc/machine-id")"
fact product_uuid "$(first /sys/class/dmi/id/product_uuid)"

init=$(cat /proc/1/comm)
[ ! -d "$p/run/systemd/system" ] || init=systemd
fact init "$init"

# The memory controller can be switched off by the kernel's command line, as on a Raspberry Pi.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  fact cgroup v2
  controllers=$(cat /sys/fs/cgroup/cgroup.controllers)
else
  fact cgroup v1
  controllers=$(awk 'NR > 1 && $4 == 1 { printf "%s ", $1 }' /proc/cgroups)
fi
missing=
for controller in cpu cpuset memory pids; do
  case " $controllers " in *" $controller "*) ;; *) missing="$missing $controller" ;; esac
done
fact cgroup_missing "${missing# }"

fact cores "$(getconf _NPROCESSORS_ONLN)"
fact memory_mib "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
fact swap_mib "$(awk '$1 == "SwapTotal:" { print int($2 / 1024) }' /proc/meminfo)"

# The data of k3s lies in the first of these that is there.
for place in "$p/var/lib/rancher/k3s" "$p/var/lib/rancher" "$p/var/lib" "${p:-/}"; do
  [ ! -d "$place" ] || break
done
fact disk_free_mib "$(($(free_kib "$place") / 1024))"
fact disk_type "$(stat -f -c %T "$place" 2>/dev/null || :)"

# write_test FOLDER: five times sixty small writes, each followed by a sync as etcd does it; the middle of the five.
write_test() {
  # Left by one that was cut off.
  rm -rf "$1"/slipway-probe.*
  probe=$(mktemp -d "$1/slipway-probe.XXXXXX") || return 0
  trap 'rm -rf "$probe"' EXIT
  printf '#!/bin/sh\nexit 0\n' >"$probe/run" && chmod 700 "$probe/run"
  if "$probe/run" 2>/dev/null; then fact disk_noexec false; else fact disk_noexec true; fi
  for _ in 1 2 3 4 5; do
    timeout 12 dd if=/dev/zero of="$probe/data" bs=2300 count=60 oflag=dsync conv=notrunc 2>&1 |
      sed -n 's/.* copied, \([0-9.e+-]*\) s.*/\1/p'
  done | awk '{ print $1 * 1000 / 60 }' | sort -n >"$probe/times"
  # A round that did not end in its time took longer than any.
  if [ "$(wc -l <"$probe/times")" -lt 3 ]; then
    if dd if=/dev/zero of="$probe/data" bs=1 count=1 oflag=dsync 2>/dev/null; then fact fsync_ms 200; fi
  else
    fact fsync_ms "$(awk '{ value[NR] = $1 } END { printf "%.1f", value[int((NR + 1) / 2)] }' "$probe/times")"
  fi
  rm -rf "$probe"
  trap - EXIT
}
if [ "$WRITE_TEST" = true ]; then
  say 'timing the disk'
  write_test "$place"
fi

# listening PROTOCOL PORT: whether anything of this host has the port. 0A is LISTEN, 07 an unconnected UDP socket.
listening() {
  state=0A
  [ "$1" = tcp ] || state=07
  cat "/proc/net/$1" "/proc/net/${1}6" 2>/dev/null | awk -v port="$(printf '%04X' "$2")" -v state="$state" '
    { split($2, local, ":") } local[2] == port && $4 == state { found = 1 } END { exit !found }'
}

# held_by PROTOCOL PORT: the program's name, where it can be told.
held_by() {
  command -v ss >/dev/null || return 0
  ss -Hlnp "--$1" "sport = :$2" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)".*/\1/p' | head -n 1
}
used=
for port in $PORTS; do
  protocol=${port#*/}
  number=${port%/*}
  ! listening "$protocol" "$number" || used="$used $port=$(held_by "$protocol" "$number")"
done
fact ports "${used# }"

addresses=$(ip -o -4 addr show 2>/dev/null | awk '{ split($4, part, "/"); if (part[1] !~ /^127\./) printf "%s ", part[1] }')
fact addresses "${addresses% }"
fact private_interface "$(interface_with "$PRIVATE_ADDRESS")"

# firewall: what keeps others from this host's ports; empty when nobody does.
firewall() {
  if command -v ufw >/dev/null && ufw status 2>/dev/null | grep -q '^Status: active'; then
    echo ufw
  elif command -v firewall-cmd >/dev/null && [ "$(firewall-cmd --state 2>/dev/null)" = running ]; then
    echo firewalld
  elif command -v nft >/dev/null && nft list ruleset 2>/dev/null | grep -Eq 'hook input .*policy drop'; then
    echo nftables
  elif command -v iptables-save >/dev/null &&
    iptables-save -t filter 2>/dev/null | grep -Eq '^:INPUT DROP|^-A INPUT -j (DROP|REJECT)( |$)'; then
    echo iptables
  fi
}
fact firewall "$(firewall)"
iptables_version=
! command -v iptables >/dev/null || iptables_version=$(iptables --version 2>/dev/null | sed -n 's/^iptables v\([0-9.]*\).*/\1/p')
fact iptables "$iptables_version"

# wireguard: whether the kernel has it. The surest way to know is to ask for a link, and take it away.
wireguard() {
  if [ -d /sys/module/wireguard ] || modprobe -n -q wireguard 2>/dev/null; then
    echo true
  elif ip link add slipway-probe type wireguard 2>/dev/null; then
    ip link delete slipway-probe
    echo true
  else
    echo false
  fi
}
if [ "$WIREGUARD" = true ]; then fact wireguard "$(wireguard)"; else fact wireguard ''; fi

left=
for path in etc/systemd/system/k3s.service etc/systemd/system/k3s-agent.service usr/local/bin/k3s usr/bin/k3s \
  etc/rancher/k3s var/lib/rancher/k3s/server var/lib/rancher/k3s/agent; do
  [ ! -e "$p/$path" ] || left="$left /$path"
done
# Whatever else lies below is deleted with the rest on the day the host is let go: volumes above all. Folders alone,
# such as those of a disk that was just mounted, are no data.
data=var/lib/rancher/k3s
for path in "$p/$data"/* "$p/$data"/.[!.]*; do
  case ${path##*/} in
    server | agent) continue ;;
  esac
  [ -n "$(find -H "$path" ! -type d -print -quit 2>/dev/null)" ] || continue
  case ${path##*/} in
    # Paths are told with blanks between them, and stand in a command.
    *[!A-Za-z0-9._+-]*) found=/$data ;;
    *) found=/$data/${path##*/} ;;
  esac
  case "$left " in
    *" $found "*) ;;
    *) left="$left $found" ;;
  esac
done
fact k3s_left "${left# }"
other=
for path in etc/kubernetes/kubelet.conf var/lib/rancher/rke2 var/snap/microk8s var/lib/k0s; do
  [ ! -e "$p/$path" ] || other="$other /$path"
done
fact kubernetes_left "${other# }"
fact claimed_by "$(claim_field cluster)"
