// A bare echo on a Unix stream socket: every line comes back as it was sent. It does what any server
// on libuv has to do to read a line and to write one, and nothing else, so its figures are the floor
// of what a server of this kind can reach. It sends the request's own bytes back; an answer of
// another length would cost a little less or more.
//
// It reads and writes as the daemon does: one read buffer for all connections, writes handed to the
// kernel at once, and only what the kernel does not take is copied and waited for.
//
//   echo-floor PATH      listens until it is killed

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

enum { READ_BYTES_MAX = 64 * 1024, BACKLOG = 1024 };

static char read_buffer[READ_BYTES_MAX];

/// A write that waits for the peer to read, with the bytes behind it.
typedef struct {
    uv_write_t request;
    char bytes[];
} late_write;

static void require(int status, const char *what) {
    if (status < 0) {
        fprintf(stderr, "echo-floor: %s: %s\n", what, uv_strerror(status));
        exit(71);
    }
}

static void *required(void *block) {
    if (block == NULL) require(UV_ENOMEM, "memory");
    return block;
}

static void did_close(uv_handle_t *handle) { free(handle); }

static void end(uv_stream_t *stream) {
    if (!uv_is_closing((uv_handle_t *)stream)) uv_close((uv_handle_t *)stream, did_close);
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(read_buffer, READ_BYTES_MAX);
}

static void did_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void did_write(uv_write_t *request, int status) {
    uv_stream_t *stream = request->handle;
    free(request);
    if (status < 0) {
        end(stream);
    } else if (!uv_is_closing((uv_handle_t *)stream)) {
        require(uv_read_start(stream, lend_buffer, did_read), "read");
    }
}

/// Sends what the kernel did not take, and reads no more until it is gone.
static void write_late(uv_stream_t *stream, const char *bytes, size_t count) {
    late_write *late = required(malloc(sizeof(late_write) + count));
    memcpy(late->bytes, bytes, count);
    uv_buf_t rest = uv_buf_init(late->bytes, (unsigned int)count);
    uv_read_stop(stream);
    if (uv_write(&late->request, stream, &rest, 1, did_write) < 0) {
        free(late);
        end(stream);
    }
}

static void did_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    if (count == 0) return;
    if (count < 0) {
        end(stream);
        return;
    }
    uv_buf_t bytes = uv_buf_init(buffer->base, (unsigned int)count);
    int sent = uv_try_write(stream, &bytes, 1);
    if (sent == count) return;
    if (sent < 0 && sent != UV_EAGAIN) {
        end(stream);
        return;
    }
    if (sent < 0) sent = 0;
    write_late(stream, bytes.base + sent, (size_t)(count - sent));
}

static void did_connect(uv_stream_t *listener, int status) {
    require(status, "listen");
    uv_pipe_t *client = required(malloc(sizeof(uv_pipe_t)));
    require(uv_pipe_init(listener->loop, client, 0), "connection");
    if (uv_accept(listener, (uv_stream_t *)client) < 0) {
        end((uv_stream_t *)client);
        return;
    }
    require(uv_read_start((uv_stream_t *)client, lend_buffer, did_read), "read");
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: echo-floor PATH\n");
        return 64;
    }
    uv_loop_t *loop = uv_default_loop();
    uv_pipe_t listener;
    require(uv_pipe_init(loop, &listener, 0), "socket");
    require(uv_pipe_bind(&listener, arguments[1]), arguments[1]);
    require(uv_listen((uv_stream_t *)&listener, BACKLOG, did_connect), "listen");
    return uv_run(loop, UV_RUN_DEFAULT);
}
