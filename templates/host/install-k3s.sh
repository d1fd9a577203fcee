# shellcheck shell=sh
# Puts the k3s binary in its place, never unchecked. A running k3s keeps running.
# VERSION: v1.36.5+k3s1. BASE_URL: folder of the release's files. SHA256: of the binary; empty: from the release's sum
# file. FILE: a binary already on this machine; empty: download. IMAGES: true, and the images that k3s itself starts are
# downloaded, too.
need VERSION

bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
record=$SLIPWAY_PREFIX/usr/local/lib/slipway/k3s.sha256
arch=$(architecture)
name=k3s
[ "$arch" = amd64 ] || name=k3s-$arch

# fetch URL FILE: whole and without an HTTP error, or the task fails with the reason.
fetch() {
  command -v curl >/dev/null || fail CURL_MISSING "this machine has no curl to download $1; install it, or push the binary from here"
  code=0
  said=$(curl -fsSL --retry 4 --retry-delay 1 --retry-connrefused --connect-timeout 15 --speed-limit 1024 \
    --speed-time 30 -o "$2" -- "$1" 2>&1 </dev/null) || code=$?
  said=$(printf '%s\n' "$said" | tail -n 1)
  case $code in
    0) ;;
    5 | 6) fail DOWNLOAD_FAILED "the name in $1 could not be resolved: has this machine a network and DNS? ($said)" ;;
    7 | 28 | 35 | 52 | 55 | 56) fail DOWNLOAD_FAILED "$1 could not be reached: has this machine a way to the internet? ($said)" ;;
    22) fail DOWNLOAD_FAILED "the server refused $1: does that release exist? ($said)" ;;
    23) fail DISK_FULL "no space left on the disk of ${2%/*}, which has $(($(free_kib "${2%/*}") / 1024)) MiB free" ;;
    *) fail DOWNLOAD_FAILED "$1 could not be downloaded, curl ended with $code ($said)" ;;
  esac
}

# get_images: what k3s itself starts, for it to find when it does. Whole ones are not downloaded again.
get_images() {
  [ "${IMAGES:-}" = true ] || return 0
  need BASE_URL
  images=$SLIPWAY_PREFIX/var/lib/rancher/k3s/agent/images
  archive=k3s-airgap-images-$arch.tar.zst
  kept=${record%/*}/images.sha256
  if [ -f "$images/$archive" ] && [ -f "$kept" ] && [ "$(sed -n 2p "$kept")" = "$VERSION" ] && [ "$(sha256 "$images/$archive")" = "$(sed -n 1p "$kept")" ]; then
    return 0
  fi
  public_dir "$images"
  # Under a name that k3s does not read.
  part=$images/.$archive.slipway
  trap 'rm -f ${new:+"$new" "$new.sum"} "$part" "$part.sum"' EXIT
  fetch "${BASE_URL%/}/sha256sum-$arch.txt" "$part.sum"
  sum=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1; exit }' "$part.sum")
  [ -n "$sum" ] || fail CHECKSUM_MISSING "${BASE_URL%/}/sha256sum-$arch.txt has no line for $archive"
  say "downloading the images of k3s $VERSION"
  fetch "${BASE_URL%/}/$archive" "$part"
  got=$(sha256 "$part")
  [ "$got" = "$sum" ] || fail CHECKSUM_MISMATCH "the images of k3s $VERSION have SHA-256 $got where $sum is expected; they were not kept"
  chmod 644 "$part"
  sync "$part" || cannot_write "$images/$archive" "$part"
  mv -f "$part" "$images/$archive"
  rm -f "$part.sum"
  changed=true
  write_file "$kept" 644 "$sum
$VERSION
"
}

# done_with SHA256: the answer.
done_with() {
  get_images
  fact k3s_version "$VERSION"
  fact sha256 "$1"
  fact changed "$changed"
  exit 0
}

# The record says which file was checked for which version, so that a second run needs no network.
if [ -x "$bin" ] && [ -f "$record" ]; then
  known=$(sed -n 1p "$record")
  if [ "$(sed -n 2p "$record")" = "$VERSION" ] && [ "$known" = "${SHA256:-$known}" ] && [ "$(sha256 "$bin")" = "$known" ]; then
    done_with "$known"
  fi
fi

public_dir "${bin%/*}"
public_dir "${record%/*}"

# reported_by FILE: the version a binary calls itself. It calls itself by the name of its file, which may not be k3s yet.
reported_by() {
  "$1" --version 2>&1 </dev/null | sed -n 's/^[^ ]* version \(v[^ ]*\).*/\1/p' | head -n 1
}

