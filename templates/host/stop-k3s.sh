# shellcheck shell=sh
# Stops k3s and keeps it from starting again, so that a node that is deleted does not register anew. Data stay.
# KILL_PODS: true ends the pods too; without it they run on, as k3s means them to during an upgrade.
need KILL_PODS

was=$(k3s_unit)
if [ "$was" != none ]; then
  unit=$(unit_name "$was")
  said=$(systemctl disable --now "$unit" 2>&1) || fail UNIT_FAILED "$unit could not be stopped: $said"
  rm -f "$SLIPWAY_PREFIX/var/lib/slipway/k3s.started"
fi

if [ "$KILL_PODS" = true ]; then kill_pods; fi
fact was "$was"
