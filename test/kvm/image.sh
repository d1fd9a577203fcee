#!/bin/bash
# image.sh - makes the system image of the libvirt chapter from Debian's packages and prints its path: a disk with GRUB, a
# cloud kernel, systemd, sshd and cloud-init, which takes its seed from a CD-ROM. No loop device is needed. Kept in the cache.
set -euo pipefail
cache=${SLIPWAY_E2E_CACHE:-$HOME/.cache/slipway-e2e}/vm
key=$(sha256sum "$0" | cut -c1-12)
image=$cache/debian-$key.qcow2
[ ! -f "$image" ] || { echo "$image"; exit 0; }
. /etc/os-release
mkdir -p "$cache"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
sources=/etc/apt/sources.list.d/debian.sources
[ -f "$sources" ] || sources=/etc/apt/sources.list
{
  apt-get install -y --no-install-recommends mmdebstrap qemu-utils grub-pc-bin grub-common fdisk e2fsprogs
  mmdebstrap --variant=minbase --mode=root \
    --include=systemd-sysv,dbus,libpam-systemd,openssh-server,cloud-init,iproute2,iptables,nftables,curl,ca-certificates,iputils-ping,procps,kmod,netbase,sudo,udev,netplan.io,linux-image-cloud-amd64,initramfs-tools,containernetworking-plugins,runc,containerd,conntrack \
    --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/locale/* \
    "$VERSION_CODENAME" "$work/root" "$sources"
  root=$work/root
  rm -f "$root"/etc/ssh/ssh_host_*
  : >"$root/etc/machine-id"
  for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer containerd.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  printf 'datasource_list: [NoCloud]\nlocale: false\n' >"$root/etc/cloud/cloud.cfg.d/90-slipway.cfg"
  echo '/dev/vda1 / ext4 defaults 0 1' >"$root/etc/fstab"
  # The kernel is found without reading the folder: GRUB here has nothing to list it with.
  kernel=$(basename "$root"/boot/vmlinuz-*) initrd=$(basename "$root"/boot/initrd.img-*)
  mke2fs -q -t ext4 -L root -d "$root" "$work/root.ext4" 2200M
  truncate -s 2300M "$work/disk.raw"
  echo 'start=2048, type=83, bootable' | sfdisk -q "$work/disk.raw"
  dd if="$work/root.ext4" of="$work/disk.raw" bs=1M seek=1 conv=notrunc,sparse status=none
  cat >"$work/grub.cfg" <<END
serial --unit=0 --speed=115200
terminal_output serial
set root=(hd0,msdos1)
linux /boot/$kernel root=/dev/vda1 console=ttyS0 net.ifnames=0 systemd.show_status=1
initrd /boot/$initrd
boot
END
  grub-mkimage -O i386-pc -p /boot/grub -c "$work/grub.cfg" -o "$work/core.img" \
    biosdisk part_msdos ext2 linux serial terminal boot echo
  dd if=/usr/lib/grub/i386-pc/boot.img of="$work/disk.raw" bs=440 count=1 conv=notrunc status=none
  dd if="$work/core.img" of="$work/disk.raw" bs=512 seek=1 conv=notrunc status=none
  qemu-img convert -O qcow2 "$work/disk.raw" "$work/disk.qcow2"
} >&2
mv "$work/disk.qcow2" "$image"
echo "$image"
