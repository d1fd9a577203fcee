# shellcheck shell=sh
# Puts aside what a first server left behind that was stopped while it made etcd: files with nothing of a cluster in them,
# for which k3s will never start again. Whoever asks knows that no other server may have the cluster's data; here is
# looked at what lies on this one. What could be the data of a cluster that ran is left as it is (HOLDS_DATA).
service=$(unit_name server)
server=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server
config=$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml
etcd=$server/db/etcd

# keep WHY: the data stay, and k3s is as it was found.
keep() {
  systemctl start --no-block "$service" 2>/dev/null || :
  fail HOLDS_DATA "the files of etcd in $etcd are left alone: $1"
}

if [ ! -e "$server/db" ]; then
  fact changed false
  exit 0
fi
[ "$(is_active "$service")" != active ] || fail HOLDS_DATA "$service is well, so that its etcd data are needed"
# Nothing may change any more while it is looked at.
said=$(systemctl stop "$service" 2>&1) || fail UNIT_FAILED "$service could not be stopped: $said"

if ! grep -q '^cluster-init: true' "$config" 2>/dev/null || grep -q '^server:' "$config"; then
  keep "this server is not the one that starts the cluster"
fi
for path in "$server/db.taken-out" "$etcd/tombstone" "$server/db/reset-flag" "$server/db/state.db"; do
  [ ! -e "$path" ] || keep "$path tells of a cluster that ran"
done
for folder in "$server/db/snapshots" "$SLIPWAY_PREFIX/var/lib/kubelet/pods" "$SLIPWAY_PREFIX/var/lib/rancher/k3s/storage"; do
  [ -z "$(ls -A "$folder" 2>/dev/null)" ] || keep "$folder is not empty"
done
# The log of etcd has to go back to its very first entry: then whatever was ever written is still in it.
for path in "$etcd"/member/wal/*.wal "$etcd"/member/snap/*.snap; do
  case ${path##*/} in
    '*.wal' | '*.snap' | 0000000000000000-0000000000000000.wal) ;;
    *) keep "$path is not of a first start" ;;
  esac
done
# k3s saves its bootstrap data below this key once, as soon as etcd is ready, and ends when it can't. Without them nothing
# ever starts from here again, whatever Kubernetes, which begins in the same moment, has written besides. Keys are plain text.
code=0
grep -raqF '/bootstrap/' "$server/db" || code=$?
case $code in
  0) keep 'k3s has saved its bootstrap data in it' ;;
  1) ;;
  *) keep 'they could not all be read' ;;
esac

aside=$server/never-began/$(date -u +%Y%m%dT%H%M%SZ)-$$
say "putting the files of etcd aside, in $aside"
mkdir -p "$aside" || cannot_write "$aside"
rm -f "$SLIPWAY_PREFIX/var/lib/slipway/k3s.started"
# The certificates may be half written, and nobody has seen them yet; tokens and kubeconfig name them. The data go first:
# without them the rest does no harm.
for path in "$server/db" "$server/tls" "$server/cred" "$server/token" "$server/agent-token" "$server/node-token" \
  "$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml"; do
  [ ! -e "$path" ] && [ ! -L "$path" ] || mv "$path" "$aside/" || fail DATA_STAY "$path could not be put aside"
done
# The journal is asked for by the second: the next start shall not read the end of this one.
sleep 1
fact changed true
