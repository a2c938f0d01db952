/* Machines that refresh or register over kept-alive connections, as many requests a second as one says.
 *
 * http_load PORT SECONDS REFRESHING RATE REGISTERING RATE CLIENT_ID TOKENS
 *   REFRESHING, REGISTERING  so many connections of that kind
 *   RATE    requests a second, whatever becomes of those before (open loop); 0: the next follows each answer
 *   TOKENS  a file of refresh tokens, a line each, one for each connection that refreshes; replaced by their successors
 *
 * A request that is due while each connection waits for an answer is counted as late, and not sent. A connection whose
 * request was turned away keeps its token. Prints a JSON object for each kind that there is; times are in seconds.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { REFRESH, REGISTER, KINDS };
enum { LARGEST = 16384, TOKEN = 512, EVENTS = 512 };

struct times { double *all; size_t count, room; };

struct kind {
    const char *name;
    struct connection *idle, *last_idle;
    long connections, sent, served, shed, malformed, other, late;
    double rate, due;
    struct times serving, shedding;
    char odd[200];
};

struct connection {
    int socket, busy;
    struct kind *kind;
    struct connection *next;
    char token[TOKEN], reply[LARGEST];
    size_t received;
    double sent_at;
};

static struct kind kinds[KINDS] = {{.name = "refresh"}, {.name = "registration"}};
static struct sockaddr_in server;
static const char *client_id;
static int poller;
static long names;
/* Connections that wait for an answer. */
static long waiting;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (double)moment.tv_sec + (double)moment.tv_nsec / 1e9;
}

static void note(struct times *times, double seconds) {
    if (times->count == times->room) {
        times->room = times->room ? 2 * times->room : 4096;
        times->all = realloc(times->all, times->room * sizeof *times->all);
        if (!times->all) fail("realloc");
    }
    times->all[times->count++] = seconds;
}

static int compare(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static double percentile(struct times *times, double share) {
    if (!times->count) return 0;
    qsort(times->all, times->count, sizeof *times->all, compare);
    return times->all[(size_t)(share * (double)(times->count - 1))];
}

static void open_connection(struct connection *it) {
    int yes = 1;
    it->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (it->socket < 0 || connect(it->socket, (struct sockaddr *)&server, sizeof server)) fail("connect");
    setsockopt(it->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(it->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = it};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, it->socket, &event)) fail("epoll_ctl");
}

/* The connection that has been idle for longest is the next. */
static void push(struct connection *it) {
    it->next = NULL;
    if (it->kind->idle) it->kind->last_idle->next = it;
    else it->kind->idle = it;
    it->kind->last_idle = it;
}

static void send_request(struct connection *it) {
    char body[1024], request[2048];
    int length;
    const char *path, *type;
    if (it->kind == &kinds[REFRESH]) {
        path = "/oauth/v1/token", type = "application/x-www-form-urlencoded";
        length = snprintf(body, sizeof body, "grant_type=refresh_token&client_id=%s&refresh_token=%s", client_id, it->token);
    } else {
        path = "/oauth/v1/register", type = "application/json";
        length = snprintf(body, sizeof body,
            "{\"client_name\":\"tool %d-%ld\",\"redirect_uris\":[\"http://127.0.0.1:7777/callback\"],"
            "\"token_endpoint_auth_method\":\"none\"}", getpid(), names++);
    }
    int size = snprintf(request, sizeof request,
        "POST %s HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: load\r\nAccept: */*\r\nContent-Type: %s\r\n"
        "Content-Length: %d\r\n\r\n%s", path, ntohs(server.sin_port), type, length, body);
    it->received = 0;
    it->busy = 1;
    waiting++;
    it->kind->sent++;
    it->sent_at = now();
    if (write(it->socket, request, (size_t)size) != size) fail("write");
}

static void keep_token(struct connection *it) {
    char *found = strstr(it->reply, "\"refresh_token\": \"");
    size_t length = found ? strcspn(found += 18, "\"") : 0;
    if (!length || length >= TOKEN) {
        snprintf(it->kind->odd, sizeof it->kind->odd, "no successor: %.150s", it->reply);
        it->kind->other++;
        return;
    }
    memcpy(it->token, found, length);
    it->token[length] = 0;
}

static void take_answer(struct connection *it, const char *body) {
    struct kind *kind = it->kind;
    double took = now() - it->sent_at;
    int status = atoi(it->reply + 9);
    if (status == 200 || status == 201) {
        kind->served++;
        note(&kind->serving, took);
        if (kind == &kinds[REFRESH]) keep_token(it);
    } else if (status == 503) {
        kind->shed++;
        note(&kind->shedding, took);
        if (!strcasestr(it->reply, "\r\nRetry-After: ") || !strstr(body, "\"error\": \"temporarily_unavailable\"")) {
            kind->malformed++;
            snprintf(kind->odd, sizeof kind->odd, "%.190s", it->reply);
        }
    } else {
        kind->other++;
        snprintf(kind->odd, sizeof kind->odd, "%.190s", it->reply);
    }
}

