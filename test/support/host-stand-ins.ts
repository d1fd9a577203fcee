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
  reload)
    [ "$unit" = ssh.service ] || { echo "Unit $unit not found." >&2; exit 5; }
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

/** `journalctl`: what var/stand-in/journal holds. */
export const journalctlStandIn = `#!/bin/sh
cat "$SLIPWAY_PREFIX/var/stand-in/journal" 2>/dev/null
`;

/** `sudo -n COMMAND`, for a user who is everything on a test host already. */
export const sudoStandIn = `#!/bin/sh
[ "$1" = -n ] || { echo "sudo: a password is required" >&2; exit 1; }
shift
exec "$@"
`;

/** A k3s that knows its version, and nothing else. Like the real one it calls itself by its file's name. */
export function k3sStandIn(version: string): string {
  return `#!/bin/sh
[ "$1" = --version ] || exit 64
echo "\${0##*/} version ${version} (0123abcd)"
echo "go version go1.25.0"
`;
}
