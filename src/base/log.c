#include "base/log.h"

#include "base/clock.h"
#include "base/log_sink.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The program's log, set once at start before other threads exist. Documented singleton. */
static log_config config = {.level = LOG_INFO, .types = UINT32_MAX};
/* A documented singleton likewise. */
static bool configured;

enum { GATHER_BYTES = 32768 };

/* Lines of this thread that wait for log_flush. A documented singleton per thread, as the log itself is one. */
static _Thread_local struct gathered {
	buf lines;
	bool on;
} gathered;

static const str type_names[] = {
#define X(name, text) [name] = STR_INIT(text),
	LOG_TYPES(X)
#undef X
};

static const str level_names[] = {
	[LOG_DEBUG] = STR_INIT("debug"),
	[LOG_INFO] = STR_INIT("info"),
	[LOG_WARN] = STR_INIT("warn"),
	[LOG_ERROR] = STR_INIT("error"),
};

void log_configure(const log_config *c)
{
	config = *c;
	configured = true;
}

bool log_enabled(log_type t, log_level l)
{
	if ((unsigned)t < LOG_TYPES_SWITCHABLE && !(config.types & (uint32_t)1 << t)) return false;
	return l >= config.level;
}

str log_type_name(log_type t)
{
	return type_names[t];
}

log_type log_type_from(str name)
{
	unsigned t = 0;
	while (t < LOG_TYPE_COUNT && !str_eq(type_names[t], name))
		t++;
	return (log_type)t;
}

/* Readers of the log want UTF-8, whatever a client sent. */
static void mask_invalid_utf8(buf *b)
{
	if (str_is_utf8(buf_str(b))) return;
	for (size_t i = 0; i < b->n;) {
		size_t step = str_utf8_step(b->p + i, b->n - i);
		if (!step) b->p[i] = '?';
		i += step ? step : 1;
	}
}

/* What was lost is said at once, not gathered: the thread may sleep for long. */
static void put_out(const buf *b)
{
	bool on = gathered.on;
	size_t lost = log_sink_put(buf_str(b));
	if (!lost) return;
	gathered.on = false;
	log_text(
		LOG_UNSTRUCTURED, LOG_WARN, "log", "%zu lines of this log were lost: they were not read in time", lost);
	gathered.on = on;
}

void log_flush(void)
{
	if (!gathered.lines.n) return;
	put_out(&gathered.lines);
	buf_clear(&gathered.lines);
}

void log_gather(void)
{
	gathered.on = true;
}

void log_gather_end(void)
{
	log_flush();
	buf_free(&gathered.lines);
	gathered.on = false;
}

static void write_line(buf *b)
{
	mask_invalid_utf8(b);
	buf_putc(b, '\n');
	if (gathered.on) {
		buf_put(&gathered.lines, buf_str(b));
		if (gathered.lines.n >= GATHER_BYTES) log_flush();
	} else {
		put_out(b);
	}
	buf_free(b);
}

static void put_json_head(buf *b, log_type t, log_level l)
{
	char stamp[32];
	clock_format(clock_wall_ms(), stamp);
	buf_put(b, STR("{\"type\":\""));
	buf_put(b, type_names[t]);
	buf_put(b, STR("\",\"timestamp\":\""));
	buf_puts(b, stamp);
	buf_put(b, STR("\",\"level\":\""));
	buf_put(b, level_names[l]);
	buf_put(b, STR("\",\"detail\":"));
}

static void put_human_head(buf *b, log_type t, log_level l)
{
	struct tm tm = {0};
	time_t now = (time_t)(clock_wall_ms() / 1000);
	localtime_r(&now, &tm);
	buf_printf(b, "%02d:%02d:%02d %.*s %.*s:", tm.tm_hour, tm.tm_min, tm.tm_sec, STR_ARG(level_names[l]),
		STR_ARG(type_names[t]));
}

/* Words are written bare, all else as JSON, so that nothing in a value can move a terminal's cursor. */
static void put_human_value(buf *b, const json *v)
{
	bool bare = v->kind == JSON_STRING && !v->raw && v->text.n;
	for (size_t i = 0; bare && i < v->text.n; i++)
		bare = v->text.p[i] > ' ' && v->text.p[i] < 0x7f && v->text.p[i] != '"';
	if (bare) buf_put(b, v->text);
	else json_write(b, v);
}

void log_json(log_type t, log_level l, const json *detail)
{
	buf b = {0};
	if (!log_enabled(t, l)) return;
	buf_reserve(&b, 1024);
	if (!config.human) {
		put_json_head(&b, t, l);
		json_write(&b, detail);
		buf_putc(&b, '}');
	} else if (json_is(detail, JSON_OBJECT) && !detail->raw) {
		put_human_head(&b, t, l);
		JSON_EACH (c, detail) {
			buf_putc(&b, ' ');
			buf_put(&b, c->key);
			buf_putc(&b, '=');
			put_human_value(&b, c);
		}
	} else {
		put_human_head(&b, t, l);
		buf_putc(&b, ' ');
		json_write(&b, detail);
	}
	write_line(&b);
}

void log_text(log_type t, log_level l, const char *kind, const char *fmt, ...)
{
	if (!log_enabled(t, l)) return;
	va_list ap;
	arena *a = arena_new(1024);
	json *detail = json_new_object(a);
	va_start(ap, fmt);
	str info = str_vprintf(a, fmt, ap);
	va_end(ap);
	json_setz(detail, "kind", json_new_str(a, str_from(kind)));
	json_setz(detail, "info", json_new_str(a, info));
	log_json(t, l, detail);
	arena_free(a);
}

/* Past the sink, whose lock this thread may hold. */
void log_last_words(const char *text)
{
	char line[512], stamp[32];
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	if (!configured || config.human || poll(&out, 1, 0) <= 0 || !(out.revents & POLLOUT)) return;
	clock_format(clock_wall_ms(), stamp);
	int n = snprintf(line, sizeof line,
		"{\"type\":\"unstructured\",\"timestamp\":\"%s\",\"level\":\"error\","
		"\"detail\":{\"kind\":\"death\",\"info\":\"%s\"}}\n",
		stamp, text);
	if (n > 0 && (size_t)n < sizeof line && write(STDOUT_FILENO, line, (size_t)n) < 0) return;
}
