# shellcheck shell=sh
# Runs one host task so that it outlives the session that asked for it. Arrives on the standard input of `sh -s`, after
# the assignments of SLIPWAY_TASK, _ID, _ATTEMPT, _DEADLINE (seconds), _ENV and _SCRIPT.
#
# $SLIPWAY_PREFIX/run/slipway/          0700
#   door     locked for moments: who may decide what happens next
#   lock     locked by the task that runs, and by its children; the kernel lets go when they are gone
#   holder   id, name and start of the task that took the lock last
#   <id>/    env, script, worker, attempts (whose result this is), started, out, err, exit; aside: the task that asks this
#            one to end if it only waits
#   <id>.<attempt>/  the same of an earlier start, for those who still read it
#   looks/   the same again for tasks that look for a moment: they never wait behind one that works

# The work itself: takes the host's lock, runs the script, keeps its output and its exit code.
slipway_worker() {
  cat <<'WORKER'
set -u
umask 077
base=$1 id=$2 task=$3 seconds=$4
SLIPWAY_PREFIX=$5
folder=$base/$id
exec 9>"$base/lock"
flock -w 30 9 || exit 75
printf '%s\n' "$id" "$task" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$base/holder.new"
mv -f "$base/holder.new" "$base/holder"
SLIPWAY_UNTIL=$(($(cut -d. -f1 /proc/uptime) + seconds))
export SLIPWAY_PREFIX SLIPWAY_UNTIL
: >"$folder/started"
# The parameters become variables of the script only: no child finds a secret in its environment.
timeout -k 10 "$seconds" sh -c '. "$1/env"; . "$1/script"' slipway "$folder" \
  >"$folder/out" 2>"$folder/err" </dev/null
code=$?
rm -f "$folder/env" "$folder/script"
printf '%s\n' "$code" >"$folder/exit.new" && mv -f "$folder/exit.new" "$folder/exit"
WORKER
}

# slipway_end CODE MESSAGE EXIT: the runner itself cannot go on.
slipway_end() {
  printf '\nerror_code=%s\nerror=%s\nslipway-exit=%s\n' "$1" "$2" "$3"
  exit 0
}

# Seconds since the machine started. A clock that is set meanwhile, as it often is after the first boot, moves no deadline.
slipway_uptime() {
  cut -d. -f1 /proc/uptime
}

slipway_late() {
  [ "$(slipway_uptime)" -ge "$until" ]
}

# slipway_drain FILE SEEN: prints what came after SEEN bytes; `size` is the new mark.
slipway_drain() {
  size=$(($(wc -c <"$1")))
  [ "$size" -le "$2" ] || tail -c +"$(($2 + 1))" "$1" | head -c "$((size - $2))"
}

# Passes the task's output on until it has ended. Returns only when the task died without a result. The door is held,
# and given free once this shell stands in the task's folder: whoever starts the same task anew moves that away whole.
slipway_follow() {
  cd "$folder" || slipway_end WRITE_FAILED "$folder could not be entered" 10
  flock -u 8
  seen_out=0
  seen_err=0
  while :; do
    ended=false
    [ ! -f exit ] || ended=true
    slipway_drain out "$seen_out"
    seen_out=$size
    slipway_drain err "$seen_err" >&2
    seen_err=$size
    if $ended; then
      printf '\nslipway-exit=%s\n' "$(cat exit)"
      exit 0
    fi
    # Ends at once when the task ends, and otherwise after the time between two looks.
    if flock -s -w 0.3 "$base/lock" true; then
      [ -f exit ] || return 0
    fi
    ! slipway_late || slipway_end TASK_TIMEOUT "$SLIPWAY_TASK did not end within its time" 124
  done
}

