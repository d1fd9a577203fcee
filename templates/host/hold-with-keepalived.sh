# shellcheck shell=sh
# Lets this server take its turn at holding the address of the Kubernetes API, by a keepalived of our own beside
# whatever keepalived the machine may have. Ends when the API answers at the address.
# ADDRESS: what is held. OWN_ADDRESS: this server's, which says the interface. PEERS: the other servers' addresses, with
# blanks between; may be empty. PRIORITY: 1 to 254, another on each server. PASSWORD (secret): 8 characters, the same on
# all. SETTINGS: a word for all of these together, which `observe` tells. WAIT_SECONDS: for the API to answer there.
# HANDOVER: true while other servers still hold it by kube-vip, which does not hear keepalived.
need ADDRESS
need OWN_ADDRESS
need PRIORITY
need PASSWORD
need SETTINGS
need WAIT_SECONDS
need HANDOVER

service=slipway-keepalived.service
unit=$SLIPWAY_PREFIX/etc/systemd/system/$service
config=$SLIPWAY_PREFIX/etc/slipway/keepalived.conf
alive=$SLIPWAY_PREFIX/etc/slipway/api-alive.sh
# Which package manager put keepalived here for us: it goes again with us.
installed=$SLIPWAY_PREFIX/var/lib/slipway/keepalived.installed
record=$SLIPWAY_PREFIX/var/lib/slipway/keepalived.started
held=$SLIPWAY_PREFIX/etc/slipway/api-hold

interface=$(interface_with "$OWN_ADDRESS")
[ -n "$interface" ] || fail PRIVATE_INTERFACE_MISSING "no interface of this machine has the address $OWN_ADDRESS"

# install COMMAND…: what is going to come is remembered first, so that a run killed in the middle leaves nothing behind
# for ever. Others than apt-get take along by themselves what came along.
install() {
  say "installing keepalived with $1"
  if [ ! -f "$installed" ]; then
    packages=keepalived
    # A new package has no version before: Inst NAME (…).
    [ "$1" != apt-get ] || packages=$("$@" --simulate 2>/dev/null </dev/null | sed -n 's/^Inst \([^ ]*\) (.*/\1/p' | tr '\n' ' ')
    write_file "$installed" 644 "$1
${packages:-keepalived}
"
  fi
  said=$("$@" 2>&1 </dev/null)
}

if ! command -v keepalived >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  if command -v apt-get >/dev/null; then
    set -- apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends keepalived
    # Its lists may be old, or none.
    install "$@" || { apt-get -o DPkg::Lock::Timeout=120 update >/dev/null 2>&1 </dev/null && rm -f "$installed" && install "$@"; } || :
  elif command -v dnf >/dev/null; then
    install dnf install -y keepalived || :
  elif command -v zypper >/dev/null; then
    install zypper --non-interactive install --no-recommends keepalived || :
  else
    fail KEEPALIVED_MISSING 'this machine has no keepalived, and none of apt-get, dnf and zypper to install it with'
  fi
  hash -r
  if ! command -v keepalived >/dev/null; then
    rm -f "$installed"
    fail KEEPALIVED_MISSING "keepalived could not be installed: $(printf '%s\n' "${said:-}" | tail -n 3)"
  fi
  # The distribution's own service is not ours to run.
  systemctl disable keepalived.service >/dev/null 2>&1 || :
  changed=true
fi

require_in_certificate "$ADDRESS" "$OWN_ADDRESS"

# The other way to hold it, should the file have said so before. At its end it takes the address off the interface,
# which must not happen once it is there by keepalived.
pod=$SLIPWAY_PREFIX/var/lib/rancher/k3s/agent/pod-manifests/slipway-kube-vip.yaml
if [ -f "$pod" ] || grep -q '^kube-vip ' "$held" 2>/dev/null; then
  say 'ending kube-vip on this server'
  rm -f "$pod"
  tries=0
  while kube_vip_runs && [ "$tries" -lt 60 ]; do
    tries=$((tries + 1))
    sleep 1
  done
  changed=true
fi

if [ "$(is_active "$service")" != active ] && [ -z "$(interface_with "$ADDRESS")" ] &&
  command -v ping >/dev/null && ping -c 1 -W 1 "$ADDRESS" >/dev/null 2>&1; then
  # A server that holds it may be busy for a moment.
  tries=0
  until api_answers "$ADDRESS"; do
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || fail ADDRESS_TAKEN "$ADDRESS answers already, and not as this cluster: another machine has it"
    sleep 1
  done
fi

