# Images without a registry or a container engine: one layer, as a tarball a node can import.
# Sourced; wants: tmp (an empty folder), arch; image_user, where it is not nobody who runs them.
# shellcheck shell=bash disable=SC2154

manifest=
image() { # FOLDER NAME:TAG ENTRYPOINT [KEY=VALUE]...: what lies in the folder becomes the image
  local folder=$1 name=$2 entry=$3 layer id config e env=
  shift 3
  for e; do env="$env${env:+,}\"$e\""; done
  mkdir -p "$tmp/image" "$folder/tmp"; chmod 1777 "$folder/tmp"
  tar -C "$folder" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$tmp/layer.tar" .
  layer=$(sha256sum "$tmp/layer.tar" | cut -d' ' -f1)
  mv "$tmp/layer.tar" "$tmp/image/$layer.tar"
  config='{"architecture":"'$arch'","os":"linux","created":"1970-01-01T00:00:00Z","config":{"Entrypoint":["'$entry'"],"Env":['$env'],"User":"'"${image_user:-65535:65535}"'","WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":["sha256:'$layer'"]},"history":[{"created":"1970-01-01T00:00:00Z"}]}'
  id=$(printf '%s' "$config" | sha256sum | cut -d' ' -f1)
  printf '%s' "$config" > "$tmp/image/$id.json"
  manifest="$manifest${manifest:+,}{\"Config\":\"$id.json\",\"RepoTags\":[\"$name\"],\"Layers\":[\"$layer.tar\"]}"
}
pack() { # FILE: all images so far, as one tarball
  printf '[%s]' "$manifest" > "$tmp/image/manifest.json"
  tar -C "$tmp/image" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$tmp/out.tar" .
  mkdir -p "$(dirname "$1")"
  mv "$tmp/out.tar" "$1"
}
