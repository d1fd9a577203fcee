#!/bin/bash
# bundle.sh FOLDER K3S-FOLDER TARBALL... - a bundle by hand, as `slipway bundle create` makes one.
set -euo pipefail
folder=$1 k3s=$2; shift 2
mkdir -p "$folder"; ln -f "$k3s/k3s" "$folder/k3s" 2>/dev/null || cp "$k3s/k3s" "$folder/k3s"
files=
add() { files="$files${files:+,}{\"name\":\"$1\",\"kind\":\"$2\",\"arch\":\"$(go env GOARCH)\",\"sha256\":\"$(sha256sum "$folder/$1" | cut -d' ' -f1)\",\"bytes\":$(stat -c %s "$folder/$1")}"; }
add k3s program
for t; do n=$(basename "$(dirname "$t")")-$(basename "$t"); cp "$t" "$folder/$n"; add "$n" images; done
printf '{"kind":"SlipwayBundle","format":1,"version":"%s","source":"local","createdAt":"%s","files":[%s]}\n' "$(basename "$k3s")" "$(date -u +%FT%TZ)" "$files" > "$folder/bundle.json"
