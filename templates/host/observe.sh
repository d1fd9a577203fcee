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
# The data of a cluster, whether its k3s runs or not. Those of a server that etcd took out k3s drops at its next start.
etcd_data=false
data=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server/db/etcd
if [ -d "$data" ] && [ ! -e "$data/tombstone" ]; then etcd_data=true; fi
fact etcd_data "$etcd_data"

# How this server takes its turn at the address of the API: the holder and its settings, as long as that is still so.
hold=$(sed -n 1p "$SLIPWAY_PREFIX/etc/slipway/api-hold" 2>/dev/null) || :
case $hold in
  keepalived\ *)
    config=$SLIPWAY_PREFIX/etc/slipway/keepalived.conf
    [ "$(is_active slipway-keepalived.service)" = active ] || hold=
    ;;
  *) config=$SLIPWAY_PREFIX/var/lib/rancher/k3s/agent/pod-manifests/slipway-kube-vip.yaml ;;
esac
[ -n "$hold" ] && [ "$(sed -n 2p "$SLIPWAY_PREFIX/etc/slipway/api-hold")" = "$(sha256 "$config")" ] || hold=
fact api_hold "$hold"
