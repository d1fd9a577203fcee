# shellcheck shell=sh
# Lets this server take its turn at holding the address of the Kubernetes API, by kube-vip as a static pod. Ends when
# the API answers at the address.
# ADDRESS: what is held. OWN_ADDRESS: this server's, which says the interface. MANIFEST: of the pod; @INTERFACE@ in it
# stands for the interface. SETTINGS: a word for all of these together, which `observe` tells. WAIT_SECONDS: for the API
# to answer there.
need ADDRESS
need OWN_ADDRESS
need MANIFEST
need SETTINGS
need WAIT_SECONDS

held=$SLIPWAY_PREFIX/etc/slipway/api-hold
pod=$SLIPWAY_PREFIX/var/lib/rancher/k3s/agent/pod-manifests/slipway-kube-vip.yaml
interface=$(interface_with "$OWN_ADDRESS")
[ -n "$interface" ] || fail PRIVATE_INTERFACE_MISSING "no interface of this machine has the address $OWN_ADDRESS"

require_in_certificate "$ADDRESS" "$OWN_ADDRESS"

# The other way to hold it, should the file have said so before.
keepalived=$SLIPWAY_PREFIX/etc/systemd/system/slipway-keepalived.service
if [ -f "$keepalived" ]; then
  systemctl disable --now slipway-keepalived.service >/dev/null 2>&1 || :
  rm -f "$keepalived"
  systemctl daemon-reload
  remove_keepalived
  changed=true
fi

public_dir "${pod%/*}"
write_file "$pod" 600 "$(printf '%s' "$MANIFEST" | sed "s/@INTERFACE@/$interface/g")
"
await_api "$ADDRESS" "$WAIT_SECONDS" ''
write_file "$held" 600 "kube-vip $SETTINGS
$(sha256 "$pod")
"
holds=false
[ -z "$(interface_with "$ADDRESS")" ] || holds=true
fact interface "$interface"
fact holds "$holds"
fact changed "$changed"
