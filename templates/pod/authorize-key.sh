# shellcheck shell=sh
# What a pod of a moment does on its node: lets a key log in to the host as root, and tells the host's own key, which is
# believed because the cluster's API vouches for the node. POSIX, and no more than busybox has.
# PUBLIC_KEY: in OpenSSH form, with a comment. HOST: where the host's /root/.ssh and /etc/ssh are mounted.
set -eu
umask 077

authorized=$HOST/root/.ssh/authorized_keys
hostkey=$HOST/etc/ssh/ssh_host_ed25519_key.pub

if [ ! -s "$hostkey" ]; then
  echo "error=this host has no ed25519 host key"
  exit 1
fi
key=$(printf '%s\n' "$PUBLIC_KEY" | cut -d ' ' -f 1,2)
changed=false
if [ ! -f "$authorized" ] || ! awk -v key="$key" '$1 " " $2 == key { found = 1 } END { exit !found }' "$authorized"; then
  # Whole or not at all: a pod can be ended at any moment.
  new=$(mktemp "$authorized.slipway.XXXXXX")
  if [ -f "$authorized" ]; then awk 1 "$authorized" >"$new"; fi
  printf '%s\n' "$PUBLIC_KEY" >>"$new"
  chmod 600 "$new"
  chmod 700 "$HOST/root/.ssh"
  sync
  mv -f "$new" "$authorized"
  changed=true
fi
echo "host_key=$(cut -d ' ' -f 1,2 "$hostkey")"
echo "changed=$changed"
