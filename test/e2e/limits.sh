# Time limits of the ring's parts, and what is said when one is up or the ring is ended from outside. Sourced.
# SLIPWAY_E2E_STEPS: file in which steps of chapters say that they have begun or ended.
# shellcheck shell=bash
exec 3>&2 # what is said of the ring itself, wherever a part's own words go
now= # what is under way

stopped() { # SIGNAL: children are started in the background and waited for, so that this comes at once
  local child
  # By bash's own list: the signal may come before the number of the process was noted anywhere.
  for child in $(jobs -p); do kill -TERM "$child" 2>/dev/null || true; done
  printf 'end-to-end ring: ended by %s after %s s, during: %s\n' "$1" "$SECONDS" "${now:-its start}" >&3
  unfinished
  if [ "$1" = SIGINT ]; then exit 130; else exit 143; fi
}
trap 'stopped SIGINT' INT
trap 'stopped SIGTERM' TERM

unfinished() { # steps that have begun and not ended
  [ ! -s "${SLIPWAY_E2E_STEPS:-}" ] || awk -F'\t' '
    $1 == "begun" { at[$2] = NR } $1 == "ended" { delete at[$2] }
    END { for (step in at) print "  not finished: " step }' "$SLIPWAY_E2E_STEPS" >&3
}

# within MINUTES NAME COMMAND...: 124, and a line that says which part it was, when it takes longer.
within() {
  local minutes=$1 rc=0
  now="$2 (at most $minutes minutes)"
  shift 2
  timeout --kill-after=2m "${minutes}m" "$@" &
  wait $! || rc=$?
  [ $rc != 124 ] || { printf 'end-to-end ring: out of time during: %s\n' "$now" >&3; unfinished; }
  return $rc
}
