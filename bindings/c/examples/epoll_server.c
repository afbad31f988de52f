/* An HTTP server with one thread that never waits for the issuer.
 *
 *     epoll_server ISSUER AUDIENCE [PORT [TIMEOUT]]
 *
 * Listens on 127.0.0.1 and prints the port. Responds to a request with a valid Bearer token with
 * its "sub", and otherwise with 401 or 503. A request whose key must be fetched first is parked: it
 * keeps its connection, and the loop serves the others. TIMEOUT is the time from the connection to
 * the response, in milliseconds. SIGTERM and SIGINT end the server.
 *
 * To stay short, the server ignores bodies and closes each connection after one response. */
#define _GNU_SOURCE
#include <bouncer_verify.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 500

typedef struct connection {
    int fd;
    /* When the server responds in any case. */
    int64_t deadline;
    /* Not 0 if the request is parked: the fetch that its verdict depends on. */
    uint64_t ticket;
    bouncer_str token;
    struct connection *previous, *next;
    size_t len;
    char request[20 * 1024];
} connection;

static int epoll;
static int timeout = 2000;
static bouncer_verifier *verifier;
/* All connections. All have the same timeout, so the first one has the earliest deadline. */
static connection *first, *last;
static int count;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Adds `fd` to the loop. `data` is the connection, or the variable that holds the descriptor. */
static void add(int fd, void *data)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = data};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        perror("epoll_ctl");
        exit(2);
    }
}

/* ---- connections */

static void open_connection(int fd)
{
    connection *opened = count < MAX_CONNECTIONS ? malloc(sizeof *opened) : NULL;
    if (opened == NULL) {
        close(fd);
        return;
    }
    *opened = (connection){.fd = fd, .deadline = now() + timeout, .previous = last};
    *(last != NULL ? &last->next : &first) = opened;
    last = opened;
    count++;
    add(fd, opened);
}

static void close_connection(connection *closed)
{
    *(closed->previous != NULL ? &closed->previous->next : &first) = closed->next;
    *(closed->next != NULL ? &closed->next->previous : &last) = closed->previous;
    count--;
    close(closed->fd); /* This also removes it from the loop. */
    free(closed);
}

static void respond(connection *to, bouncer_status status, bouncer_str body)
{
    char head[300];
    bouncer_str challenge = bouncer_status_challenge(status);
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %u %s\r\n%s%.*s%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
                       (unsigned)bouncer_status_http_status(status), bouncer_status_name(status),
                       challenge.len > 0 ? "WWW-Authenticate: " : "", BOUNCER_STR_ARGS(challenge),
                       challenge.len > 0 ? "\r\n" : "", body.len);
    /* The buffer of a new socket has room for both. If not, the client gets less than it expects
     * and the loop still does not wait. */
    if (send(to->fd, head, (size_t)len, MSG_NOSIGNAL | MSG_MORE) == len) {
        (void)!send(to->fd, body.data, body.len, MSG_NOSIGNAL);
    }
    close_connection(to);
}

/* ---- verification */

/* Verifies the token of a new or parked request, and responds or parks the request. If the fetch
 * that it was parked for has not ended, the verdict is final. */
static void verify(connection *request)
{
    bouncer_token *token = NULL;
    bouncer_error *error = NULL;
    bouncer_status status = bouncer_verifier_verify_now(verifier, request->token.data, request->token.len,
                                                        &request->ticket, &token, &error);
    if (status == BOUNCER_STATUS_PENDING) {
        return; /* `request->ticket` is not 0 now: the request is parked. */
    }
    if (status == BOUNCER_STATUS_OK) {
        respond(request, status, bouncer_token_subject(token));
    } else {
        fprintf(stderr, "%s\n", bouncer_error_message(error));
        respond(request, status, (bouncer_str){NULL, 0});
    }
    bouncer_token_free(token);
    bouncer_error_free(error);
}

/* Verifies the parked requests whose fetch has ended. */
static void resume_parked_requests(void)
{
    for (connection *request = first, *next; request != NULL; request = next) {
        next = request->next;
        if (request->ticket != 0 && bouncer_verifier_wait(verifier, request->ticket, 0) == 1) {
            verify(request);
        }
    }
}

/* Responds to the requests whose time is over. Returns the time until the next deadline in
 * milliseconds, or -1 if there is none. */
static int end_late_requests(void)
{
    int64_t time = now();
    for (connection *request = first, *next; request != NULL; request = next) {
        next = request->next;
        if (request->deadline > time) {
            return (int)(request->deadline - time);
        }
        if (request->ticket != 0) {
            verify(request);
        } else {
            close_connection(request); /* The client has not sent its whole request. */
        }
    }
    return -1;
}

/* ---- HTTP */

