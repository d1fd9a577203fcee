# shellcheck shell=sh
# Puts what was pushed from a bundle in its place, before k3s starts, and says what has not arrived yet.
# FILES: a line each, SHA-256 and name; `k3s` is the program, which install-k3s puts in its place, the rest are image
# archives. REGISTRIES (secret): text of registries.yaml; empty: leave it as it is. OWNER: who copies into the folder.
need FILES
need OWNER

folder=$SLIPWAY_PREFIX/var/lib/slipway/incoming
images=$SLIPWAY_PREFIX/var/lib/rancher/k3s/agent/images
registries=$SLIPWAY_PREFIX/etc/rancher/k3s/registries.yaml
bin=$SLIPWAY_PREFIX/usr/local/bin/k3s

# place_image NAME: from the folder it arrived in; on another file system it is copied, under a name k3s does not read.
place_image() {
  public_dir "$images"
  if ! mv -f "$folder/$1" "$images/.$1.slipway" || ! sync "$images/.$1.slipway"; then
    cannot_write "$images/$1" "$images/.$1.slipway"
  fi
  chown 0:0 "$images/.$1.slipway" 2>/dev/null || [ "$(id -u)" != 0 ] || fail WRITE_FAILED "$images/$1 could not be given to root"
  chmod 644 "$images/.$1.slipway"
  mv -f "$images/.$1.slipway" "$images/$1"
  changed=true
}

missing=
keep=false
while read -r sum name; do
  case $name in
    '' | .* | *[!A-Za-z0-9._+-]*) fail BAD_PARAMETER "a line of FILES is no sum and name: $sum $name" ;;
    k3s) place=$bin ;;
    *) place=$images/$name ;;
  esac
  if [ "$(sha256 "$place")" = "$sum" ]; then
    rm -f "$folder/$name"
  elif [ "$(sha256 "$folder/$name")" != "$sum" ]; then
    missing="$missing $name"
  elif [ "$name" = k3s ]; then
    keep=true
  else
    say "putting $name in its place"
    place_image "$name"
  fi
done <<FILES
$FILES
FILES
rm -f "$images"/.*.slipway

if [ -n "$missing" ]; then
  mkdir -p "$folder" || cannot_write "$folder"
  # Whoever copies may pass through to the folder, and sees nothing on the way.
  chmod 711 "${folder%/*}"
  chown "$OWNER" "$folder" || fail WRITE_FAILED "$folder could not be given to $OWNER"
  chmod 700 "$folder"
  # Of a copy that was cut off, or for which there was no room.
  rm -f "$folder"/*.slipway-part
  public_dir "$images"
  fact images_free_mib "$(($(free_kib "$images") / 1024))"
  fact free_mib "$(($(free_kib "$folder") / 1024))"
elif ! $keep; then
  rm -rf "$folder"
fi
[ -z "${REGISTRIES:-}" ] || write_file "$registries" 600 "$REGISTRIES"
fact folder "$folder"
fact missing "${missing# }"
fact changed "$changed"
