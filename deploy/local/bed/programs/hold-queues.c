// Opens queues of a tap as QEMU does and holds them until it is told to end: `hold-queues TAP COUNT`. COUNT "alias" takes the
// number that the tap's alias gives ("mqtap/1 q=4 ..."). Says what it opened, or which errno refused it.
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void end(int signal) {
  (void)signal;
  _exit(0);
}

static int count_of_alias(const char *tap) {
  char path[64], alias[256] = "";
  snprintf(path, sizeof path, "/sys/class/net/%.15s/ifalias", tap);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  if (fgets(alias, sizeof alias, file) == NULL) alias[0] = 0;
  fclose(file);
  const char *field = strstr(alias, " q=");
  return field == NULL ? 0 : atoi(field + 3);
}

static int open_queue(const char *tap, int is_multiqueue) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (is_multiqueue ? IFF_MULTI_QUEUE : 0)};
  strncpy(request.ifr_name, tap, IFNAMSIZ - 1);
  int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  return fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0;
}

int main(int argc, char **argv) {
  struct sigaction ending = {.sa_handler = end};
  sigaction(SIGINT, &ending, NULL);
  sigaction(SIGTERM, &ending, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc != 3) return 2;
  int count = strcmp(argv[2], "alias") == 0 ? count_of_alias(argv[1]) : atoi(argv[2]);
  if (count < 1) {
    printf("%s has no number of queues\n", argv[1]);
    return 1;
  }
  for (int opened = 0; opened < count; opened += 1) {
    if (!open_queue(argv[1], count > 1)) {
      printf("queue %d of %s was refused: %s\n", opened + 1, argv[1], strerror(errno));
      return 1;
    }
  }
  printf("%s: %d queues open\n", argv[1], count);
  for (;;) pause();
}
