# shellcheck shell=sh disable=SC2034 # `changed` is read by the tasks
# Comes before every host task. Sets the ground rules and gives the few words all tasks share.
set -eu
umask 077
: "${SLIPWAY_PREFIX:=}"
# uptime_seconds: since the machine started. A clock that is set meanwhile moves no deadline.
uptime_seconds() {
  cut -d. -f1 /proc/uptime
}
# The value of `uptime_seconds` until which a task may wait; the runner sets it from the task's deadline.
: "${SLIPWAY_UNTIL:=$(($(uptime_seconds) + 120))}"
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LC_ALL=C
export PATH LC_ALL
# The task's own folder, from the runner.
SLIPWAY_FOLDER=${1:-}
# Becomes true when a task changed something on the host.
changed=false

# say TEXT: progress for people.
say() {
  printf '# %s\n' "$(printf '%s' "$1" | tr '\n' ' ')"
}

# fact KEY VALUE: an answer; always one line.
fact() {
  printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')"
}

# fail CODE MESSAGE: the task cannot go on.
fail() {
  fact error_code "$1"
  fact error "$2"
  exit 10
}

# need NAME: a parameter that must not be empty.
need() {
  eval "[ -n \"\${$1:-}\" ]" || fail BAD_PARAMETER "parameter $1 is missing"
}

# step_aside: ends a task that only waits once another one asks for the host, which makes the waiting pointless.
step_aside() {
  [ -z "$SLIPWAY_FOLDER" ] || [ ! -e "$SLIPWAY_FOLDER/aside" ] ||
    fail STEPPED_ASIDE "$(cat "$SLIPWAY_FOLDER/aside") was asked for on this machine, and took the place of this task"
}

# patience: true while there is time to wait. Leaves some seconds to report in.
patience() {
  step_aside
  [ "$(uptime_seconds)" -lt "$((SLIPWAY_UNTIL - 5))" ]
}

# free_kib PATH: what its file system has left, in KiB.
free_kib() {
  df -Pk "$1" | awk 'NR == 2 { print $4 }'
}

# cannot_write PATH [HALF]: ends the task, telling a full disk from other reasons. HALF: what was written of it, which is
# removed only once the space was looked at.
cannot_write() {
  _free=$(free_kib "${1%/*}")
  [ -z "${2:-}" ] || rm -f "$2"
  if [ "$_free" -lt 1024 ]; then
    fail DISK_FULL "no space left on the disk of ${1%/*}: $1 could not be written"
  fi
  fail WRITE_FAILED "$1 could not be written"
}

# write_file PATH MODE CONTENT: the file holds exactly the content, or is as it was; the mode is right before the content
# is there. Sets changed=true unless the file was already so. Not for a pipeline, whose end can't set a variable.
write_file() {
  mkdir -p "${1%/*}" || cannot_write "${1%/*}"
  _new=$(mktemp "$1.XXXXXX") || cannot_write "$1"
  chmod "$2" "$_new"
  if ! printf '%s' "$3" >"$_new" || ! sync "$_new"; then
    cannot_write "$1" "$_new"
  fi
  if cmp -s "$_new" "$1" && [ "$(stat -c %a "$_new")" = "$(stat -c %a "$1")" ]; then
    rm -f "$_new"
    return 0
  fi
  mv -f "$_new" "$1"
  changed=true
}

# public_dir PATH: a folder that others may read, whatever the umask. One that exists stays as it is.
public_dir() {
  [ -d "$1" ] || (umask 022 && mkdir -p "$1") || cannot_write "$1"
}

# sha256 FILE: its hash alone; empty when there is no such file.
sha256() {
  [ ! -f "$1" ] || sha256sum "$1" | cut -d ' ' -f 1
}

# boot_id: differs after each start of the machine.
boot_id() {
  cat /proc/sys/kernel/random/boot_id
}

# architecture: as k3s releases spell it.
architecture() {
  case $(uname -m) in
    x86_64 | amd64) echo amd64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) fail UNSUPPORTED_ARCHITECTURE "k3s has no supported release for $(uname -m)" ;;
  esac
}

