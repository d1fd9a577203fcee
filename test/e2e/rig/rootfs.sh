#!/bin/bash
# rootfs.sh - the packages the rig needs on this machine, and the file system its hosts
# share, once, into the cache. Prints the folders: what overlays what, top first.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || cannot "needs root"
command -v apt-get >/dev/null || cannot "needs Debian or one of its family (apt-get)"
grep -qw overlay /proc/filesystems || cannot "the kernel has no overlay file system"

need=
for p in systemd-nspawn:systemd-container mmdebstrap:mmdebstrap ssh:openssh-client ip:iproute2 nft:nftables nsenter:util-linux flock:util-linux; do
  command -v "${p%%:*}" >/dev/null || need="$need ${p##*:}"
done
mkdir -p "$CACHE"
exec 7>"$CACHE/.lock-rootfs"; flock 7
if [ -n "$need" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >"$CACHE/apt.log" 2>&1 || true
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $need >>"$CACHE/apt.log" 2>&1 || { tail -20 "$CACHE/apt.log" >&2; cannot "apt-get could not install:$need"; }
fi

packages=systemd-sysv,dbus,libpam-systemd,openssh-server,iproute2,iptables,nftables,curl,ca-certificates,iputils-ping,procps,kmod,netbase,sudo,runc,conntrack,ipset,ethtool,socat,keepalived,tar,gzip,zstd
# shellcheck disable=SC1091
suite=$(. /etc/os-release; echo "$VERSION_CODENAME")
key=$(printf '%s %s %s' "$suite" "$packages" 2 | sha256sum | cut -c1-12)
base=$CACHE/rootfs/$suite-$key
if [ ! -e "$base.ok" ]; then
  # the machine's own sources, one-line or deb822: mmdebstrap copies such a file as it is
  src=/etc/apt/sources.list.d/debian.sources; [ -s $src ] || src=/etc/apt/sources.list
  rm -rf --one-file-system "$base"; mkdir -p "$CACHE/rootfs"
  mmdebstrap --quiet --variant=minbase --mode=root \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt=force-unsafe-io \
    --include="$packages" "$suite" "$base" $src >"$CACHE/mmdebstrap.log" 2>&1 7>&- \
    || { tail -20 "$CACHE/mmdebstrap.log" >&2; die "mmdebstrap failed"; }
  rm -f "$base"/etc/ssh/ssh_host_*                                       # no shared host keys,
  : > "$base/etc/machine-id"; rm -f "$base/var/lib/dbus/machine-id"      # no shared identity
  for t in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
    ln -sf /dev/null "$base/etc/systemd/system/$t"
  done
  rm -f "$base/etc/systemd/system/multi-user.target.wants/keepalived.service"
  chroot "$base" useradd -m -s /bin/bash ops                             # a user who needs sudo
  echo 'ops ALL=(ALL) NOPASSWD:ALL' > "$base/etc/sudoers.d/ops"; chmod 440 "$base/etc/sudoers.d/ops"
  touch "$base.ok"
fi

# What makes such a host fit for a kubelet, as a thin layer of its own (see README).
addon=$CACHE/rootfs/addon-$(cat "$RIG_DIR"/addon/* | sha256sum | cut -c1-12)
if [ ! -e "$addon.ok" ]; then
  rm -rf "$addon"; mkdir -p "$addon"/{usr/local/bin,usr/local/sbin,etc/systemd/system/sysinit.target.wants}
  install -m755 "$RIG_DIR/addon/runc" "$addon/usr/local/sbin/runc"
  install -m755 "$RIG_DIR/addon/modprobe" "$addon/usr/local/sbin/modprobe"
  install -m644 "$RIG_DIR/addon/rig-cgroups.service" "$addon/etc/systemd/system/rig-cgroups.service"
  ln -s ../rig-cgroups.service "$addon/etc/systemd/system/sysinit.target.wants/rig-cgroups.service"
  touch "$addon.ok"
fi
echo "$addon"
echo "$base"
