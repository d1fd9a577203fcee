# shellcheck shell=sh
# Takes off this machine's disk what is its own, so that others can be made from a copy of it: nobody logs in to it again.
# What k3s needs to be started stays. The copy is to be made once the machine is off.

root=$SLIPWAY_PREFIX
# A disk with a cluster's secrets on it is no image for others.
for left in etc/rancher/node/password etc/rancher/k3s/config.yaml var/lib/rancher/k3s/server var/lib/rancher/k3s/agent/client-kubelet.key etc/slipway/claim; do
  [ ! -e "$root/$left" ] || fail NOT_AN_IMAGE "/$left is on this machine: k3s was started on it, so that it cannot be an image for others"
done

# Who a machine is, it is given or makes up when it boots for the first time.
for file in etc/machine-id var/lib/dbus/machine-id; do
  [ -L "$root/$file" ] || [ ! -e "$root/$file" ] || : >"$root/$file"
done
# Without its own folder cloud-init takes the next boot for the first one.
rm -rf "$root/var/lib/cloud" "$root"/var/log/cloud-init*.log "$root"/var/log/journal/* "$root/var/lib/systemd/random-seed" "$root/var/lib/systemd/credential.secret" \
  "$root/var/lib/slipway" "$root"/var/tmp/slipway-*
rm -f "$root"/root/.bash_history "$root"/etc/ssh/sshd_config.d/00-slipway-host-key.conf
rm -f "$root"/etc/ssh/ssh_host_*
# Last, as it is what lets in whoever would have to try again.
rm -f "$root/root/.ssh/authorized_keys"
sync
fact sealed true
