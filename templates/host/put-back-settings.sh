# shellcheck shell=sh
# Puts back the configuration and the unit with which k3s ran well until it was started with other ones. A running k3s
# keeps running: `start-k3s` with neither CONFIG nor UNIT comes after.
# ROLE: server or agent. UNTIL: SHA-256 of the configuration that is to go.
need ROLE
need UNTIL

config=$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml
unit=$SLIPWAY_PREFIX/etc/systemd/system/$(unit_name "$ROLE")
former=$SLIPWAY_PREFIX/var/lib/slipway/settings.former
[ "$(cat "$former.until" 2>/dev/null)" = "$UNTIL" ] ||
  fail NO_FORMER_SETTINGS "what k3s ran with before is not on this machine"
# With a letter behind it, so that the shell leaves the ends of the lines alone.
changed=false
text=$(cat "$former.unit" && echo .)
write_file "$unit" 644 "${text%.}"
text=$(cat "$former.config" && echo .)
write_file "$config" 600 "${text%.}"
fact changed "$changed"
