# The rig's network: one namespace with a bridge; every host hangs on it by a veth pair.
# shellcheck shell=bash

rig_up() { # [--subnet 10.231.7] [--owner PID] [--bin FILE]...
  local subnet=10.231.7 owner= layers b bins=()
  while [ $# -gt 0 ]; do
    case $1 in
      --subnet) subnet=$2; shift 2 ;;
      --owner) owner=$2; shift 2 ;;
      --bin) [ -x "$2" ] || die "up: $2 is no program"; bins+=("$2"); shift 2 ;;
      *) die "up: unknown option $1" ;;
    esac
  done
  [ -n "${RIG_STATE:-}" ] || die "RIG_STATE is not set"
  [ ! -e "$RIG_STATE/id" ] || die "a rig is already up at $RIG_STATE (run: rig.sh down)"
  [ "$(id -u)" = 0 ] || cannot "needs root"
  [ -e $CG/cgroup.procs ] || cannot "no cgroup2 hierarchy at /sys/fs/cgroup or /sys/fs/cgroup/unified"
  mkdir -p "$RIG_STATE/h"; RIG_STATE=$(cd "$RIG_STATE" && pwd)
  rig_sweep >/dev/null
  layers=$("$RIG_DIR/rootfs.sh") || exit $?
  echo "$layers" > "$RIG_STATE/layers"
  # The id names namespaces, cgroups and machines; interface names allow 15 characters.
  ID=sr$(printf '%s' "$RIG_STATE$$" | sha256sum | cut -c1-6); SUB=$subnet; NS=$ID
  mkdir -p $RUN/rigs
  printf '%s\n%s\n' "$RIG_STATE" "$owner" > "$RUN/rigs/$ID"
  echo "$SUB" > "$RIG_STATE/subnet"; echo "$ID" > "$RIG_STATE/id"
  locked sysctls_set
  ssh-keygen -q -t ed25519 -N '' -C rig -f "$RIG_STATE/id_ed25519"
  : > "$RIG_STATE/known_hosts"
  for b in ${bins[@]+"${bins[@]}"}; do install -D -m755 "$b" "$RIG_STATE/bin/$(basename "$b")"; done
  ip netns add "$NS"
  ip -n "$NS" link set lo up
  ip -n "$NS" link add br0 type bridge
  ip -n "$NS" addr add "$SUB.1/24" dev br0
  ip -n "$NS" link set br0 up
  if [ -n "$owner" ]; then   # who started it dies: the rig goes too
    setsid bash -c 'tail --pid="$1" -f /dev/null; RIG_STATE=$2 exec "$3" down' _ "$owner" "$RIG_STATE" "$RIG_DIR/rig.sh" \
      >/dev/null 2>&1 </dev/null 7>&- 8>&- &
    echo $! > "$RIG_STATE/reaper"
  fi
  printf '{"id":"%s","netns":"/run/netns/%s","gateway":"%s.1","key":"%s","knownHosts":"%s"}\n' \
    "$ID" "$NS" "$SUB" "$RIG_STATE/id_ed25519" "$RIG_STATE/known_hosts"
}

rig_down() {
  [ -n "${RIG_STATE:-}" ] || die "RIG_STATE is not set"
  if [ ! -s "$RIG_STATE/id" ]; then return 0; fi
  state; set +e
  local f n
  if [ -e "$RIG_STATE/reaper" ] && [ "${RIG_KEEP_REAPER:-}" = "" ]; then
    n=$(cat "$RIG_STATE/reaper"); [ "$n" = $$ ] || kill "$n" 2>/dev/null
  fi
  for f in "$RIG_STATE"/h/*/supervisor; do [ -e "$f" ] && kill -9 "$(cat "$f")" 2>/dev/null; done
  cgroup_empty "$ID"; cgroup_remove "$ID"
  for n in $(ip netns list | awk -v p="$ID" 'index($1,p)==1{print $1}'); do ip netns del "$n"; done
  tac /proc/mounts | awk -v p="$RIG_STATE/" 'index($2,p)==1{print $2}' | while read -r n; do umount "$n" || umount -l "$n"; done
  rmdir /run/systemd/nspawn/propagate/"$ID"-* 2>/dev/null
  rm -f "$RUN/rigs/$ID" "$RIG_STATE"/{id,subnet,layers,id_ed25519,id_ed25519.pub,known_hosts,reaper}
  # --one-file-system: never descend into something that failed to unmount
  rm -rf --one-file-system "$RIG_STATE/h" "$RIG_STATE/bin"
  rmdir "$RIG_STATE" 2>/dev/null
  locked sysctls_restore
  set -e
}

rig_sweep() { # take down rigs whose owner is gone
  local f s owner
  for f in $RUN/rigs/*; do
    [ -e "$f" ] || continue
    { read -r s; read -r owner || true; } < "$f"
    if [ ! -s "$s/id" ]; then rm -f "$f"; continue; fi
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then RIG_STATE=$s "$RIG_DIR/rig.sh" down; echo "$s"; fi
  done
}

net_plug() { # host up|down
  ip -n "$NS" link set "v-$1" "$2"
}
net_cut() { # host [other]: unplug, or drop what goes between two hosts
  local a b
  hostdir "$1"
  if [ $# = 1 ]; then net_plug "$1" down; return; fi
  a=$IP; hostdir "$2"; b=$IP
  inlab nft "add table bridge cut; add chain bridge cut f { type filter hook forward priority 0; }
    add rule bridge cut f ip saddr $a ip daddr $b drop; add rule bridge cut f ip saddr $b ip daddr $a drop"
}
net_heal() { # [host [other]]: plug in again; with no or two names: all cuts between hosts end
  if [ $# = 1 ]; then hostdir "$1"; net_plug "$1" up; return; fi
  inlab nft delete table bridge cut 2>/dev/null || true
}
