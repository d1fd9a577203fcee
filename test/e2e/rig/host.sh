# One host of the rig: a systemd-nspawn machine with its own disk, address, systemd and sshd.
# shellcheck shell=bash

host_json() { # name
  hostdir "$1"
  local up=false; host_alive "$1" && up=true
  printf '{"name":"%s","address":"%s","port":22,"user":"root","hostKey":"%s","fingerprint":"%s","running":%s}\n' \
    "$1" "$IP" "$(cut -d' ' -f1,2 "$H/hostkey.pub")" "$(ssh-keygen -lf "$H/hostkey.pub" | cut -d' ' -f2)" "$up"
}
host_alive() { [ -e "$CG/$ID/$1/cgroup.events" ] && grep -q '^populated 1' "$CG/$ID/$1/cgroup.events"; }

host_create() { # name octet [--disk 4g] [--init sshd]
  local n=$1 o=$2 disk=4g init=systemd layers a
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --disk) disk=$2; shift 2 ;;
      --init) init=$2; shift 2 ;;
      *) die "create: unknown option $1" ;;
    esac
  done
  [[ $n =~ ^[a-z][a-z0-9-]{0,11}$ ]] || die "host names: a letter, then letters, digits or -, 12 at most"
  H=$RIG_STATE/h/$n
  [ ! -e "$H/octet" ] || die "host $n exists"
  # Chapters run side by side, and two machines at one address take each other's place by turns.
  for a in "$RIG_STATE"/h/*/octet; do
    [ ! -e "$a" ] || [ "$(cat "$a")" != "$o" ] || die "$(basename "$(dirname "$a")") has the address that ends with $o already"
  done
  mkdir -p "$H"; mount -t tmpfs -o "size=$disk,mode=755" tmpfs "$H"
  # containers' layers and etcd may not lie on the host's overlay: a folder of its own
  mkdir "$H/up" "$H/work" "$H/root" "$H/rancher"
  layers=$(paste -sd: "$RIG_STATE/layers")
  mount -t overlay overlay -o "lowerdir=$layers,upperdir=$H/up,workdir=$H/work" "$H/root"
  ssh-keygen -q -t ed25519 -N '' -C "$n" -f "$H/hostkey"
  install -m600 "$H/hostkey" "$H/root/etc/ssh/ssh_host_ed25519_key"
  install -m644 "$H/hostkey.pub" "$H/root/etc/ssh/ssh_host_ed25519_key.pub"
  for a in root home/ops; do
    mkdir -p -m700 "$H/root/$a/.ssh"
    install -m600 "$RIG_STATE/id_ed25519.pub" "$H/root/$a/.ssh/authorized_keys"
  done
  chroot "$H/root" chown -R ops:ops /home/ops/.ssh
  echo "$n" > "$H/root/etc/hostname"
  printf '127.0.0.1 localhost\n%s.%s %s\n' "$SUB" "$o" "$n" > "$H/root/etc/hosts"
  : > "$H/root/etc/resolv.conf"
  for a in "$RIG_STATE"/bin/*; do [ ! -e "$a" ] || install -m755 "$a" "$H/root/usr/local/bin/"; done
  echo "$init" > "$H/init"
  echo "$o" > "$H/octet"; hostdir "$n"
  locked_known_hosts "$IP" "$(cut -d' ' -f1,2 "$H/hostkey.pub")"
  ip netns add "$ID-$n"
  ip -n "$ID-$n" link set lo up
  # the MAC follows the address: a random one keeps a recreated host unreachable until its
  # neighbours' ARP entries expire
  ip -n "$NS" link add "v-$n" type veth peer name eth0 address "$(printf '02:00:0a:e7:07:%02x' "$o")" netns "$ID-$n"
  ip -n "$NS" link set "v-$n" master br0 up
  ip -n "$ID-$n" addr add "$IP/24" dev eth0
  ip -n "$ID-$n" link set eth0 up
  ip -n "$ID-$n" route add default via "$SUB.1"
  host_start "$n"
}
locked_known_hosts() { # address key
  ( flock 9; sed -i "/^$1 /d" "$RIG_STATE/known_hosts"; echo "$1 $2" >> "$RIG_STATE/known_hosts" ) 9>"$RIG_STATE/h/.lock"
}
forget_known_host() { # address as a pattern
  ( flock 9; sed -i "/^$1 /d" "$RIG_STATE/known_hosts" ) 9>"$RIG_STATE/h/.lock"
}

host_start() { # the power button; returns when the host answers ssh
  hostdir "$1"
  host_alive "$1" && die "host $1 is running"
  setsid "$RIG_DIR/rig.sh" _run "$1" >>"$H/console.log" 2>&1 </dev/null 7>&- 8>&- &
  echo $! > "$H/supervisor"
  host_wait "$1" 60
}
host_wait() { # name seconds
  local end=$(( $(date +%s) + ${2:-60} ))
  until RIG_CONNECT_TIMEOUT=1 hostssh "$1" true </dev/null 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || { tail -5 "$RIG_STATE/h/$1/console.log" >&2; die "host $1 does not answer ssh after ${2:-60} s"; }
    sleep 0.1
  done
}
host_run() { # runs in the background for as long as the host has power
  hostdir "$1"
  local n=$1 c f rc start=(--boot)
  [ "$(cat "$H/init")" = systemd ] || start=(--as-pid2 /bin/sh -c 'mkdir -p /run/sshd; exec /usr/sbin/sshd -D -e')
  trap '' HUP
  while :; do
    for c in $V1; do
      c=/sys/fs/cgroup/$c
      [ -e "$c/cgroup.procs" ] && [ "$CG" != "$c" ] || continue
      mkdir -p "$c/$ID/$n"
      for f in cpuset.cpus cpuset.mems; do
        [ ! -e "$c/$f" ] || { cat "$c/$f" > "$c/$ID/$f"; cat "$c/$f" > "$c/$ID/$n/$f"; }
      done
      echo $BASHPID > "$c/$ID/$n/cgroup.procs"
    done
    mkdir -p "$CG/$ID/$n"; echo $BASHPID > "$CG/$ID/$n/cgroup.procs"
    shares
    rc=0
    # Writable net sysctls and every capability, for kubelet, CNI and containers; the other
    # sysctls stay the machine's. Seccomp off: else runc's keyrings are refused.
    SYSTEMD_NSPAWN_API_VFS_WRITABLE=${RIG_VFS_WRITABLE:-network} SYSTEMD_SECCOMP=0 \
    systemd-nspawn --quiet --register=no --keep-unit --capability=all \
      --machine="$ID-$n" --hostname="$n" --directory="$H/root" --network-namespace-path="/run/netns/$ID-$n" \
      --bind=/dev/kmsg --bind="$H/rancher:/var/lib/rancher" \
      --link-journal=no --resolv-conf=off --timezone=off --console=pipe "${start[@]}" || rc=$?
    # 133: the host rebooted, and with --keep-unit starting it again is left to us
    [ $rc = 133 ] || exit $rc
  done
}
shares() { # the rig's own group has a share of the processors for each host: next to the machine's others it weighs as many
  local n w c
  n=$(find "$RIG_STATE"/h -mindepth 2 -maxdepth 2 -name octet | wc -l)
  [ "$n" -gt 0 ] || n=1
  for c in "$CGROUPS/cpu" "$CGROUPS/cpu,cpuacct"; do
    [ ! -w "$c/$ID/cpu.shares" ] || echo $((1024 * n)) > "$c/$ID/cpu.shares"
  done
  w=$((100 * n)); [ $w -le 10000 ] || w=10000
  [ ! -w "$CG/$ID/cpu.weight" ] || echo $w > "$CG/$ID/cpu.weight"
}
cgroup_empty() { # path below the cgroup2 mount: kill everything in it
  local n
  [ -e "$CG/$1" ] || return 0
  for n in $(seq 200); do
    grep -q '^populated 0' "$CG/$1/cgroup.events" && return 0
    echo 1 > "$CG/$1/cgroup.kill"; sleep 0.02
  done
  return 1
}
cgroup_remove() { # path: the folders, in every hierarchy
  local c n
  for n in 1 2 3; do   # a killed process leaves its v1 folder a moment later
    for c in /sys/fs/cgroup/*/ "$CG/"; do
      [ ! -d "$c$1" ] || find "$c$1" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    done
    ls -d /sys/fs/cgroup/*/"$1" "$CG/$1" >/dev/null 2>&1 || return 0
    sleep 0.2
  done
}
host_kill() { # pull the plug: no shutdown, the disk stays
  hostdir "$1"
  [ ! -e "$H/supervisor" ] || { kill -9 "$(cat "$H/supervisor")" 2>/dev/null || true; rm -f "$H/supervisor"; }
  cgroup_empty "$ID/$1" || die "host $1 does not die"
  cgroup_remove "$ID/$1"
  rmdir /run/systemd/nspawn/propagate/"$ID-$1" 2>/dev/null || true
  # what its network stack still held (bridges, vxlan, rules) goes with a power cut
  host_net_reset "$1"
}
host_net_reset() {
  local l
  for l in $(ip -n "$ID-$1" -o link show | awk -F': ' '{print $2}' | cut -d@ -f1); do
    case $l in lo|eth0|tunl0|sit0|gre0|gretap0|erspan0|ip6tnl0|ip6gre0|ip_vti0|ip6_vti0) ;; *) ip -n "$ID-$1" link del "$l" 2>/dev/null || true ;; esac
  done
  nsenter --net="/run/netns/$ID-$1" nft flush ruleset 2>/dev/null || true
  ip -n "$ID-$1" addr flush dev eth0
  ip -n "$ID-$1" addr add "$SUB.$(cat "$RIG_STATE/h/$1/octet")/24" dev eth0
  ip -n "$ID-$1" route replace default via "$SUB.1"
}
host_stop() { # orderly power off
  hostdir "$1"
  hostssh "$1" 'systemctl poweroff' </dev/null 2>/dev/null || true
  local i; for i in $(seq 300); do host_alive "$1" || break; sleep 0.1; done
  host_kill "$1"
}
host_reboot() { # orderly; returns when the new boot answers
  hostdir "$1"
  local old new i
  old=$(hostssh "$1" cat /proc/sys/kernel/random/boot_id </dev/null)
  hostssh "$1" 'systemctl reboot' </dev/null 2>/dev/null || true
  for i in $(seq 900); do
    new=$(RIG_CONNECT_TIMEOUT=1 hostssh "$1" cat /proc/sys/kernel/random/boot_id </dev/null 2>/dev/null || true)
    [ -z "$new" ] || [ "$new" = "$old" ] || return 0
    sleep 0.1
  done
  die "host $1 did not come back after a reboot"
}
host_destroy() { # power off, disk and network thrown away
  host_kill "$1"
  ip netns del "$ID-$1"; ip -n "$NS" link del "v-$1" 2>/dev/null || true
  umount "$H/root"; umount "$H"; rmdir "$H"
  shares
  forget_known_host "${IP//./\\.}"
}
host_recreate() { # a new machine under the old address: new disk, new host key
  hostdir "$1"; local o=$OCTET
  host_destroy "$1"; host_create "$1" "$o" --init systemd
}
