# shellcheck shell=sh
# Takes a snapshot of etcd on this server, and checks that it is whole: etcd ends each with its own SHA-256.
# NAME: what the snapshot's name begins with; k3s adds the node's and the time.
# PRUNE: what all of its kind begin with, before the release that ran: of those on this server, the first and the last one of
# each of the three newest releases stay; empty: all.
need NAME

bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
folder=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server/db/snapshots

# taken: the snapshots of this name there are.
taken() {
  find "$folder" -maxdepth 1 -type f -name "$NAME-*" 2>/dev/null || :
}

before=$(taken)
say 'taking a snapshot of etcd'
said=$("$bin" etcd-snapshot save --name "$NAME" 2>&1 </dev/null) ||
  fail SNAPSHOT_FAILED "k3s could not take a snapshot of etcd: $(printf '%s\n' "$said" | tail -n 1)"
file=$(taken | while read -r path; do
  printf '%s\n' "$before" | grep -qxF "$path" || printf '%s\n' "$path"
done | tail -n 1)
[ -n "$file" ] || fail SNAPSHOT_FAILED "k3s says that it took a snapshot of etcd, and none has come into $folder"

size=$(stat -c %s "$file")
# Pages of 512 bytes, and the sum.
[ "$((size % 512))" = 32 ] || fail SNAPSHOT_BAD "the snapshot $file does not end with its sum: it is not whole"
found=$(head -c "$((size - 32))" "$file" | sha256sum | cut -d ' ' -f 1)
wanted=$(tail -c 32 "$file" | od -An -v -tx1 | tr -d ' \n')
[ "$found" = "$wanted" ] || fail SNAPSHOT_BAD "the snapshot $file does not match the sum at its end"
fact snapshot "$file"
fact size "$size"

# The first one of a release is from before anything was changed, the last one has most in it.
superfluous() {
  find "$folder" -maxdepth 1 -type f -name "$PRUNE*" -printf '%T@ %f\n' | sort -rn | awk -v prune="$PRUNE" '
    {
      release = substr($2, length(prune) + 1)
      match(release, /^v[0-9.]+-[^-]*/)
      release = substr(release, 1, RLENGTH)
      if (!(release in last)) { last[release] = $2; releases += 1 }
      else if (release in first) print first[release]
      if (releases > 3) print $2
      else if (last[release] != $2) first[release] = $2
    }'
}
pruned=0
if [ -n "${PRUNE:-}" ]; then
  for old in $(superfluous); do
    if said=$("$bin" etcd-snapshot delete "$old" 2>&1 </dev/null); then
      pruned=$((pruned + 1))
    else
      say "an old snapshot stays, $old: $(printf '%s\n' "$said" | tail -n 1)"
    fi
  done
fi
fact pruned "$pruned"