/* Returns the value of the Authorization header: no text if there is none, or more than one. */
static bouncer_str authorization(const char *head)
{
    static const char name[] = "\r\nAuthorization:";
    bouncer_str value = {NULL, 0};
    for (const char *line = head; (line = strstr(line, "\r\n")) != NULL; line += 2) {
        if (strncasecmp(line, name, sizeof name - 1) != 0) {
            continue;
        }
        if (value.data != NULL) {
            return (bouncer_str){NULL, 0};
        }
        value.data = line + sizeof name - 1;
        value.data += strspn(value.data, " \t");
        value.len = strcspn(value.data, "\r\n");
    }
    return value;
}

/* Reads from a connection. Verifies the token when the head of the request is complete. */
static void receive(connection *from, uint32_t events)
{
    int is_parked = from->ticket != 0;
    size_t room = sizeof from->request - 1 - from->len;
    char ignored[1024];
    ssize_t len = is_parked ? recv(from->fd, ignored, sizeof ignored, 0)
                            : recv(from->fd, from->request + from->len, room, 0);
    if (len <= 0 || (events & (EPOLLERR | EPOLLHUP)) != 0) {
        close_connection(from);
        return;
    }
    if (is_parked) {
        return; /* What the client still sends is ignored. */
    }
    from->len += (size_t)len;
    from->request[from->len] = '\0';
    char *end = strstr(from->request, "\r\n\r\n");
    if (end == NULL) {
        return;
    }
    end[2] = '\0'; /* The body may follow. */
    bouncer_str value = authorization(from->request);
    bouncer_status status = bouncer_authorization_token(value.data, value.len, &from->token, NULL);
    if (status != BOUNCER_STATUS_OK) {
        respond(from, status, (bouncer_str){NULL, 0});
        return;
    }
    verify(from);
}

/* ---- the loop */

static void serve(int listener, int signals, const bouncer_watch *watch)
{
    int wakeup = bouncer_watch_fd(watch);
    add(listener, &listener);
    add(signals, &signals);
    add(wakeup, &wakeup);
    for (;;) {
        struct epoll_event events[64];
        int is_woken = 0;
        int len = epoll_wait(epoll, events, 64, end_late_requests());
        for (int i = 0; i < len; i++) {
            void *data = events[i].data.ptr;
            if (data == &signals) {
                return;
            } else if (data == &wakeup) {
                /* Later: an event of a request that is resumed now may follow in this array. */
                is_woken = 1;
            } else if (data == &listener) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd >= 0) {
                    open_connection(fd);
                }
            } else {
                receive(data, events[i].events);
            }
        }
        if (is_woken) {
            /* First read, then ask: a fetch that ends in between wakes the loop again. */
            uint64_t wakeups;
            (void)!read(wakeup, &wakeups, sizeof wakeups);
            resume_parked_requests();
        }
    }
}

static int listen_on(in_port_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof address;
    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0
        || getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        perror("listen");
        exit(2);
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static int fail(bouncer_error *error)
{
    fprintf(stderr, "%s\n", bouncer_error_message(error));
    bouncer_error_free(error);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: %s ISSUER AUDIENCE [PORT [TIMEOUT]]\n", argv[0]);
        return 2;
    }
    bouncer_settings *of_keys = bouncer_settings_new(BOUNCER_KIND_KEYS);
    bouncer_settings_set(of_keys, BOUNCER_KEYS_DISCOVER, argv[1], strlen(argv[1]));
    bouncer_settings *of_policy = bouncer_settings_new(BOUNCER_KIND_POLICY);
    bouncer_settings_add(of_policy, BOUNCER_POLICY_ISSUERS, argv[1], strlen(argv[1]));
    bouncer_settings_add(of_policy, BOUNCER_POLICY_AUDIENCES, argv[2], strlen(argv[2]));

    bouncer_error *error;
    bouncer_remote_jwks *keys;
    bouncer_policy *policy;
    bouncer_watch *watch;
    if (bouncer_remote_jwks_new(of_keys, &keys, &error) != BOUNCER_STATUS_OK
        || bouncer_policy_new(of_policy, &policy, &error) != BOUNCER_STATUS_OK
        || bouncer_verifier_new_remote(keys, policy, &verifier, &error) != BOUNCER_STATUS_OK
        || bouncer_verifier_watch(verifier, &watch, &error) != BOUNCER_STATUS_OK) {
        return fail(error);
    }
    bouncer_settings_free(of_keys);
    bouncer_settings_free(of_policy);
    bouncer_remote_jwks_free(keys);
    bouncer_policy_free(policy);

    if (argc > 4) {
        timeout = atoi(argv[4]);
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int signals = signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(argc > 3 ? (in_port_t)atoi(argv[3]) : 0);
    serve(listener, signals, watch);

    while (first != NULL) {
        close_connection(first);
    }
    close(listener);
    close(signals);
    close(epoll);
    bouncer_watch_free(watch);
    bouncer_verifier_free(verifier);
    return 0;
}
