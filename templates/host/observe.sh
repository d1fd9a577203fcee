# shellcheck shell=sh
# Looks; changes nothing.
bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
version=
[ ! -x "$bin" ] || version=$("$bin" --version 2>/dev/null </dev/null | sed -n 's/^k3s version \([^ ]*\).*/\1/p') || :

unit=$(k3s_unit)
active=false
enabled=false
if [ "$unit" != none ]; then
  ! systemctl is-active --quiet "$(unit_name "$unit")" || active=true
  ! systemctl is-enabled --quiet "$(unit_name "$unit")" || enabled=true
fi
fact k3s_version "$version"
fact unit "$unit"
fact active "$active"
fact enabled "$enabled"
fact config_sha256 "$(sha256 "$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml")"
fact boot_id "$(boot_id)"
