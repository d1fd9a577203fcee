/**
 * Stand-ins for systemd's tools and for k3s on a test host: small shell programs that keep real state below
 * $SLIPWAY_PREFIX/var/stand-in and refuse what they do not know.
 */

/**
 * `systemctl`: units need a unit file to be enabled or started. How k3s goes is told by files in var/stand-in:
 * `polls` (how many times `is-active` says "activating" first; default 0), `fails` (never becomes active).
 */
export function systemctlStandIn(sshdPidFile: string): string {
  return `#!/bin/sh
set -eu
state=$SLIPWAY_PREFIX/var/stand-in
mkdir -p "$state"
echo "$*" >>"$state/calls"
verb=$1
shift
now=false quiet=false
while [ $# -gt 0 ]; do
  case $1 in
    --now) now=true ;;
    --quiet) quiet=true ;;
    --no-block | --value | --property=NRestarts) ;;
    --property=InvocationID) cat "$state/invocation" 2>/dev/null; exit 0 ;;
    -*) echo "systemctl: unknown option $1" >&2; exit 1 ;;
    *) unit=$1 ;;
  esac
  shift
done
unit=\${unit:-}
known() {
  case $unit in
    systemd-modules-load.service | systemd-sysctl.service) ;;
    *) [ -f "$SLIPWAY_PREFIX/etc/systemd/system/$unit" ] || { echo "Unit $unit not found." >&2; exit 5; } ;;
  esac
}
begin() {
  echo activating >"$state/$unit.state"
  cat "$state/polls" >"$state/$unit.left" 2>/dev/null || echo 0 >"$state/$unit.left"
}
case $verb in
  daemon-reload | reset-failed) ;;
  enable) known; : >"$state/$unit.enabled"; if $now; then begin; fi ;;
  disable) known; rm -f "$state/$unit.enabled"; if $now; then echo inactive >"$state/$unit.state"; fi ;;
  start) known; [ "$(cat "$state/$unit.state" 2>/dev/null)" = active ] || begin ;;
  restart) known; begin ;;
  stop) known; echo inactive >"$state/$unit.state" ;;
  reload)
    if [ "$unit" != ssh.service ]; then
      known
      [ "$(cat "$state/$unit.state" 2>/dev/null)" = active ] || { echo "Unit $unit is not active." >&2; exit 1; }
      exit 0
    fi
    kill -HUP "$(cat ${sshdPidFile})"
    ;;
  is-enabled) [ -f "$state/$unit.enabled" ] ;;
  is-active)
    now=$(cat "$state/$unit.state" 2>/dev/null || echo inactive)
    if [ "$now" = activating ] && [ ! -f "$state/fails" ]; then
      left=$(cat "$state/$unit.left")
      if [ "$left" -le 0 ]; then now=active; echo active >"$state/$unit.state"; fi
      echo $((left - 1)) >"$state/$unit.left"
    fi
    $quiet || echo "$now"
    [ "$now" = active ]
    ;;
  show) if [ -f "$state/fails" ]; then echo 3; else echo 0; fi ;;
  *) echo "systemctl: unknown command $verb" >&2; exit 1 ;;
esac
`;
}

/** `journalctl`: what var/stand-in/journal holds, or of one run of a unit var/stand-in/journal.<its invocation>. */
export const journalctlStandIn = `#!/bin/sh
for argument in "$@"; do
  case $argument in
    _SYSTEMD_INVOCATION_ID=*) cat "$SLIPWAY_PREFIX/var/stand-in/journal.\${argument#*=}" 2>/dev/null; exit 0 ;;
  esac
done
cat "$SLIPWAY_PREFIX/var/stand-in/journal" 2>/dev/null
`;

/** `sleep SECONDS`, at a tenth: scripts look again, and what they look at is told by the number of looks. */
export const sleepStandIn = `#!/bin/sh
exec /bin/sleep "$(awk -v seconds="$1" 'BEGIN { print seconds / 10 }')"
`;

/** `sudo -n COMMAND`, for a user who is everything on a test host already. */
export const sudoStandIn = `#!/bin/sh
[ "$1" = -n ] || { echo "sudo: a password is required" >&2; exit 1; }
shift
exec "$@"
`;

/**
 * `ip -o -4 addr show`: what var/stand-in/addresses holds, a line each of interface and address with prefix.
 * `ip addr del ADDRESS/PREFIX dev INTERFACE`: takes that line away.
 */
export const ipStandIn = `#!/bin/sh
addresses=$SLIPWAY_PREFIX/var/stand-in/addresses
if [ "$1 $2 $4 $#" = 'addr del dev 5' ]; then
  grep -qxF "$5 $3" "$addresses" || { echo 'RTNETLINK answers: Cannot assign requested address' >&2; exit 2; }
  sed -i "\\|^$5 $3$|d" "$addresses"
  exit 0
fi
[ "$*" = "-o -4 addr show" ] || { echo "ip: unknown $*" >&2; exit 255; }
n=1
while read -r interface address; do
  n=$((n + 1))
  echo "$n: $interface    inet $address brd 10.0.0.255 scope global $interface"
done <"$addresses"
`;

/**
 * `k3s kubectl … get --raw`: answers at the addresses of var/stand-in/api, with a certificate for the names of
 * var/stand-in/names, to which it adds addresses it was asked at when there is a file var/stand-in/adds; `get pods`: what var/stand-in/pods holds.
 * `k3s crictl pods`: a pod for as long as var/stand-in/ending has lines, of which each call takes one.
 */
export const kubectlStandIn = `#!/bin/sh
state=$SLIPWAY_PREFIX/var/stand-in
if [ "$1 $2" = 'crictl pods' ]; then
  sed -n 1p "$state/ending" 2>/dev/null
  sed -i 1d "$state/ending" 2>/dev/null
  exit 0
fi
[ "$1" = kubectl ] || exit 64
server= name=
while [ $# -gt 0 ]; do
  case $1 in
    --server) server=\${2#https://}; server=\${server%:6443}; shift ;;
    --tls-server-name) name=$2; shift ;;
    pods) cat "$state/pods"; exit 0 ;;
  esac
  shift
done
if ! grep -qxF "$server" "$state/api"; then
  echo "The connection to the server $server:6443 was refused - did you specify the right host or port?" >&2
  exit 1
fi
if ! grep -qxF "\${name:-$server}" "$state/names"; then
  [ ! -e "$state/adds" ] || echo "$server" >>"$state/names"
  echo "Unable to connect: tls: failed to verify certificate: x509: certificate is valid for 127.0.0.1, not \${name:-$server}" >&2
  exit 1
fi
echo ok
`;

/** `keepalived --config-test`: takes a configuration whose braces meet, and no unicast without peers. */
export const keepalivedStandIn = `#!/bin/sh
for argument in "$@"; do
  case $argument in --use-file=*) file=\${argument#--use-file=} ;; esac
done
case "$*" in *--config-test*) ;; *) exit 64 ;; esac
[ "$(tr -cd '{' <"$file" | wc -c)" = "$(tr -cd '}' <"$file" | wc -c)" ] || { echo "missing brace" >&2; exit 4; }
if grep -q unicast_src_ip "$file" && ! grep -q 'unicast_peer {' "$file"; then
  echo "A unicast keyword has been specified without any unicast peers." >&2
  exit 4
fi
`;

/** A k3s that knows its version, and nothing else. Like the real one it calls itself by its file's name. */
export function k3sStandIn(version: string): string {
  return `#!/bin/sh
[ "$1" = --version ] || exit 64
echo "\${0##*/} version ${version} (0123abcd)"
echo "go version go1.25.0"
`;
}
