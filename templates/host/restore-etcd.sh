# shellcheck shell=sh
# Makes etcd of this server anew from a snapshot, before k3s starts: what was there is put aside, the configuration with the
# token of that time is written first, and k3s itself makes a cluster of one member. Done once for each RESTORE.
# RESTORE: which one. SHA256: of the packed snapshot. CONFIG (secret): config.yaml. OWNER: who copies it to where
# the answer says. Without the snapshot there it only says so.
need RESTORE
need SHA256
need CONFIG
need OWNER

service=$(unit_name server)
bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
data=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server
state=$SLIPWAY_PREFIX/var/lib/slipway
folder=$state/incoming
packed=$folder/snapshot.gz
snapshot=$state/snapshot.restoring
case $RESTORE in
  *[!A-Za-z0-9._-]*) fail BAD_PARAMETER "$RESTORE is no name of a restore" ;;
esac

fact folder "$folder"
if [ "$(cat "$state/restored" 2>/dev/null)" = "$RESTORE" ]; then
  fact restored true
  fact changed false
  exit 0
fi
[ -x "$bin" ] || fail K3S_MISSING 'k3s is not installed here'
[ "$(k3s_unit)" != agent ] || fail ROLE_CONFLICT "this machine already runs k3s as agent; it can't become server"
if [ "$(sha256 "$packed")" != "$SHA256" ]; then
  mkdir -p "$folder" || cannot_write "$folder"
  # Whoever copies may pass through to the folder, and sees nothing on the way.
  chmod 711 "$state"
  chown "$OWNER" "$folder" || fail WRITE_FAILED "$folder could not be given to $OWNER"
  chmod 700 "$folder"
  fact restored false
  fact changed false
  exit 0
fi

if [ "$(k3s_unit)" = server ]; then
  say "stopping $service"
  said=$(systemctl stop "$service" 2>&1) || fail UNIT_FAILED "$service could not be stopped: $said"
  rm -f "$state/k3s.started"
fi
# Everything a server had, its certificates too: k3s takes them from the snapshot, and would trust newer ones on the disk.
if [ "$(cat "$state/restoring" 2>/dev/null)" = "$RESTORE" ]; then
  rm -rf "$data"
else
  if [ -d "$data" ]; then
    aside=$data.before-$RESTORE
    say "putting what was there aside, in $aside"
    rm -rf "$aside"
    mv "$data" "$aside" || fail DATA_STAY "the data in $data could not be put aside"
  fi
  write_file "$state/restoring" 600 "$RESTORE"
fi
gzip -dc "$packed" >"$snapshot" || cannot_write "$snapshot" "$snapshot"
write_file "$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml" 600 "$CONFIG"
# As the unit does before it starts.
modprobe br_netfilter 2>/dev/null || :
modprobe overlay 2>/dev/null || :
say 'making etcd from the snapshot'
log=$state/restore.log
patience || fail RESTORE_FAILED 'no time was left to restore etcd'
timeout -k 10 "$((SLIPWAY_UNTIL - 5 - $(uptime_seconds)))" "$bin" server --cluster-reset \
  --cluster-reset-restore-path="$snapshot" >"$log" 2>&1 </dev/null || :
if ! grep -q 'membership has been reset' "$log" || [ ! -e "$data/db/reset-flag" ]; then
  grep -E 'level=(fatal|error)|^panic:|fatal|error' "$log" | tail -n 5 >&2
  tail -n 15 "$log" >&2
  rm -f "$snapshot"
  ! grep -q 'encrypted with different token' "$log" || fail BAD_TOKEN 'the snapshot was taken with another token'
  ! grep -q 'hash-check\|missing hash\|expected sha256' "$log" || fail SNAPSHOT_BAD 'etcd says that the snapshot is not whole'
  fail RESTORE_FAILED "k3s could not make etcd from the snapshot: $(grep -E 'level=fatal' "$log" | tail -n 1)"
fi
write_file "$state/restored" 600 "$RESTORE"
rm -rf "$snapshot" "$folder" "$state/restoring" "$log"
# Of what restores put aside the last one stays, and that only now that this one came through.
pruned=
if [ -d "$data.before-$RESTORE" ]; then
  for old in "$data".before-*; do
    [ "$old" != "$data.before-$RESTORE" ] || continue
    say "removing what an earlier restore put aside: $old"
    rm -rf "$old" || say "it could not be removed: $old"
    pruned="$pruned $old"
  done
fi
fact pruned "${pruned# }"
fact restored true
fact changed true
