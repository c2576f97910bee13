#!/bin/busybox sh
# The guest's first process: makes the machine usable, runs /script, reports its exit status and switches off.
# ttyS0 is the kernel's console, ttyS1 and ttyS2 are the script's stdout and stderr, ttyS3 its exit status.
/bin/busybox mkdir -p /proc /sys /dev /run /tmp /var/lib /etc
/bin/busybox --install -s /bin
export PATH=/usr/bin:/bin HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
for serial in 1 2 3; do stty -F /dev/ttyS$serial raw; done
for module in $(cat /modules/order); do
  insmod "/modules/$module" || reboot -f
done
sh /script </dev/null >/dev/ttyS1 2>/dev/ttyS2
echo $? >/dev/ttyS3
poweroff -f
