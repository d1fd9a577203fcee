# shellcheck shell=sh
# Tells whether updates of the system wait for a reboot, and what installs them. Changes nothing.
required=$SLIPWAY_PREFIX/var/run/reboot-required
[ -e "$required" ] || required=$SLIPWAY_PREFIX/run/reboot-required

fact boot_id "$(boot_id)"
if [ -e "$required" ]; then
  fact reboot_required true
  # A few names are enough to say why.
  packages=
  [ ! -f "$required.pkgs" ] || packages=$(sort -u "$required.pkgs" | head -n 5 | tr -cs 'A-Za-z0-9.+\n-' '_' | tr '\n' ' ')
  fact packages "${packages% }"
elif command -v needs-restarting >/dev/null 2>&1 && ! needs-restarting -r >/dev/null 2>&1; then
  fact reboot_required true
  fact packages ''
else
  fact reboot_required false
  fact packages ''
fi
