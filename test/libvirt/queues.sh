# What the guest does of whom only its queues are asked: tells how many its driver has enabled. The last line is "end".
set -e
/bin/busybox ip link set eth0 up
echo "vcpus $(nproc)"
# the second one: what is enabled, of what could be
ethtool -l eth0 | sed -n 's/^Combined:[^0-9]*/combined /p' | tail -n 1
echo end
# the host looks at us, and ends us
sleep 3600
