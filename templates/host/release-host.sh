# shellcheck shell=sh
# Lets a host go: k3s, its pods and their data, and everything of ours are removed, and the host is as it was found.
# The claim goes last, so that a release that was cut off is found again, and finished. A host that is not claimed is
# left alone.
# MACHINE, CLUSTER_ID: whose claim it is.
need MACHINE
need CLUSTER_ID

p=$SLIPWAY_PREFIX
id=$(claim_field cluster_id)
if [ -z "$id" ]; then
  fact changed false
  exit 0
fi
holder=$(claim_field machine)
[ "$id $holder" = "$CLUSTER_ID $MACHINE" ] || {
  fact taken_by "$(claim_field cluster)"
  fact taken_as "$holder"
  fail HOST_TAKEN "this host belongs to the cluster $(claim_field cluster) as $holder"
}

# stop_unit UNIT: stopped for good, and its file gone.
stop_unit() {
  [ -e "$p/etc/systemd/system/$1" ] || return 0
  said=$(systemctl disable --now "$1" 2>&1) || fail UNIT_FAILED "$1 could not be stopped: $said"
  # One that failed is remembered although its file is gone.
  systemctl reset-failed "$1" 2>/dev/null || :
  rm -rf "$p/etc/systemd/system/$1" "$p/etc/systemd/system/$1.d" "$p/etc/systemd/system/$1.env"
}

say 'stopping k3s and its pods'
stop_unit k3s.service
stop_unit k3s-agent.service
kill_pods
# Stopping undoes what a unit of ours has set up, such as the metadata guard. The one this task runs as is no file here.
for unit in "$p"/etc/systemd/system/slipway-*.service "$p"/etc/systemd/system/slipway-*.timer; do
  [ ! -e "$unit" ] || stop_unit "${unit##*/}"
done
systemctl daemon-reload

if [ -z "$p" ]; then
  say 'removing the rules of k3s'
  # k3s carries these programs itself where the system has none.
  PATH="$PATH:/var/lib/rancher/k3s/data/current/bin/aux:/var/lib/rancher/k3s/data/current/bin"
  ours='KUBE-|CNI-|[Ff][Ll][Aa][Nn][Nn][Ee][Ll]'
  for family in iptables ip6tables; do
    command -v "$family-restore" >/dev/null || continue
    rules=$("$family-save" -c 2>/dev/null) || continue
    printf '%s\n' "$rules" | grep -Eq "$ours" || continue
    # In one go, so that the rules of others are never missing.
    said=$(printf '%s\n' "$rules" | grep -Ev "$ours" | "$family-restore" -c 2>&1) ||
      say "the rules of k3s could not be taken out of $family: $said"
  done
  if command -v ipset >/dev/null; then
    for set in $(ipset list -n 2>/dev/null | grep '^KUBE-'); do ipset destroy "$set" 2>/dev/null || :; done
  fi
  ip link delete kube-ipvs0 2>/dev/null || :
fi

# empty FOLDER: all that is in it, and never what is mounted there. A mount of the host's owner is emptied and stays.
empty() {
  [ -d "$1" ] || return 0
  awk '{ print $2 }' /proc/self/mounts | sort -r | while read -r mount; do
    case $mount in
      "$1"/*) find "$mount" -xdev -mindepth 1 -delete 2>/dev/null || : ;;
    esac
  done
  find "$1" -xdev -mindepth 1 -delete 2>/dev/null || :
  rmdir "$1" 2>/dev/null || :
}

say 'removing the data of k3s'
# Volumes of pods are mounted here; what is still mounted is somebody's data elsewhere.
for folder in "$p/var/lib/kubelet" "$p/run/k3s"; do
  awk '{ print $2 }' /proc/self/mounts | sort -r | while read -r mount; do
    case $mount in
      "$folder"/*) umount -l "$mount" 2>/dev/null || : ;;
    esac
  done
  left=$(awk -v below="$folder/" 'index($2, below) == 1 { print $2; exit }' /proc/self/mounts)
  [ -z "$left" ] || fail MOUNT_BUSY "$left is still mounted, so that $folder can't be removed without what is in it"
done
for folder in var/lib/rancher etc/rancher var/lib/kubelet run/k3s run/flannel var/lib/cni/flannel \
  var/lib/cni/networks/cbr0 var/log/pods var/log/containers; do
  empty "$p/$folder"
done
rm -f "$p"/var/lib/cni/results/cbr0-* "$p"/var/lib/cni/results/cni-loopback-*
# The kubelet and containerd leave things outside their own folders, too; what somebody else has there stays: sockets
# that a program listens on, and folders that are not empty.
rm -f "$p"/run/netns/cni-*
# What runc knows of containers in Kubernetes' namespace of containerd; Docker's is another.
rm -rf "$p/run/containerd/runc/k8s.io"
if command -v ss >/dev/null; then
  listening=$(ss -Hxl)
  find "$p/run/containerd" "$p/run/nri" -xdev -type s 2>/dev/null | while read -r socket; do
    case $listening in
      *"$socket"*) ;;
      *) rm -f "$socket" ;;
    esac
  done
fi
for folder in usr/libexec/kubernetes run/containerd run/nri run/netns; do
  find "$p/$folder" -xdev -depth -type d -empty -delete 2>/dev/null || :
done
for folder in networks results; do rmdir "$p/var/lib/cni/$folder" 2>/dev/null || :; done
rmdir "$p/var/lib/cni" 2>/dev/null || :
for link in kubectl crictl ctr; do
  [ "$(readlink "$p/usr/local/bin/$link" 2>/dev/null)" != k3s ] || rm -f "$p/usr/local/bin/$link"
done
rm -f "$p/usr/local/bin/k3s" "$p"/usr/local/bin/.k3s.slipway.*

remove_keepalived
say 'removing what Slipway wrote'
rm -f "$p/etc/modules-load.d/slipway.conf" "$p"/etc/sysctl.d/*-slipway.conf
rm -rf "$p/usr/local/lib/slipway" "$p/var/lib/slipway" "$p"/var/tmp/slipway-*
if [ -z "$p" ] && [ -f /etc/slipway/kernel-before ]; then
  while read -r setting value; do
    printf '%s\n' "$value" 2>/dev/null >"/proc/sys/$setting" || :
  done </etc/slipway/kernel-before
fi
# Results of other tasks may hold secrets; this task's own folder is still being read.
for folder in "$p"/run/slipway/*/; do
  case ${folder%/} in
    "${1:-none}" | */looks) ;;
    *) rm -rf "$folder" ;;
  esac
done
find "$p/etc/slipway" -mindepth 1 ! -name claim -delete
rm -f "$p/etc/slipway/claim"
rmdir "$p/etc/slipway"
changed=true
fact changed "$changed"
