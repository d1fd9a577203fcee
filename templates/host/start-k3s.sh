# shellcheck shell=sh
# Writes configuration and unit, enables k3s, starts it, and waits until it says it is ready. It is restarted only when
# its configuration, unit or binary is another than the one it was started with.
# ROLE: server or agent. CONFIG (secret): config.yaml. UNIT: text of the unit. WAIT_SECONDS: until giving up. With neither
# CONFIG nor UNIT both stay as they are, and it is about the binary.
need ROLE
need WAIT_SECONDS
keep=false
if [ -z "${CONFIG:-}" ] && [ -z "${UNIT:-}" ]; then
  keep=true
else
  need CONFIG
  need UNIT
fi

service=$(unit_name "$ROLE")
record=$SLIPWAY_PREFIX/var/lib/slipway/k3s.started
config_file=$SLIPWAY_PREFIX/etc/rancher/k3s/config.yaml
bin=$SLIPWAY_PREFIX/usr/local/bin/k3s
tombstone=
[ "$ROLE" = agent ] || tombstone=$SLIPWAY_PREFIX/var/lib/rancher/k3s/server/db/etcd/tombstone
[ -x "$bin" ] || fail K3S_MISSING 'k3s is not installed here'
other=$(k3s_unit)
if [ "$other" != none ] && [ "$other" != "$ROLE" ]; then
  fail ROLE_CONFLICT "this machine already runs k3s as $other; it can't become $ROLE"
fi

unit_file=$SLIPWAY_PREFIX/etc/systemd/system/$service
# desired: what k3s is started with; registries are read at the start only, like the configuration.
desired() {
  _registries=$(sha256 "$SLIPWAY_PREFIX/etc/rancher/k3s/registries.yaml")
  printf '%s' "$(sha256 "$config_file")/$(sha256 "$unit_file")/$(sha256 "$bin")${_registries:+/$_registries}"
}
# well: whether k3s runs, with what the files say.
well() {
  [ "$(is_active "$service")" = active ] && [ "$(cat "$record" 2>/dev/null)" = "$(desired)" ]
}
# keep_former: what k3s runs well with stays, for put-back-settings, with the hash of the configuration that comes after it.
keep_former() {
  well || return 0
  former=$SLIPWAY_PREFIX/var/lib/slipway/settings.former
  # With a letter behind it, so that the shell leaves the ends of the lines alone.
  _unit=$(cat "$unit_file" && echo .)
  _config=$(cat "$config_file" && echo .)
  if [ "$_config" = "$CONFIG." ] && [ "$_unit" = "$UNIT." ]; then
    rm -f "$former".*
  else
    write_file "$former.unit" 600 "${_unit%.}"
    write_file "$former.config" 600 "${_config%.}"
    write_file "$former.until" 600 "$(printf '%s' "$CONFIG" | sha256sum | cut -d ' ' -f 1)"
  fi
}

if $keep; then
  if [ "$other" = none ] || [ ! -f "$config_file" ]; then fail K3S_MISSING "k3s was never started here as $ROLE"; fi
else
  public_dir "$SLIPWAY_PREFIX/etc/systemd/system"
  keep_former
  write_file "$config_file" 600 "$CONFIG"
  write_file "$unit_file" 644 "$UNIT"
fi
systemctl daemon-reload
said=$(systemctl enable "$service" 2>&1) || fail UNIT_FAILED "$service could not be enabled: $said"

began=$(uptime_seconds)
restarted=false
case $(is_active "$service") in
  active | activating | reloading) verb=restart ;;
  *) verb=start ;;
esac
# One that is on its way with what we want is left to it: a restart in the middle of a join leaves a stuck member.
if [ "$verb" = start ] || [ "$(cat "$record" 2>/dev/null)" != "$(desired)" ]; then
  # The record goes first and comes after: a run killed in between restarts once more rather than not at all.
  rm -f "$record"
  systemctl reset-failed "$service" 2>/dev/null || :
  say "${verb}ing $service"
  # Without --no-block the unit's Type=notify would hold us for as long as k3s can't begin.
  said=$(systemctl "$verb" --no-block "$service" 2>&1) || fail UNIT_FAILED "$service could not be started: $said"
  write_file "$record" 600 "$(desired)
"
  restarted=true
fi

# journal LINES: the last ones of this start. Older journalctl takes --lines together with --since for the first ones.
journal() {
  journalctl --unit="$service" --since="@$began" --no-pager --output=cat 2>/dev/null | tail -n "$1"
}

# Where k3s writes.
data=$SLIPWAY_PREFIX/var/lib/rancher
[ -d "$data" ] || data=$SLIPWAY_PREFIX/var/lib

# A server that starts the cluster has nobody to get from what its own etcd lacks; one that joins asks the others again.
lacks='NO_BOOTSTRAP_DATA!'
! grep -q '^server:' "$config_file" || lacks=NO_BOOTSTRAP_DATA

