# A k3s node in a rig's host as one would set it up by hand: what prove.sh and record.sh share.
# Sourced; wants: here (this folder), bin (a k3s), images (a tarball), work (a folder).
# shellcheck shell=bash disable=SC2154

rig() { "$here/rig/rig.sh" "$@"; }
json_value() { sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p"; }   # KEY: of one JSON line, its text

common=('token: not-a-secret' 'kubelet-arg: ["fail-cgroupv1=false"]')
# shellcheck disable=SC2034
server=("${common[@]}" 'disable: [coredns, traefik, servicelb, local-storage, metrics-server]')

unit() { # role -> a unit as a release's install script would write it
  cat <<U
[Unit]
Wants=network-online.target
After=network-online.target
[Install]
WantedBy=multi-user.target
[Service]
Type=notify
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s $1
U
}
node() { # host role config-line...
  local h=$1 role=$2 name=k3s; shift 2; [ "$role" = server ] || name=k3s-agent
  unit "$role" > "$work/unit"; printf '%s\n' "$@" > "$work/config"
  rig put "$h" "$bin" /usr/local/bin/k3s 755
  rig put "$h" "$images" /var/lib/rancher/k3s/agent/images/test.tar
  rig put "$h" "$work/unit" "/etc/systemd/system/$name.service"
  rig put "$h" "$work/config" /etc/rancher/k3s/config.yaml 600
  rig ssh "$h" "systemctl daemon-reload; systemctl enable -q $name; systemctl start --no-block $name" </dev/null
}
until_ok() { # seconds what command...
  local end=$(( $(date +%s) + $1 )) what=$2 h; shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$(date +%s)" -ge $end ]; then
      echo "FAIL: $what" >&2
      for h in $(rig list | json_value name); do
        rig ssh "$h" 'journalctl -u "k3s*" -o cat --no-pager | grep -E "level=(error|fatal|warn)" | tail -8' </dev/null >&2 2>/dev/null || true
      done
      exit 1
    fi
    sleep 0.5
  done
}