# The right binary is there, and a run was killed before it could say so.
if [ -n "${SHA256:-}" ] && [ -x "$bin" ] && [ "$(sha256 "$bin")" = "$SHA256" ] && [ "$(reported_by "$bin")" = "$VERSION" ]; then
  write_file "$record" 644 "$SHA256
$VERSION
"
  done_with "$SHA256"
fi

# Left by a run that was killed.
rm -f "${bin%/*}"/.k3s.slipway.*
new=$(mktemp "${bin%/*}/.k3s.slipway.XXXXXX") || cannot_write "$bin"
trap 'rm -f "$new" "$new.sum"' EXIT

expected=${SHA256:-}
if [ -n "${FILE:-}" ]; then
  [ -n "$expected" ] || fail BAD_PARAMETER 'a pushed binary needs its SHA256'
  [ -f "$FILE" ] || fail FILE_MISSING "$FILE is not on this machine"
  cat "$FILE" >"$new" || cannot_write "$bin"
else
  need BASE_URL
  base=${BASE_URL%/}
  if [ -z "$expected" ]; then
    fetch "$base/sha256sum-$arch.txt" "$new.sum"
    expected=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1; exit }' "$new.sum")
    [ -n "$expected" ] || fail CHECKSUM_MISSING "$base/sha256sum-$arch.txt has no line for $name"
  fi
  say "downloading k3s $VERSION"
  fetch "$base/$name" "$new"
fi
found=$(sha256 "$new")
[ "$found" = "$expected" ] || fail CHECKSUM_MISMATCH "k3s $VERSION has SHA-256 $found where $expected is expected; it was not installed"
chmod 755 "$new"
reported=$(reported_by "$new") || :
[ "$reported" = "$VERSION" ] || fail VERSION_MISMATCH "the binary says it is ${reported:-nothing this machine can run}, not $VERSION; it was not installed"
sync "$new" || cannot_write "$bin"

# The release that was here stays, for put-back-k3s. What does not match its record is not worth keeping.
previous=${record%/*}/k3s.previous
if [ -x "$bin" ] && [ -f "$record" ] && [ "$(sed -n 2p "$record")" != "$VERSION" ] && [ "$(sha256 "$bin")" = "$(sed -n 1p "$record")" ]; then
  rm -f "$previous.new"
  ln "$bin" "$previous.new" 2>/dev/null || cp -p "$bin" "$previous.new" || cannot_write "$previous" "$previous.new"
  mv -f "$previous.new" "$previous"
  write_file "$previous.sha256" 644 "$(cat "$record")
"
fi
mv -f "$new" "$bin"
changed=true
# What k3s carries in itself it unpacks at its first command. Done here, it is done while others are still to start; where it
# can't be done, starting k3s says why.
"$bin" crictl --version >/dev/null 2>&1 </dev/null || :
write_file "$record" 644 "$expected
$VERSION
"
if [ -n "${FILE:-}" ]; then
  rm -f "$FILE"
  # Where a bundle's files arrive; gone with the last of them.
  rmdir "$SLIPWAY_PREFIX/var/lib/slipway/incoming" 2>/dev/null || :
fi
done_with "$expected"
