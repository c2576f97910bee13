// Runs one program from a tiny parent and prints what wait4(2) says it cost, as JSON.
// A parent of Node's size would be charged to the child: its pages are counted in ru_maxrss across exec.
// usage: spawn STDIN-FILE PROGRAM [ARGUMENT...]; the program's stdout is discarded, its environment is ours.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pid_t pid = fork();
  if (pid < 0) return 3;
  if (pid == 0) {
    int in = open(argv[1], O_RDONLY), out = open("/dev/null", O_WRONLY);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0) _exit(126);
    execv(argv[2], argv + 2);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) < 0) return 4;
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("{\"wallUs\":%lld,\"cpuUs\":%lld,\"maxRssKb\":%ld,\"status\":%d}\n",
         (end.tv_sec - start.tv_sec) * 1000000LL + (end.tv_nsec - start.tv_nsec) / 1000,
         microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
