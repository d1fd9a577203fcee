# shellcheck shell=sh
# Lets a server that its cluster took out of etcd join anew: k3s is stopped, and its etcd data are put aside. A server
# that is well keeps them.
service=$(unit_name server)
data=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server/db
aside=$data.taken-out
[ -e "$data/etcd/tombstone" ] || [ "$(is_active "$service")" != active ] || fail STILL_A_MEMBER "$service is well, so that its etcd data are needed"
if [ -d "$data/etcd" ]; then
  said=$(systemctl stop "$service" 2>&1) || fail UNIT_FAILED "$service could not be stopped: $said"
  rm -f "$SLIPWAY_PREFIX/var/lib/slipway/k3s.started"
  rm -rf "$aside"
  mv "$data" "$aside" || fail DATA_STAY "the etcd data in $data could not be put aside"
  fact changed true
else
  fact changed false
fi
