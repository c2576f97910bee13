// Runs a program once, or several times at once, from a tiny parent and prints what wait4(2) says it cost, as JSON: the sum of
// all CPU time, the largest RSS, the worst status. A parent of Node's size would be charged to the child: its pages are counted
// in ru_maxrss across exec.
// usage: spawn COUNT STDIN-FILE PROGRAM [ARGUMENT...]; the program's stdout is discarded, its environment is ours. With a COUNT
// above 1 the n-th child finds n appended to CNI_NETNS and CNI_CONTAINERID.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

static void number(const char *name, int n) {
  const char *value = getenv(name);
  char numbered[4096];
  if (value == NULL) return;
  snprintf(numbered, sizeof numbered, "%s%d", value, n);
  setenv(name, numbered, 1);
}

static void become(char **argv, int n) {
  int in = open(argv[0], O_RDONLY), out = open("/dev/null", O_WRONLY);
  if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0) _exit(126);
  if (n >= 0) {
    number("CNI_NETNS", n);
    number("CNI_CONTAINERID", n);
  }
  execv(argv[1], argv + 1);
  _exit(127);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int count = atoi(argv[1]);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int n = 0; n < count; n++) {
    pid_t pid = fork();
    if (pid < 0) return 3;
    if (pid == 0) become(argv + 2, count > 1 ? n : -1);
  }
  long long cpu = 0;
  long rss = 0;
  int worst = 0;
  for (int n = 0; n < count; n++) {
    int status;
    struct rusage usage;
    if (wait4(-1, &status, 0, &usage) < 0) return 4;
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    cpu += microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
    if (usage.ru_maxrss > rss) rss = usage.ru_maxrss;
    if (status > worst) worst = status;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("{\"wallUs\":%lld,\"cpuUs\":%lld,\"maxRssKb\":%ld,\"status\":%d}\n",
         (end.tv_sec - start.tv_sec) * 1000000LL + (end.tv_nsec - start.tv_nsec) / 1000, cpu, rss, worst);
  return 0;
}