# cause LINES: CODE, a tab, and what it means, when the last lines of the journal show something known. A code with ! will
# not mend; one with ~ hardly does without somebody's help.
cause() {
  journal "$1" | awk -F '\t' -v lacks="$lacks" -v data="$data" '
    function seen(pattern, code, text) { if (tolower($0) ~ pattern) { last = code "\t" text } }
    {
      seen("token ca hash does not match", "CA_MISMATCH!", "the token belongs to another cluster: its CA hash does not match")
      seen("encrypted with different token", "BAD_TOKEN!", "this cluster was made with another token")
      seen("failed to normalize (server )?token|invalid (bearer )?token|token is not valid|not authorized|401 unauthorized|failed to validate token", "BAD_TOKEN!", "the server does not take the token")
      seen("node password rejected", "NODE_PASSWORD_REJECTED", "the cluster knows another machine by this name: delete its Node object first (node password rejected)")
      seen("critical configuration (value )?mismatch", "CONFIG_MISMATCH!", "a setting that must be equal on all servers differs here")
      if ($0 ~ /^panic: /) last = "K3S_PANICS!\tit ends each time with a panic: " substr($0, 8, 200)
      seen("flag provided but not defined", "UNKNOWN_FLAG!", "this k3s does not know one of the settings")
      if (match($0, /:[0-9]+: bind: address already in use/)) {
        port = substr($0, RSTART + 1)
        sub(/:.*/, "", port)
        last = "PORT_IN_USE~\tport " port ", which k3s needs, is taken by another program"
      } else seen("address already in use", "PORT_IN_USE~", "a port that k3s needs is taken by another program")
      if (tolower($0) ~ /no space left on device/) {
        last = "DISK_FULL~\tthe disk is full: no space is left below " data
        if (match($0, /\/[^ :"]+: no space left on device/)) {
          path = substr($0, RSTART, RLENGTH)
          sub(/: no space left on device/, "", path)
          last = "DISK_FULL~\tthe disk is full: no space is left for " path
        }
      }
      # Not the flag by which a kubelet is told to take it all the same.
      seen("(^|[^-])cgroup ?v1", "CGROUP_V1!", "this system has cgroup v1, which Kubernetes no longer takes")
      seen("too many learner", "LEARNER_PENDING", "another server is still joining")
      seen("no bootstrap data found in datastore|failed to stat mvcc kv store backend path", lacks, "its etcd has files but no bootstrap data in them, as when it was stopped while it made them")
      seen("connection refused|i/o timeout|no route to host|context deadline exceeded", "SERVER_UNREACHABLE", "the other servers can not be reached")
    }
    END { if (last != "") print last }'
}

# taken_out: whether etcd of this run of k3s was told by the others that it is no member any more. It says so once, soon,
# and k3s goes on waiting for it for ever; then or earlier it left a tombstone, with which it is not started again.
taken_out() {
  [ ! -e "$tombstone" ] || return 0
  run=$(systemctl show --property=InvocationID --value "$service" 2>/dev/null) || return 1
  [ -n "$run" ] && journalctl --unit="$service" "_SYSTEMD_INVOCATION_ID=$run" --no-pager --output=cat 2>/dev/null |
    grep -Eqi 'member has been permanently removed|node has been removed from the cluster'
}

# give_up CODE MESSAGE
give_up() {
  # k3s is restarted all the time, so what ended it may be far up.
  journal 2000 | grep -E 'level=(fatal|error)|^panic:' | tail -n 5 >&2
  journal 15 >&2
  fact active false
  fact changed "$restarted"
  fail "$1" "$2"
}

tab=$(printf '\t')
rounds=0
until [ "$(is_active "$service")" = active ] && [ ! -e "$tombstone" ]; do
  step_aside
  rounds=$((rounds + 1))
  late=false
  [ "$(($(uptime_seconds) - began))" -lt "$WAIT_SECONDS" ] || late=true
  restarts=$(systemctl show --property=NRestarts --value "$service" 2>/dev/null) || restarts=0
  # Some failures do not end k3s: it says the same for ever.
  stuck=false
  [ "$(($(uptime_seconds) - began))" -lt "$((WAIT_SECONDS / 6))" ] || stuck=true
  if [ "$ROLE" = server ] && { $late || [ $((rounds % 10)) -eq 0 ]; } && taken_out; then
    give_up NOT_A_MEMBER "$service does not start: the cluster took this server out of etcd, and its old data keep it from joining again"
  fi
  if $late || $stuck || [ "${restarts:-0}" -ge 2 ]; then
    if [ "${restarts:-0}" -ge 2 ] || $late; then known=$(cause 400); else known=$(cause 20); fi
    code=${known%%"$tab"*}
    text=${known#*"$tab"}
    case $code in
      *!) give_up "${code%!}" "$service does not start: $text" ;;
      *~) ! $stuck || give_up "${code%"~"}" "$service does not start: $text" ;;
    esac
    code=${code%"~"}
    if $late; then
      # A disk that is all but full lets k3s say many things; only this one helps.
      free=$(($(free_kib "$data") / 1024))
      [ -n "$code" ] || [ "$free" -ge 64 ] ||
        give_up DISK_FULL "$service was not ready after $WAIT_SECONDS s, and the disk of $data has $free MiB free"
      give_up "${code:-START_TIMEOUT}" "$service was not ready after $WAIT_SECONDS s: ${text:-its journal names no known cause}"
    fi
    if [ $((rounds % 20)) -eq 0 ] && [ -n "$text" ]; then say "$service is still starting: $text"; fi
  fi
  sleep 0.5
done
fact active true
fact changed "$restarted"
