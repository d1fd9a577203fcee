# shellcheck shell=sh
# Stops k3s and keeps it from starting again, so that a node that is deleted does not register anew. Data stay.
# KILL_PODS: true ends the pods too; without it they run on, as k3s means them to during an upgrade.
need KILL_PODS

was=$(k3s_unit)
if [ "$was" != none ]; then
  unit=$(unit_name "$was")
  said=$(systemctl disable --now "$unit" 2>&1) || fail UNIT_FAILED "$unit could not be stopped: $said"
  rm -f "$SLIPWAY_PREFIX/var/lib/slipway/k3s.started"
fi

if [ "$KILL_PODS" = true ]; then
  data=$SLIPWAY_PREFIX/var/lib/rancher/k3s/data/
  # children PID: its descendants, then itself. A shim is the parent of all that runs in its pod.
  family() {
    for child in $(ps -e -o ppid= -o pid= | awk -v parent="$1" '$1 == parent { print $2 }'); do
      family "$child"
    done
    echo "$1"
  }
  ps -e -o pid= -o args= | awk -v data="$data" 'index($2, data) == 1 && $2 ~ /\/containerd-shim/ { print $1 }' |
    while read -r shim; do
      for pid in $(family "$shim"); do kill -KILL "$pid" 2>/dev/null || :; done
    done
  # Deepest first.
  awk '{ print $2 }' /proc/self/mounts | sort -r | while read -r mount; do
    case $mount in
      "$SLIPWAY_PREFIX"/run/k3s/* | "$SLIPWAY_PREFIX"/var/lib/kubelet/pods/* | "$SLIPWAY_PREFIX"/var/lib/kubelet/plugins/* | "$SLIPWAY_PREFIX"/run/netns/cni-*)
        umount -l "$mount" || say "$mount could not be unmounted"
        ;;
    esac
  done
  # Interfaces have no prefix: only on a machine that is ours alone.
  if [ -z "$SLIPWAY_PREFIX" ]; then
    for link in cni0 flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6; do
      ip link delete "$link" 2>/dev/null || :
    done
  fi
fi
fact was "$was"
