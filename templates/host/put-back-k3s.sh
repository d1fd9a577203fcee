# shellcheck shell=sh
# Puts the k3s binary back that was here before the last one was installed. A running k3s keeps running.
# VERSION: which one that must be.
need VERSION

bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
record=$SLIPWAY_PREFIX/usr/local/lib/slipway/k3s.sha256
previous=$SLIPWAY_PREFIX/usr/local/lib/slipway/k3s.previous

# is FILE RECORD: whether it is the binary of VERSION that its record tells of.
is() {
  [ -x "$1" ] && [ "$(sed -n 2p "$2" 2>/dev/null)" = "$VERSION" ] && [ "$(sha256 "$1")" = "$(sed -n 1p "$2")" ]
}

if ! is "$bin" "$record"; then
  is "$previous" "$previous.sha256" || fail NO_PREVIOUS "the binary of k3s $VERSION is not on this machine any more"
  rm -f "${bin%/*}"/.k3s.slipway.*
  new=$(mktemp "${bin%/*}/.k3s.slipway.XXXXXX") || cannot_write "$bin"
  trap 'rm -f "$new"' EXIT
  cat "$previous" >"$new" || cannot_write "$bin"
  chmod 755 "$new"
  sync "$new" || cannot_write "$bin"
  mv -f "$new" "$bin"
  changed=true
  write_file "$record" 644 "$(sed -n 1p "$previous.sha256")
$VERSION
"
fi
fact k3s_version "$VERSION"
fact changed "$changed"