static int is_whole(struct connection *it, const char **body) {
    const char *end = strstr(it->reply, "\r\n\r\n"), *length = strcasestr(it->reply, "\r\nContent-Length: ");
    if (!end || !length) return 0;
    *body = end + 4;
    return it->received >= (size_t)(*body - it->reply) + (size_t)atol(length + 18);
}

/* Tells whether the answer has come. */
static int receive(struct connection *it) {
    const char *body;
    ssize_t count = read(it->socket, it->reply + it->received, LARGEST - 1 - it->received);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) {
        if (it->busy) {
            it->kind->other++;
            snprintf(it->kind->odd, sizeof it->kind->odd, "closed before the answer");
            it->busy = 0;
            waiting--;
        }
        close(it->socket);
        open_connection(it);
        return 0;
    }
    it->received += (size_t)count;
    it->reply[it->received] = 0;
    if (!is_whole(it, &body)) return 0;
    take_answer(it, body);
    it->busy = 0;
    waiting--;
    if (strcasestr(it->reply, "\r\nConnection: close")) {
        close(it->socket);
        open_connection(it);
    }
    return 1;
}

static void send_what_is_due(double moment) {
    for (int index = 0; index < KINDS; index++) {
        struct kind *kind = &kinds[index];
        for (; kind->rate && kind->due <= moment; kind->due += 1 / kind->rate) {
            struct connection *it = kind->idle;
            if (!it) {
                kind->late++;
                continue;
            }
            kind->idle = it->next;
            send_request(it);
        }
    }
}

static void run(struct connection *all, long count, double seconds) {
    struct epoll_event events[EVENTS];
    double begun = now(), end = begun + seconds, given_up = end + 10;
    kinds[REFRESH].due = kinds[REGISTER].due = begun;
    for (long index = 0; index < count; index++) {
        if (all[index].kind->rate) push(&all[index]);
        else send_request(&all[index]);
    }
    for (double moment = begun; moment < end || (waiting && moment < given_up); moment = now()) {
        if (moment < end) send_what_is_due(moment);
        int ready = epoll_wait(poller, events, EVENTS, 1);
        for (int index = 0; index < ready; index++) {
            struct connection *it = events[index].data.ptr;
            if (!receive(it)) continue;
            if (it->kind->rate) push(it);
            else if (moment < end) send_request(it);
        }
    }
}

static void report(struct kind *kind, double seconds) {
    for (char *odd = kind->odd; *odd; odd++)
        if (*odd < ' ' || *odd == '"' || *odd == '\\') *odd = ' ';
    printf("{\"kind\": \"%s\", \"seconds\": %g, \"sent\": %ld, \"late\": %ld, \"served\": %ld, \"shed\": %ld, "
        "\"malformed\": %ld, \"other\": %ld, \"served_p50\": %.6f, \"served_p99\": %.6f, "
        "\"shed_p50\": %.6f, \"shed_p99\": %.6f, \"odd\": \"%s\"}\n",
        kind->name, seconds, kind->sent, kind->late, kind->served, kind->shed, kind->malformed, kind->other,
        percentile(&kind->serving, .5), percentile(&kind->serving, .99),
        percentile(&kind->shedding, .5), percentile(&kind->shedding, .99), kind->odd);
}

int main(int count, char **arguments) {
    if (count != 9) return fprintf(stderr, "http_load: eight arguments\n"), 2;
    double seconds = atof(arguments[2]);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client_id = arguments[7];
    poller = epoll_create1(0);
    for (int index = 0; index < KINDS; index++) {
        kinds[index].connections = atol(arguments[3 + 2 * index]);
        kinds[index].rate = atof(arguments[4 + 2 * index]);
    }
    long refreshing = kinds[REFRESH].connections, everybody = refreshing + kinds[REGISTER].connections;
    struct connection *all = calloc((size_t)everybody, sizeof *all);
    FILE *tokens = fopen(arguments[8], "r+");
    if (!all || !tokens) fail("tokens");
    for (long index = 0; index < everybody; index++) {
        all[index].kind = &kinds[index < refreshing ? REFRESH : REGISTER];
        if (index < refreshing && fscanf(tokens, "%511s", all[index].token) != 1) fail("too few tokens");
        open_connection(&all[index]);
    }
    run(all, everybody, seconds);
    rewind(tokens);
    for (long index = 0; index < refreshing; index++) fprintf(tokens, "%s\n", all[index].token);
    fclose(tokens);
    for (int index = 0; index < KINDS; index++)
        if (kinds[index].connections) report(&kinds[index], seconds);
    return 0;
}