# What keepalived asks every two seconds: whether the API of this very server is ready. Without a quorum it is not, nor
# while it shuts down.
# shellcheck disable=SC2016 # the script's own variables
write_file "$alive" 700 '#!/bin/sh
# Written by Slipway. Whether the Kubernetes API of this server is ready; if not, another server takes the address.
tls='"$SLIPWAY_PREFIX"'/var/lib/rancher/k3s/server/tls
if command -v curl >/dev/null; then
  exec curl -fs -o /dev/null --noproxy "*" -m 3 --cacert "$tls/server-ca.crt" --cert "$tls/client-admin.crt" \
    --key "$tls/client-admin.key" https://127.0.0.1:6443/readyz
fi
ss -Hltn "sport = :6443" | grep -q .
'
# Under SELinux keepalived may run scripts of this label only; a new file has that of its folder.
if command -v selinuxenabled >/dev/null && selinuxenabled; then
  if ! said=$(chcon -t keepalived_unconfined_script_exec_t "$alive" 2>&1); then
    said="$alive could not be given the label with which SELinux lets keepalived run it: $said"
    [ "$(getenforce 2>/dev/null)" != Enforcing ] || fail SELINUX_LABEL "$said"
    say "$said"
  fi
fi
# keepalived takes no unicast without peers; one that is alone speaks to nobody who would listen.
unicast=
for peer in ${PEERS:-}; do
  unicast="$unicast
    $peer"
done
[ -z "$unicast" ] || unicast="
  unicast_src_ip $OWN_ADDRESS
  unicast_peer {$unicast
  }"
write_file "$config" 600 "# Written by Slipway: the address of the Kubernetes API. No server takes it back from one that is well.
global_defs {
  router_id slipway
  enable_script_security
  script_user root
}
vrrp_script slipway_api_alive {
  script \"$alive\"
  interval 2
  timeout 4
  rise 1
  fall 2
  init_fail
}
vrrp_instance slipway_api {
  state BACKUP
  nopreempt
  interface $interface
  virtual_router_id $(virtual_router "$ADDRESS")
  priority $PRIORITY
  advert_int 1
  garp_master_refresh 15
  authentication {
    auth_type PASS
    auth_pass $PASSWORD
  }$unicast
  virtual_ipaddress {
    $ADDRESS/32 dev $interface
  }
  track_script {
    slipway_api_alive
  }
}
"
said=$(keepalived --config-test --use-file="$config" 2>&1 </dev/null) ||
  fail KEEPALIVED_CONFIG "keepalived does not take its configuration: $(printf '%s\n' "$said" | tail -n 3)"
public_dir "${unit%/*}"
write_file "$unit" 644 "[Unit]
Description=Holds the address of the Kubernetes API (Slipway)
Wants=network-online.target
After=network-online.target

[Service]
Type=simple
ExecStart=$(command -v keepalived) --dont-fork --log-console --vrrp --use-file=$config --pid=$SLIPWAY_PREFIX/run/slipway-keepalived.pid --vrrp_pid=$SLIPWAY_PREFIX/run/slipway-keepalived-vrrp.pid
ExecReload=/bin/kill -HUP \$MAINPID
Restart=always
RestartSec=2s

[Install]
WantedBy=multi-user.target
"
systemctl daemon-reload
# Whether another server holds it: then this one is to stand by.
elsewhere=false
if [ "$HANDOVER" = false ] && [ -z "$(interface_with "$ADDRESS")" ] && api_answers "$ADDRESS"; then elsewhere=true; fi
said=$(systemctl enable "$service" 2>&1) || fail UNIT_FAILED "$service could not be enabled: $said"
desired=$(sha256 "$config")/$(sha256 "$unit")
if [ "$(is_active "$service")" != active ] || [ "$(cat "$record" 2>/dev/null)" != "$desired" ]; then
  verb=start
  if [ "$(is_active "$service")" = active ]; then
    # A reload keeps the address where it is.
    if [ "$(sed 's|.*/||' "$record" 2>/dev/null)" = "${desired#*/}" ]; then verb=reload; else verb=restart; fi
  fi
  # The records go first and come after: a run killed in between does it once more rather than not at all.
  rm -f "$record" "$held"
  said=$(systemctl "$verb" "$service" 2>&1) || fail UNIT_FAILED "$service could not be started: $said"
  if $elsewhere && [ "$verb" = start ]; then
    # As long as keepalived waits to hear of another, and some.
    sleep 6
    if [ -n "$(interface_with "$ADDRESS")" ]; then
      systemctl disable --now "$service" >/dev/null 2>&1 || :
      fail ADDRESS_TWICE "this server took $ADDRESS while another one has it: the keepalived of the servers do not hear each other"
    fi
  fi
  write_file "$record" 600 "$desired
"
fi

await_api "$ADDRESS" "$WAIT_SECONDS" "$service"
write_file "$held" 600 "keepalived $SETTINGS
$(sha256 "$config")
"
holds=false
[ -z "$(interface_with "$ADDRESS")" ] || holds=true
fact interface "$interface"
fact holds "$holds"
fact changed "$changed"