# k3s_unit: server, agent or none, by the unit file that is installed.
k3s_unit() {
  if [ -f "$SLIPWAY_PREFIX/etc/systemd/system/k3s.service" ]; then
    echo server
  elif [ -f "$SLIPWAY_PREFIX/etc/systemd/system/k3s-agent.service" ]; then
    echo agent
  else
    echo none
  fi
}

# unit_name ROLE: the systemd unit of a server or an agent.
unit_name() {
  if [ "$1" = server ]; then echo k3s.service; else echo k3s-agent.service; fi
}

# claim_field NAME: a line of what this host is claimed for; empty when it is free.
claim_field() {
  sed -n "s/^$1=//p" "$SLIPWAY_PREFIX/etc/slipway/claim" 2>/dev/null | head -n 1
}

# kube_vip_value NAME: what the static pod of kube-vip is told; empty where there is none.
kube_vip_value() {
  sed -n "/^ *- name: $1\$/{n;s/^ *value: *\"\(.*\)\"\$/\1/p;}" \
    "$SLIPWAY_PREFIX/var/lib/rancher/k3s/agent/pod-manifests/slipway-kube-vip.yaml" 2>/dev/null || :
}

# kill_pods: ends all that k3s left running: shims with what runs in their pods, mounts, links, the address of kube-vip.
kill_pods() {
  _vip=$(kube_vip_value address)
  _vip_interface=$(kube_vip_value vip_interface)
  # _family PID: its descendants, then itself. A shim is the parent of all that runs in its pod.
  _family() {
    for _child in $(ps -e -o ppid= -o pid= | awk -v parent="$1" '$1 == parent { print $2 }'); do
      _family "$_child"
    done
    echo "$1"
  }
  # k3s's own shims, and those of a k3s that takes them from the system.
  ps -e -o pid= -o args= | awk -v data="$SLIPWAY_PREFIX/var/lib/rancher/k3s/data/" -v socket="$SLIPWAY_PREFIX/run/k3s/containerd/" '
    $2 ~ /\/containerd-shim/ && (index($2, data) == 1 || index($0, " " socket)) { print $1 }' |
    while read -r _shim; do
      for _pid in $(_family "$_shim"); do kill -KILL "$_pid" 2>/dev/null || :; done
    done
  # Deepest first.
  awk '{ print $2 }' /proc/self/mounts | sort -r | while read -r _mount; do
    case $_mount in
      "$SLIPWAY_PREFIX"/run/k3s/* | "$SLIPWAY_PREFIX"/var/lib/kubelet/pods/* | "$SLIPWAY_PREFIX"/var/lib/kubelet/plugins/* | "$SLIPWAY_PREFIX"/run/netns/cni-*)
        umount -l "$_mount" || say "$_mount could not be unmounted"
        ;;
    esac
  done
  # A kube-vip that is killed leaves the address where it is: this machine and the next holder would both answer there.
  if [ -n "$_vip" ] && [ -n "$_vip_interface" ]; then
    ip addr del "$_vip/32" dev "$_vip_interface" 2>/dev/null || :
  fi
  # Interfaces have no prefix: only on a machine that is ours alone. Those of pods go when the kernel has come to clear
  # away their dead network, which may be later than somebody looks.
  if [ -z "$SLIPWAY_PREFIX" ]; then
    for _link in $(ip -o link show master cni0 2>/dev/null | awk -F ': ' '{ sub(/@.*/, "", $2); print $2 }') cni0 flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6; do
      ip link delete "$_link" 2>/dev/null || :
    done
  fi
}

# interface_with ADDRESS: the interface that carries it; empty as long as there is none.
interface_with() {
  ip -o -4 addr show | awk -v address="$1" '{ split($4, part, "/") } part[1] == address { print $2; exit }'
}

# is_active UNIT: active, activating, failed, inactive …
is_active() {
  systemctl is-active "$1" 2>/dev/null || :
}

