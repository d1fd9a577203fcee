# Shared by the scripts of the rig. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

RIG_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${SLIPWAY_E2E_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-e2e}
RUN=/run/slipway-e2e            # one file per live rig: rigs/<id>; saved machine settings
V1="memory cpu cpuacct cpuset blkio pids devices freezer hugetlb"

die() { echo "rig: $*" >&2; exit 1; }
cannot() { echo "rig: cannot run here: $*" >&2; exit 77; }   # 77: the caller should skip, and say why

# The rig's own cgroup2 folder. On a machine with both, v1 has the controllers.
CGROUPS=/sys/fs/cgroup
CG=$CGROUPS
[ -e $CG/cgroup.procs ] || CG=$CGROUPS/unified

state() { # reads the state folder of a rig that is up
  [ -n "${RIG_STATE:-}" ] || die "RIG_STATE (the folder of this rig's state) is not set"
  [ -s "$RIG_STATE/id" ] || die "no rig is up at $RIG_STATE (run: rig.sh up)"
  ID=$(cat "$RIG_STATE/id"); SUB=$(cat "$RIG_STATE/subnet"); NS=$ID
}
hostdir() { # name -> its folder, or an error
  H=$RIG_STATE/h/$1
  [ -e "$H/octet" ] || die "no host $1 in this rig"
  OCTET=$(cat "$H/octet"); IP=$SUB.$OCTET
}
inlab() { nsenter --net="/run/netns/$NS" "$@"; }   # "ip netns exec" would hide /sys/fs/cgroup
hostssh() { # name command... : as root, with the host's known key
  local n=$1; shift
  inlab ssh -i "$RIG_STATE/id_ed25519" -F none -o UserKnownHostsFile="$RIG_STATE/known_hosts" \
    -o StrictHostKeyChecking=yes -o BatchMode=yes -o ConnectTimeout="${RIG_CONNECT_TIMEOUT:-30}" -o LogLevel=ERROR \
    "root@$SUB.$(cat "$RIG_STATE/h/$n/octet")" "$@"
}
locked() { # serialise what changes machine-wide things
  mkdir -p $RUN/rigs; exec 8>$RUN/lock; flock 8; "$@"; flock -u 8; exec 8>&-
}

# Machine-wide settings a kubelet insists on. It would write them itself if it could; the
# hosts may not, so the rig sets them while any rig is up and puts the old values back.
SYSCTLS="vm.overcommit_memory=1 vm.panic_on_oom=0 kernel.panic=10 kernel.panic_on_oops=1
 kernel.keys.root_maxkeys=1000000 kernel.keys.root_maxbytes=25000000
 fs.inotify.max_user_instances=4096 fs.inotify.max_user_watches=1048576"
sysctls_set() {
  local kv k f v
  [ -e $RUN/sysctl.saved ] || for kv in $SYSCTLS; do
    k=${kv%%=*}; f=/proc/sys/${k//.//}
    [ ! -e "$f" ] || echo "$f $(cat "$f")"
  done > $RUN/sysctl.saved
  for kv in $SYSCTLS; do
    k=${kv%%=*}; f=/proc/sys/${k//.//}; v=${kv#*=}
    if [ ! -e "$f" ]; then continue; fi
    case $k in   # limits are only ever raised
      kernel.keys.*|fs.*) [ "$(cat "$f")" -ge "$v" ] || echo "$v" > "$f" ;;
      *) echo "$v" > "$f" ;;
    esac
  done
}
sysctls_restore() { # only when the last rig is gone
  [ -z "$(ls -A $RUN/rigs 2>/dev/null)" ] || return 0
  [ -e $RUN/sysctl.saved ] || return 0
  local f v; while read -r f v; do echo "$v" > "$f" || true; done < $RUN/sysctl.saved
  rm -f $RUN/sysctl.saved
}
