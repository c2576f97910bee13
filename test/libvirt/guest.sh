# What the guest does, once for each domain: tells of its queues, and sends one flow from each vCPU to the host's web server.
# Lines begin with what they tell; the last one is "end".
set -e
/bin/busybox ip link set eth0 up
/bin/busybox ip addr add 10.0.2.2/24 dev eth0
nic=/sys/class/net/eth0
count() { echo "counters $1"; ethtool -S eth0; }

echo "release $(uname -r)"
echo "vcpus $(nproc)"
echo "driver $(basename "$(readlink $nic/device/driver)")"
ethtool -l eth0 | sed -n 's/^Combined:[^0-9]*/combined /p'
# a single queue has no mask: every vCPU sends over it
all=$(printf %x $(((1 << $(nproc)) - 1)))
for queue in $nic/queues/tx-*; do
  echo "${queue##*/} $(cat "$queue/xps_cpus" 2>/dev/null || echo "$all")"
done
ping -c 3 -i 0.2 10.0.2.1 >&2
count start
for cpu in $(seq 0 $(($(nproc) - 1))); do
  taskset -c "$cpu" wget -q -O /tmp/blob http://10.0.2.1/blob
  echo "flow $cpu $(wc -c </tmp/blob)"
  count "$cpu"
done
echo end
# the host looks at us, and ends us
sleep 3600
