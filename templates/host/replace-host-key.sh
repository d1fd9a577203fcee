# shellcheck shell=sh
# Gives sshd a new ed25519 host key and makes it the only one it shows. Running sessions stay.
# HOST_KEY (secret): OpenSSH private key. HOST_PUBLIC_KEY: its public half.
need HOST_KEY
need HOST_PUBLIC_KEY

folder=$SLIPWAY_PREFIX/etc/ssh
key=$folder/ssh_host_ed25519_key
dropin=$folder/sshd_config.d/00-slipway-host-key.conf

# Left by a run that was killed.
rm -f "$key".slipway.*

# check_config: sshd's own judgement; its words are kept for the message.
check_config() {
  sshd -t -f "$folder/sshd_config" 2>&1
}

# The pair must fit before anything changes: a machine whose only host key is unusable can't be reached any more.
new=$(mktemp "$key.slipway.XXXXXX") || cannot_write "$key"
printf '%s\n' "$HOST_KEY" >"$new" || cannot_write "$key" "$new"
shown=$(ssh-keygen -y -P '' -f "$new" </dev/null 2>&1 | cut -d ' ' -f 1,2) || :
if [ "$shown" != "$(printf '%s' "$HOST_PUBLIC_KEY" | cut -d ' ' -f 1,2)" ]; then
  rm -f "$new"
  fail BAD_HOST_KEY 'the new host key and its public half do not belong together'
fi

public_dir "$folder/sshd_config.d"
had_dropin=false
[ ! -f "$dropin" ] || had_dropin=true
write_file "$dropin" 644 "# Written by Slipway: one host key, made on the desk and pinned there.
HostKey $key
HostKeyAlgorithms ssh-ed25519
"
if ! grep -Eqi '^[[:space:]]*Include[[:space:]].*sshd_config\.d/\*\.conf' "$folder/sshd_config"; then
  write_file "$folder/sshd_config" 644 "Include $folder/sshd_config.d/*.conf
$(cat "$folder/sshd_config")
"
fi

if ! cmp -s "$new" "$key"; then
  # sshd ignores a key whose .pub is another's, so the old .pub goes first: at no moment do the two disagree.
  rm -f "$key.pub"
  sync "$new" || cannot_write "$key"
  [ ! -f "$key" ] || cp -p "$key" "$key.slipway.old"
  mv -f "$new" "$key"
  changed=true
else
  rm -f "$new"
fi
said=$(check_config) || {
  [ ! -f "$key.slipway.old" ] || mv -f "$key.slipway.old" "$key"
  $had_dropin || rm -f "$dropin"
  fail SSHD_CONFIG_INVALID "sshd does not take its configuration, so it keeps its old key: $said"
}
rm -f "$key.slipway.old"
write_file "$key.pub" 644 "$HOST_PUBLIC_KEY
"

# Always, because a run may have been killed between the new key and the reload.
said=$(systemctl reload ssh.service 2>&1) || said=$(systemctl reload sshd.service 2>&1) ||
  fail SSHD_RELOAD_FAILED "sshd could not be told to read its new key: $said"
fact changed "$changed"
