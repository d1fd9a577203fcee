# shellcheck shell=sh disable=SC2034 # `changed` is read by the tasks
# Comes before every host task. Sets the ground rules and gives the few words all tasks share.
set -eu
umask 077
: "${SLIPWAY_PREFIX:=}"
# Seconds since 1970 until which a task may wait; the runner sets it from the task's deadline.
: "${SLIPWAY_UNTIL:=$(($(date +%s) + 120))}"
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LC_ALL=C
export PATH LC_ALL
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

# patience: true while there is time to wait. Leaves some seconds to report in.
patience() {
  [ "$(date +%s)" -lt "$((SLIPWAY_UNTIL - 5))" ]
}

# free_kib PATH: what its file system has left, in KiB.
free_kib() {
  df -Pk "$1" | awk 'NR == 2 { print $4 }'
}

# cannot_write PATH: ends the task, telling a full disk from other reasons.
cannot_write() {
  if [ "$(free_kib "${1%/*}")" -lt 1024 ]; then
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
    rm -f "$_new"
    cannot_write "$1"
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