# Lays out the task's folder and starts the worker. The door is held.
slipway_start() {
  # Results nobody will ask for any more.
  find "$base" -mindepth 1 -maxdepth 1 -type d -mmin +60 -exec rm -rf {} +
  # Somebody may still be reading the last one of this name.
  [ ! -d "$folder" ] || mv "$folder" "$folder.$SLIPWAY_ATTEMPT" || rm -rf "$folder"
  if ! { mkdir "$folder" && printf '%s' "$SLIPWAY_ENV" >"$folder/env" &&
    printf '%s\n' "$SLIPWAY_SCRIPT" >"$folder/script" && slipway_worker >"$folder/worker" &&
    printf '%s\n' "$SLIPWAY_ATTEMPT" >"$folder/attempts" && : >"$folder/out" && : >"$folder/err"; }; then
    rm -rf "$folder"
    slipway_end DISK_FULL "$base has no space for the task" 10
  fi
  seconds=$((until - $(slipway_uptime)))
  [ "$seconds" -gt 0 ] || seconds=1
  set -- "$folder/worker" "$base" "$SLIPWAY_ID" "$SLIPWAY_TASK" "$seconds" "$SLIPWAY_PREFIX"
  if [ -d /run/systemd/system ]; then
    tries=0
    # The unit of the task before may need a moment to be collected.
    until said=$(systemd-run --quiet --collect --unit="slipway-$SLIPWAY_TASK" /bin/sh "$@" 2>&1); do
      tries=$((tries + 1))
      [ "$tries" -lt 25 ] || slipway_end UNIT_FAILED "slipway-$SLIPWAY_TASK could not be started: $said" 10
      sleep 0.2
    done
  else
    setsid sh "$@" >/dev/null 2>&1 </dev/null 8>&- &
  fi
  tries=0
  until [ -f "$folder/started" ] || [ -f "$folder/exit" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 1000 ] || slipway_end UNIT_FAILED "$SLIPWAY_TASK was not started within 30 s" 10
    sleep 0.03
  done
}

slipway_runner() {
  # Whoever reads this knows that no forced command, and no shell that lets nobody in, stands in our place.
  echo slipway-began
  umask 077
  : "${SLIPWAY_PREFIX:=}"
  PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  LC_ALL=C
  export PATH LC_ALL SLIPWAY_PREFIX
  base=$SLIPWAY_PREFIX/run/slipway
  case $SLIPWAY_TASK in
    read-claim | inspect-host) base=$base/looks ;;
  esac
  folder=$base/$SLIPWAY_ID
  until=$(($(slipway_uptime) + SLIPWAY_DEADLINE))
  for tool in flock timeout setsid find; do
    command -v "$tool" >/dev/null || slipway_end TOOL_MISSING "this machine has no $tool" 10
  done
  if ! { mkdir -p "$base" && chmod 700 "$base" && : >>"$base/door"; }; then
    slipway_end WRITE_FAILED "$base could not be made" 10
  fi
  exec 8>>"$base/door"
  told=
  died=0
  while :; do
    flock -w 60 8 || slipway_end HOST_BUSY "another session has been starting a task here for a minute" 124
    if [ -f "$folder/exit" ] && grep -qxF "$SLIPWAY_ATTEMPT" "$folder/attempts"; then
      slipway_follow
    elif flock -w 0.2 "$base/lock" true; then
      [ "$died" -lt 3 ] || slipway_end TASK_DIED "$SLIPWAY_TASK was killed three times before it could end" 10
      died=$((died + 1))
      slipway_start
      slipway_follow
      echo "# $SLIPWAY_TASK was killed before it could end; running it again"
    elif [ "$(sed -n 1p "$base/holder" 2>/dev/null)" = "$SLIPWAY_ID" ] && [ -d "$folder" ]; then
      printf '%s\n' "$SLIPWAY_ATTEMPT" >>"$folder/attempts"
      echo "# $SLIPWAY_TASK already runs here since $(sed -n 3p "$base/holder"); following it"
      slipway_follow
    else
      case $SLIPWAY_TASK in
        # Left by a run that was killed, or by one that is over: what waits for k3s to start waits in vain from now on.
        release-host | stop-k3s | start-k3s)
          ahead=$base/$(sed -n 1p "$base/holder" 2>/dev/null)
          [ ! -f "$ahead/started" ] || printf '%s' "$SLIPWAY_TASK" 2>/dev/null >"$ahead/aside" || :
          ;;
      esac
      flock -u 8
      holder="$(sed -n 2p "$base/holder" 2>/dev/null), which runs here since $(sed -n 3p "$base/holder" 2>/dev/null)"
      if [ "$told" = "$holder" ]; then
        # An empty line says nothing, and ends this shell when nobody listens any more.
        echo
      else
        echo "# waiting for $holder"
        told=$holder
      fi
      ! slipway_late || slipway_end HOST_BUSY "gave up waiting for $holder" 124
      flock -s -w 1 "$base/lock" true || :
    fi
  done
}

# Read to the end before it runs, so that no child can eat the rest of the text.
slipway_runner </dev/null
