// Listens on a Unix socket and answers every connection's first line with the same text, as an agent that always says the same.
// usage: answer SOCKET TEXT; goes into the background once it listens.
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
    perror(argv[1]);
    return 1;
  }
  if (daemon(0, 0) != 0) return 1;
  for (;;) {
    char byte = 0;
    int connection = accept(listener, NULL, NULL);
    while (byte != '\n' && read(connection, &byte, 1) == 1);
    if (write(connection, argv[2], strlen(argv[2])) < 0 || write(connection, "\n", 1) < 0) return 1;
    close(connection);
  }
}
