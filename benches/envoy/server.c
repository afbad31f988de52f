/* An HTTP server with one thread, for the comparison with Envoy: verifies the Bearer token of each
 * request and keeps connections open.
 *
 *     server CONFIGURATION PORT
 *
 * It reads requests without bodies, one at a time on each connection, and answers 200, 401 or 503.
 * bindings/c/examples/epoll_server.c shows deadlines, and requests that wait for a key. */
#define _GNU_SOURCE
#include <bouncer_verify.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct connection {
    int fd;
    size_t len;
    char request[16 * 1024];
} connection;

static bouncer_verifier *verifier;

static int verify(const char *request)
{
    static const char header[] = "\r\nAuthorization: ";
    const char *value = strstr(request, header);
    const char *end = value == NULL ? NULL : strstr(value + sizeof header - 1, "\r\n");
    if (end == NULL)
        return 401;
    value += sizeof header - 1;
    bouncer_token *token = NULL;
    bouncer_status status =
        bouncer_verifier_verify_authorization(verifier, value, (size_t)(end - value), &token, NULL);
    bouncer_token_free(token);
    return status == BOUNCER_STATUS_OK ? 200 : bouncer_status_http_status(status);
}

/* Returns 0 when the connection is over. */
static int serve(connection *from)
{
    ssize_t got = recv(from->fd, from->request + from->len, sizeof from->request - 1 - from->len, 0);
    if (got <= 0)
        return 0;
    from->len += (size_t)got;
    from->request[from->len] = '\0';
    if (strstr(from->request, "\r\n\r\n") == NULL)
        return from->len + 1 < sizeof from->request;
    from->len = 0;
    char response[64];
    int len = snprintf(response, sizeof response, "HTTP/1.1 %d -\r\nContent-Length: 2\r\n\r\nok",
                       verify(from->request));
    return send(from->fd, response, (size_t)len, MSG_NOSIGNAL) == len;
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*len + 1);
    if (text != NULL && fread(text, 1, *len, file) != *len)
        return NULL;
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    size_t len = 0;
    char *text = argc == 3 ? read_file(argv[1], &len) : NULL;
    if (text == NULL) {
        fprintf(stderr, "usage: server CONFIGURATION PORT\n");
        return 2;
    }
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_VERIFIER);
    bouncer_settings_load(settings, text, len);
    bouncer_error *error = NULL;
    if (bouncer_verifier_new(settings, &verifier, &error) != BOUNCER_STATUS_OK) {
        fprintf(stderr, "%s\n", bouncer_error_message(error));
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0) {
        perror("listen");
        return 2;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[64];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            connection *from = events[i].data.ptr;
            if (from != NULL) {
                if (!serve(from)) {
                    close(from->fd);
                    free(from);
                }
                continue;
            }
            int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            connection *opened = fd < 0 ? NULL : calloc(1, sizeof *opened);
            if (opened == NULL)
                continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            opened->fd = fd;
            event.data.ptr = opened;
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        }
    }
}
