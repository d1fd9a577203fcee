# shellcheck shell=sh
# What a pod of a moment does beside a volume: copies its files into a repository of restic, or brings a copy back; or, beside none,
# tries whether a copy can be brought back, into a folder that goes with the pod, and writes nothing to the repository. The
# repository’s password and the bucket’s key come in the environment, which restic reads itself. POSIX, and restic 0.17 or newer.
# ACT: copy, restore or try. DATA: where the volume is mounted, or the folder that goes with the pod; always the same. BACKUP: id of the backup, which the copy is marked with.
# KEEP: ids of the backups whose copies stay, with blanks between; empty: nothing is removed. WORK: a folder to write to.
# PATIENCE: seconds in which the repository must answer.
set -eu
umask 077
export RESTIC_CACHE_DIR="$WORK/cache" TMPDIR="$WORK"

told() { tail -n 5 "$WORK/said" | sed 's/^/said=/'; }
code=0
# A lock would be written.
unlocked=
[ "$ACT" != try ] || unlocked=--no-lock
# By itself restic tries for a quarter of an hour where a server refuses it.
# shellcheck disable=SC2086
timeout "$PATIENCE" restic cat config $unlocked >"$WORK/said" 2>&1 || code=$?
if [ "$code" = 10 ] && [ "$ACT" = copy ]; then
  code=0
  restic init >"$WORK/said" 2>&1 || code=$?
fi
case $code in
0) ;;
10) echo "error=no-repository" && exit 1 ;;
12) echo "error=wrong-password" && exit 1 ;;
*) told && echo "error=unreachable" && exit 1 ;;
esac
# What a pod that was ended left locked; those of others that work now stay.
[ "$ACT" = try ] || restic unlock --quiet >"$WORK/said" 2>&1 || told

if [ "$ACT" != copy ]; then
  # Over what is there: a restore that was ended before goes on. Each file is read again, and compared with its sums.
  # shellcheck disable=SC2086
  if ! restic restore latest $unlocked --quiet --tag "$BACKUP" --path "$DATA" --target / --verify >"$WORK/said" 2>&1; then
    told
    echo "error=not-restored"
    exit 1
  fi
  if [ "$ACT" = try ]; then
    find "$DATA" -type f -exec stat -c %s {} + | awk '{ bytes += $1 } END { printf "found={\"files\":%d,\"bytes\":%.0f}\n", NR, bytes }'
  fi
  echo "restored=$BACKUP"
  exit 0
fi

# Whatever file system its files say they are on: those of an overlay, as nodes in containers have, say another than their folders.
restic backup --json --quiet --host slipway --tag "$BACKUP" "$DATA" >"$WORK/summary" 2>"$WORK/said" || code=$?
# 3: some files could not be read, or went away meanwhile; the others are in the copy.
if [ "$code" != 0 ] && [ "$code" != 3 ]; then
  told
  echo "error=not-copied"
  exit 1
fi
[ "$code" = 0 ] || told
echo "partial=$([ "$code" = 3 ] && echo true || echo false)"
grep '"message_type":"summary"' "$WORK/summary" | tail -n 1 | sed 's/^/summary=/'

if [ -n "$KEEP" ]; then
  set -- --keep-tag "$BACKUP"
  for id in $KEEP; do set -- "$@" --keep-tag "$id"; done
  # The copy is there: that old ones stay is told, and is no failure.
  restic forget --quiet --group-by '' "$@" --prune >"$WORK/said" 2>&1 || { told && echo "pruned=false"; }
fi
