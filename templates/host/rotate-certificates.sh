# shellcheck shell=sh
# Has k3s make its certificates anew, but for those of its authorities: it is stopped, puts them aside, and is started again.
# Pods run on meanwhile. That it is ready again, `start-k3s` waits for.
# ROLE: server or agent. ROTATION: which one: it is done once.
need ROLE
need ROTATION

service=$(unit_name "$ROLE")
bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
rotated=$SLIPWAY_PREFIX/var/lib/slipway/certificates.rotated
if [ "$(k3s_unit)" != "$ROLE" ] || [ ! -x "$bin" ]; then fail K3S_MISSING "k3s does not run as $ROLE here"; fi

# start_again: also where this was killed in between.
start_again() {
  case $(is_active "$service") in
    active | activating | reloading) return 0 ;;
  esac
  systemctl reset-failed "$service" 2>/dev/null || :
  said=$(systemctl start --no-block "$service" 2>&1) || fail UNIT_FAILED "$service could not be started: $said"
}

if [ "$(cat "$rotated" 2>/dev/null)" != "$ROTATION" ]; then
  say "stopping $service, and having k3s put its certificates aside"
  said=$(systemctl stop "$service" 2>&1) || fail UNIT_FAILED "$service could not be stopped: $said"
  if ! why=$("$bin" certificate rotate 2>&1 </dev/null); then
    start_again
    fail CERTIFICATES_STAY "k3s did not put its certificates aside: $(printf '%s\n' "$why" | tail -n 1)"
  fi
  write_file "$rotated" 600 "$ROTATION"
  changed=true
fi
start_again
fact changed "$changed"
