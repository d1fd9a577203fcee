#!/bin/bash
# rig.sh - real Linux hosts on one machine: systemd-nspawn, each with its own address, disk,
# systemd and sshd. The state lives in the folder $RIG_STATE; answers are JSON lines.
#
#   up [--subnet A.B.C] [--owner PID] [--bin FILE]...
#                                       network (and, once, the root file system); with an
#                                       owner the rig goes down when that process ends; FILEs
#                                       lie in every host's /usr/local/bin
#   create NAME OCTET [--disk 4g] [--init sshd]
#                                       make and boot a host at A.B.C.OCTET; one without systemd
#                                       has nothing running but sshd
#   start|stop|kill|reboot NAME...      stop = orderly, kill = pull the plug; the disk stays
#   recreate|destroy NAME...            new machine, same address | throw away
#   cut|heal NAME                       network cable out | in
#   cut A B; heal                       nothing passes between A and B | all such cuts end
#   list                                one line per host
#   ssh NAME COMMAND...                 as root, host key checked
#   put NAME FILE PATH [MODE]           copy a file to a host
#   in COMMAND...                       run a command inside the rig's network
#   console NAME                        what the host wrote to its console
#   down | sweep                        remove everything | rigs whose owner is gone
#
# 77 as exit code: this machine cannot run it, and the message says why.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=network.sh
. "$RIG_DIR/network.sh"
# shellcheck source=host.sh
. "$RIG_DIR/host.sh"

each() { local f=$1 n; shift; [ $# -gt 0 ] || die "which host?"; for n; do "$f" "$n"; done; }
cmd=${1:-}; [ $# = 0 ] || shift
case $cmd in
  up) rig_up "$@" ;;
  down) rig_down ;;
  sweep) rig_sweep ;;
  ''|-h|--help|help) sed -n '2,/^# shellcheck/{/^# shellcheck/d;s/^# \{0,1\}//;p}' "$0" ;;
  *)
    state
    case $cmd in
      create) host_create "$@"; host_json "$1" ;;
      start|recreate) each "host_$cmd" "$@"; each host_json "$@" ;;
      stop|kill|reboot|destroy) each "host_$cmd" "$@" ;;
      wait) each host_wait "$@" ;;
      cut|heal) "net_$cmd" "$@" ;;
      list) for h in "$RIG_STATE"/h/*/octet; do [ ! -e "$h" ] || host_json "$(basename "$(dirname "$h")")"; done ;;
      ssh) hostdir "$1"; hostssh "$@" ;;
      put) hostdir "$1"; hostssh "$1" "mkdir -p \"\$(dirname '$3')\" && cat > '$3.tmp' && chmod ${4:-644} '$3.tmp' && mv '$3.tmp' '$3'" < "$2" ;;
      in) inlab "$@" ;;
      console) hostdir "$1"; cat "$H/console.log" ;;
      _run) host_run "$1" ;;
      *) die "unknown command $cmd (rig.sh help)" ;;
    esac ;;
esac
