# shellcheck shell=sh
# Tells what this host is claimed for. Looks; changes nothing, and waits for no other task.
for field in machine cluster cluster_id pool role slot generation distribution claimed_at; do
  fact "$field" "$(claim_field "$field")"
done
# What the disks that hold the cluster's data have left, in MiB, each disk once: etcd's may be one of its own.
disks=
left=
for path in /var/lib/rancher/k3s /var/lib/kubelet /var/lib/rancher/k3s/server/db /var/lib/rancher/k3s/agent/containerd; do
  disk=$(stat -L -c %d "$SLIPWAY_PREFIX$path" 2>/dev/null) || continue
  case " $disks " in *" $disk "*) continue ;; esac
  disks="$disks $disk"
  left="$left $path=$(($(free_kib "$SLIPWAY_PREFIX$path") / 1024))"
done
fact data_free_mib "${left# }"
fact boot_id "$(boot_id)"
