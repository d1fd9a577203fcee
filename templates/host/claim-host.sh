# shellcheck shell=sh
# Takes a free host for a cluster, by a file on the host itself: whoever comes next finds it there.
# MACHINE: its name in the cluster. CLUSTER, CLUSTER_ID, POOL, ROLE, SLOT, GENERATION: its place. AT: now, in ISO 8601.
# DISTRIBUTION: what will run on it.
for name in MACHINE CLUSTER CLUSTER_ID POOL ROLE SLOT GENERATION DISTRIBUTION AT; do need "$name"; done

folder=$SLIPWAY_PREFIX/etc/slipway
holder=$(claim_field machine)
id=$(claim_field cluster_id)
if [ -n "$id" ] && [ "$id $holder" != "$CLUSTER_ID $MACHINE" ]; then
  fact taken_by "$(claim_field cluster)"
  fact taken_as "$holder"
  fail HOST_TAKEN "this host belongs to the cluster $(claim_field cluster) as $holder"
fi

public_dir "$folder"
# How the kernel was set before us and before k3s, for the day the host is let go.
if [ ! -f "$folder/kernel-before" ]; then
  before=
  for setting in net/ipv4/ip_forward net/ipv6/conf/all/forwarding net/ipv4/conf/all/route_localnet \
    net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables net/netfilter/nf_conntrack_max \
    fs/inotify/max_user_instances fs/inotify/max_user_watches \
    vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops; do
    value=$(cat "/proc/sys/$setting" 2>/dev/null) || continue
    before="$before$setting $value
"
  done
  write_file "$folder/kernel-before" 600 "$before"
fi
if [ -n "$id" ]; then
  changed=false
else
  write_file "$folder/claim" 600 "# Written by Slipway: what this host is used for.
machine=$MACHINE
cluster=$CLUSTER
cluster_id=$CLUSTER_ID
pool=$POOL
role=$ROLE
slot=$SLOT
generation=$GENERATION
distribution=$DISTRIBUTION
claimed_at=$AT
"
fi
fact claimed_at "$(claim_field claimed_at)"
fact boot_id "$(boot_id)"
fact changed "$changed"
