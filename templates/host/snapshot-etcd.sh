# shellcheck shell=sh
# Takes a snapshot of etcd on this server, and checks that it is whole: etcd ends each with its own SHA-256.
# NAME: what the snapshot's name begins with; k3s adds the node's and the time.
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
