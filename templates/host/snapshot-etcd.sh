# shellcheck shell=sh
# Takes a snapshot of etcd on this server, and checks that it is whole: etcd ends each with its own SHA-256.
# NAME: what the snapshot's name begins with; k3s adds the node's and the time.
# PRUNE: what all of its kind begin with, before the release that ran: of those on this server, the first and the last one of
# each of the three newest releases stay; empty: all.
# OWNER: who fetches it, packed, from a folder of its own, and none stays among those of k3s; empty: nobody.
need NAME

bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
folder=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server/db/snapshots
outgoing=$SLIPWAY_PREFIX/var/lib/slipway/outgoing

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
expected=$(tail -c 32 "$file" | od -An -v -tx1 | tr -d ' \n')
[ "$found" = "$expected" ] || fail SNAPSHOT_BAD "the snapshot $file does not match the sum at its end"

if [ -n "${OWNER:-}" ]; then
  say 'packing it'
  mkdir -p "$outgoing" || cannot_write "$outgoing"
  # Whoever fetches it may pass through to the folder, and sees nothing on the way.
  chmod 711 "${outgoing%/*}" "$outgoing"
  # What others left, who never came for it.
  find "$outgoing" -type f -mmin +60 -exec rm -f {} +
  packed=$outgoing/$NAME.gz
  gzip -c "$file" >"$packed" || cannot_write "$packed" "$packed"
  chown "$OWNER" "$packed" || fail WRITE_FAILED "$packed could not be given to $OWNER"
  chmod 600 "$packed"
  fact packed "$packed"
  fact sha256 "$(sha256 "$file")"
  fact k3s_version "$("$bin" --version 2>/dev/null | sed -n 's/^k3s version \([^ ]*\).*/\1/p')"
  # Snapshots that were asked for are never pruned by k3s; it forgets one that it is told to delete.
  "$bin" etcd-snapshot delete "${file##*/}" >/dev/null 2>&1 </dev/null || :
  rm -f "$file"
fi
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