# virtual_router ADDRESS: the number by which VRRP tells the holders of one address from those of another.
virtual_router() {
  _last=${1##*.}
  if [ "$_last" = 0 ]; then echo 255; else echo "$_last"; fi
}

# require_in_certificate ADDRESS OWN_ADDRESS: this server's API has to show a certificate that names the address, or to be
# about to: a k3s that was started with it in its tls-san names it once somebody asks at that address.
require_in_certificate() {
  _config=$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml
  case $(cat "$SLIPWAY_PREFIX/var/lib/slipway/k3s.started" 2>/dev/null) in
    "$(sha256 "$_config")"/*)
      ! sed -n '/^tls-san:/,/^[^ ]*:$/p' "$_config" | grep -qF "\"$1\"" || return 0
      ;;
  esac
  said=$("$SLIPWAY_PREFIX/usr/local/bin/k3s" kubectl --kubeconfig "$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml" \
    --server "https://$2:6443" --tls-server-name "$1" --request-timeout 5s get --raw /livez 2>&1 </dev/null) || :
  case $said in
    *x509:*) fail NOT_IN_CERTIFICATE "the certificate of this server's API does not name $1: $(printf '%s\n' "$said" | tail -n 1)" ;;
  esac
}

# api_answers ADDRESS: whether this cluster's API, with a certificate that names the address, answers there. Else `said`
# has the reason.
api_answers() {
  said=$("$SLIPWAY_PREFIX/usr/local/bin/k3s" kubectl --kubeconfig "$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml" \
    --server "https://$1:6443" --request-timeout 3s get --raw /livez 2>&1 </dev/null)
}

# kube_vip: how its pods are, a line each.
kube_vip() {
  "$SLIPWAY_PREFIX/usr/local/bin/k3s" kubectl --kubeconfig "$SLIPWAY_PREFIX/etc/rancher/k3s/k3s.yaml" --request-timeout 5s \
    --namespace kube-system get pods --selector app.kubernetes.io/name=kube-vip --no-headers --output \
    'custom-columns=:metadata.name,:status.phase,:status.containerStatuses[*].state.waiting.reason,:status.containerStatuses[*].state.waiting.message'
}

# kube_vip_runs: whether its pod is on this machine.
kube_vip_runs() {
  "$SLIPWAY_PREFIX/usr/local/bin/k3s" crictl pods --quiet --state ready --label app.kubernetes.io/name=kube-vip 2>/dev/null </dev/null | grep -q .
}

# await_api ADDRESS SECONDS UNIT: until the API answers there. UNIT holds the address; empty: kube-vip does.
await_api() {
  _until=$(($(uptime_seconds) + $2))
  until api_answers "$1"; do
    if [ "$(uptime_seconds)" -ge "$_until" ] || ! patience; then
      if [ -n "$3" ]; then
        journalctl --unit="$3" --no-pager --output=cat 2>/dev/null | tail -n 15 >&2
      else
        kube_vip 2>&1 </dev/null | tail -n 15 >&2
      fi
      fail ADDRESS_SILENT "the API did not answer at $1 within $2 s: $(printf '%s\n' "$said" | tail -n 1)"
    fi
    sleep 0.5
  done
}

# apt_purge PACKAGE…: as long as nothing else would go with them.
apt_purge() {
  _goes=$(apt-get --simulate purge -y "$@" 2>/dev/null </dev/null | sed -n 's/^\(Purg\|Remv\) \([^ ]*\).*/\2/p') || return 1
  for _package in $_goes; do
    case " $* " in
      *" ${_package%%:*} "* | *" $_package "*) ;;
      *) return 1 ;;
    esac
  done
  said=$(DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 purge -y "$@" 2>&1 </dev/null)
}

# remove_keepalived: the package, where it came for us, and what came along. Not having it gone is no reason to stop.
remove_keepalived() {
  _record=$SLIPWAY_PREFIX/var/lib/slipway/keepalived.installed
  [ -f "$_record" ] || return 0
  say 'removing keepalived again'
  said=
  # shellcheck disable=SC2046 # names of packages, a word each
  case $(sed -n 1p "$_record") in
    apt-get) apt_purge $(sed -n 2p "$_record") || apt_purge keepalived ;;
    dnf) said=$(dnf remove -y keepalived 2>&1 </dev/null) ;;
    zypper) said=$(zypper --non-interactive remove --clean-deps keepalived 2>&1 </dev/null) ;;
  esac || say "keepalived could not be removed: $(printf '%s\n' "$said" | tail -n 1)"
  rm -f "$_record"
}
