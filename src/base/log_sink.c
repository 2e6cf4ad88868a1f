#include "log_sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest wait for a reader, once; afterwards it has to have room by itself. */
enum { PATIENCE_MS = 50 };

/*
 * The state of the program's standard output: a documented singleton, as that is one. A pipe that poll(2) calls writable
 * takes PIPE_BUF bytes without waiting, as long as one thread at a time does so: hence the lock.
 */
static struct {
	pthread_mutex_t lock;
	size_t lost; /* lines not told of yet */
	bool stuck;
	bool torn; /* the last line is out in part */
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool has_room(void)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
	bool room = poll(&fd, 1, sink.stuck ? 0 : PATIENCE_MS) > 0 && !(fd.revents & (POLLERR | POLLNVAL));
	sink.stuck = !room;
	return room;
}

/* All lines that fit into one write; of one that does not fit, a part. */
static size_t piece_of(str lines)
{
	size_t n = 0, next;
	if (lines.n <= PIPE_BUF) return lines.n;
	while ((next = str_find_char(str_from_at(lines, n), '\n')) != SIZE_MAX && n + next + 1 <= PIPE_BUF)
		n += next + 1;
	return n ? n : PIPE_BUF;
}

static size_t count_lines(str lines)
{
	size_t n = 0, next;
	for (; (next = str_find_char(lines, '\n')) != SIZE_MAX; n++)
		lines = str_from_at(lines, next + 1);
	return n;
}

static bool write_piece(str piece)
{
	while (piece.n) {
		ssize_t n = write(STDOUT_FILENO, piece.p, piece.n);
		if (n > 0) {
			sink.torn = piece.p[n - 1] != '\n';
			piece = str_from_at(piece, (size_t)n);
		} else if (errno == EAGAIN) {
			if (!has_room()) return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static bool is_file(void)
{
	struct stat st;
	return fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

size_t log_sink_put(str lines)
{
	size_t lost = 0;
	pthread_mutex_lock(&sink.lock);
	bool file = lines.n > PIPE_BUF && is_file(), fine = !sink.torn || (has_room() && write_piece(STR("\n")));
	while (lines.n && fine) {
		str piece = str_sub(lines, 0, file ? lines.n : piece_of(lines));
		fine = (file || has_room()) && write_piece(piece);
		if (fine) lines = str_from_at(lines, piece.n);
	}
	if (!fine) {
		sink.lost += count_lines(lines);
	} else {
		lost = sink.lost;
		sink.lost = 0;
	}
	pthread_mutex_unlock(&sink.lock);
	return lost;
}
