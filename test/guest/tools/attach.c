// Opens queues of a tap that is there already, as QEMU does in a virt-launcher pod: as an ordinary user, without capabilities.
// usage: attach TAP QUEUES UID [PROGRAM ARGUMENT...]; says how many it got, or what the kernel said to the first that it did not
// get. A program is run with the queues open.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int queues = atoi(argv[2]), uid = atoi(argv[3]);
  if (setgid(uid) != 0 || setuid(uid) != 0) return 3;
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (queues > 1 ? IFF_MULTI_QUEUE : 0)};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", argv[1]);
  for (int i = 0; i < queues; i++) {
    int fd = open("/dev/net/tun", O_RDWR);
    const char *call = fd < 0 ? "open" : ioctl(fd, TUNSETIFF, &request) < 0 ? "TUNSETIFF" : NULL;
    if (call != NULL) {
      printf("queue %d: %s %s\n", i + 1, call, strerrorname_np(errno));
      return 1;
    }
  }
  printf("%d queues\n", queues);
  if (argc == 4) return 0;
  fflush(stdout);
  execvp(argv[4], argv + 4);
  return 4;
}
