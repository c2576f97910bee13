# What the guest with ten NICs does: tells what they cost it. Lines begin with what they tell; the last one is "end".
set -e
available() { sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo; }
# until it has stayed within 256 kB for three seconds: boot still gives memory back, and rings are filled in the background
settled() {
  now=$(available)
  calm=0
  while [ "$calm" -lt 3 ]; do
    last=$now
    sleep 1
    now=$(available)
    moved=$((now > last ? now - last : last - now))
    calm=$((moved > 256 ? 0 : calm + 1))
  done
  echo "$now"
}
echo started
before=$(settled)
for nic in /sys/class/net/eth*; do
  /bin/busybox ip link set "${nic##*/}" up
done
echo "memory $((before - $(settled)))"
ls -d /sys/class/net/eth*/queues/rx-* | wc -l | sed 's/^/queues /'
grep -c virtio /proc/interrupts | sed 's/^/interrupts /'
echo end
# the host ends us
sleep 3600
