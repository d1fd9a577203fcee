# shellcheck shell=sh
# Kernel modules and settings for k3s, and the guard that keeps pods away from the cloud's metadata service.
# BLOCK_METADATA: true or false.
need BLOCK_METADATA

guard_unit=$SLIPWAY_PREFIX/etc/systemd/system/slipway-metadata-guard.service
guard=$SLIPWAY_PREFIX/usr/local/lib/slipway/metadata-guard.sh

public_dir "$SLIPWAY_PREFIX/etc/modules-load.d"
public_dir "$SLIPWAY_PREFIX/etc/sysctl.d"
public_dir "$SLIPWAY_PREFIX/etc/systemd/system"
public_dir "$SLIPWAY_PREFIX/usr/local/lib/slipway"

write_file "$SLIPWAY_PREFIX/etc/modules-load.d/slipway.conf" 644 'overlay
br_netfilter
'
write_file "$SLIPWAY_PREFIX/etc/sysctl.d/90-slipway.conf" 644 'net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
fs.inotify.max_user_instances = 8192
fs.inotify.max_user_watches = 524288
'
# Each time, because a run may have been killed before it. What a kernel has built in can't be loaded: no fault.
said=$(systemctl restart systemd-modules-load.service 2>&1) || say "not every kernel module was loaded: $said"
said=$(systemctl restart systemd-sysctl.service 2>&1) || say "not every kernel setting was taken: $said"

before=$changed
changed=false
if [ "$BLOCK_METADATA" = true ]; then
  # Forwarded traffic is what pods send; the host's own, such as cloud-init's, does not pass here. After DNAT, so that
  # no Service can be pointed there either.
  # shellcheck disable=SC2016 # the guard's own variables
  write_file "$guard" 644 '# Written by Slipway. on|off: whether pods are kept away from the metadata service.
set -eu
if command -v nft >/dev/null; then
  # One transaction: there is no moment without the rule.
  if [ "$1" = on ]; then
    rules="table ip slipway_metadata {
  chain forward {
    type filter hook forward priority -5; policy accept;
    ip daddr 169.254.169.254 drop
  }
}"
  fi
  nft -f - <<RULES
table ip slipway_metadata
delete table ip slipway_metadata
${rules:-}
RULES
else
  rule="FORWARD -d 169.254.169.254/32 -j DROP"
  # shellcheck disable=SC2086
  if [ "$1" = on ]; then
    iptables -w 10 -t mangle -C $rule 2>/dev/null || iptables -w 10 -t mangle -I $rule
  else
    iptables -w 10 -t mangle -D $rule
  fi
fi
'
  write_file "$guard_unit" 644 "[Unit]
Description=Keeps pods away from the metadata service (Slipway)
After=nftables.service
PartOf=nftables.service
Before=k3s.service k3s-agent.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh $guard on
ExecStop=/bin/sh $guard off

[Install]
WantedBy=multi-user.target
"
  if $changed; then systemctl daemon-reload; fi
  said=$(systemctl enable slipway-metadata-guard.service 2>&1) ||
    fail METADATA_GUARD_FAILED "the metadata guard could not be enabled: $said"
  if $changed; then verb=restart; else verb=start; fi
  said=$(systemctl "$verb" slipway-metadata-guard.service 2>&1) ||
    fail METADATA_GUARD_FAILED "the metadata guard could not be started, so pods could read this machine's user data: $said"
elif [ -f "$guard_unit" ]; then
  said=$(systemctl disable --now slipway-metadata-guard.service 2>&1) || say "the metadata guard could not be stopped: $said"
  rm -f "$guard_unit" "$guard"
  systemctl daemon-reload
  changed=true
fi
if $before; then changed=true; fi
fact changed "$changed"
