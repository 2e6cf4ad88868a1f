#include "pg/pg_dial.h"
#include "base/buf.h"
#include "pg/pg_params_in.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { MAX_URL_FILE = 64 * 1024, MAX_KEYS = 96 };

typedef struct conninfo {
	const char *keys[MAX_KEYS + 1];
	const char *values[MAX_KEYS + 1];
	size_t n;
	PQconninfoOption *parsed;
	buf options;
	char timeout[16];
} conninfo;

static void set(conninfo *c, const char *key, const char *value)
{
	if (c->n == MAX_KEYS) return;
	c->keys[c->n] = key;
	c->values[c->n++] = value;
}

static void release(conninfo *c)
{
	for (PQconninfoOption *o = c->parsed; o && o->keyword; o++)
		if (o->val) mem_wipe(o->val, strlen(o->val));
	PQconninfoFree(c->parsed);
	buf_free(&c->options);
}

static void put_percent(buf *b, str s)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
			c == '_' || c == '.' || c == '~';
		if (plain) {
			buf_putc(b, (char)c);
		} else {
			buf_putc(b, '%');
			buf_putc(b, hex[c >> 4]);
			buf_putc(b, hex[c & 15]);
		}
	}
}

static size_t find_last(str s, char c)
{
	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == c) return i;
	return SIZE_MAX;
}

/*
 * Hasura v2: pg-client, URL.hs: secret managers write passwords with signs that a URL does not allow; the password of a
 * url read from a file is percent-encoded before libpq sees it.
 */
static void put_encoded_url(buf *b, str url)
{
	size_t scheme = str_find(url, STR("://"));
	size_t at = find_last(url, '@');
	if (scheme == SIZE_MAX || at == SIZE_MAX || at < scheme + 3) {
		buf_put(b, url);
		return;
	}
	str auth = str_sub(url, scheme + 3, at - scheme - 3);
	size_t colon = str_find_char(auth, ':');
	if (colon == SIZE_MAX) {
		buf_put(b, url);
		return;
	}
	buf_put(b, str_sub(url, 0, scheme + 3 + colon + 1));
	put_percent(b, str_from_at(auth, colon + 1));
	buf_put(b, str_from_at(url, at));
}

static bool read_file(const char *path, buf *out, pg_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	buf_reserve(out, MAX_URL_FILE);
	if (fd >= 0) {
		n = read(fd, out->p, MAX_URL_FILE);
		close(fd);
	}
	if (n >= 0) {
		out->n = (size_t)n;
		return true;
	}
	buf text = {0};
	buf_printf(&text, "Error reading connection string dynamically from %s: %s", path, strerror(errno));
	buf_putc(&text, '\0');
	pg_error_text(e, PG_ERR_CONNECT, text.p);
	buf_free(&text);
	return false;
}

static PQconninfoOption *parse_file(const char *path, pg_error *e)
{
	buf raw = {0}, url = {0};
	PQconninfoOption *found = NULL;
	if (read_file(path, &raw, e)) {
		put_encoded_url(&url, str_trim(buf_str(&raw)));
		buf_putc(&url, '\0');
		found = PQconninfoParse(url.p, NULL);
		if (!found) pg_error_text(e, PG_ERR_CONNECT, "the connection string in the file is not valid");
	}
	if (raw.p) mem_wipe(raw.p, raw.cap);
	if (url.p) mem_wipe(url.p, url.cap);
	buf_free(&raw);
	buf_free(&url);
	return found;
}

/* PostgreSQL: of a key given twice the last counts. Ours that may be overruled come first, those that may not last. */
static bool fill(conninfo *c, const pg_params *p, bool plain, bool replication, pg_error *e)
{
	const char *user_options = NULL;
	snprintf(c->timeout, sizeof(c->timeout), "%u", (p->connect_timeout_ms + 999) / 1000);
	set(c, "fallback_application_name", "weir");
	set(c, "connect_timeout", c->timeout);
	/* A half-open connection is noticed in 15 s. */
	set(c, "keepalives_idle", "5");
	set(c, "keepalives_interval", "5");
	set(c, "keepalives_count", "2");
	set(c, "tcp_user_timeout", "15000");
	if (p->dynamic_file) c->parsed = parse_file(p->dynamic_file, e);
	else if (p->url) c->parsed = PQconninfoParse(p->url, NULL);
	if (!c->parsed && (p->dynamic_file || p->url)) return false;
	for (PQconninfoOption *o = c->parsed; o && o->keyword; o++) {
		if (!o->val) continue;
		set(c, o->keyword, o->val);
		if (strcmp(o->keyword, "options") == 0) user_options = o->val;
	}
	for (size_t i = 0; i < p->npairs; i++)
		set(c, p->pairs[i].key, p->pairs[i].value);
	if (!plain) {
		/* The jit pays off for none of our statements and costs milliseconds where it fires. */
		buf_puts(&c->options, "-c jit=off");
		if (p->statement_timeout_ms)
			buf_printf(&c->options, " -c statement_timeout=%u", p->statement_timeout_ms);
		if (user_options) buf_printf(&c->options, " %s", user_options);
		buf_putc(&c->options, '\0');
		set(c, "options", c->options.p);
	}
	set(c, "client_encoding", "UTF8");
	if (replication) {
		set(c, "replication", "database");
		set(c, "application_name", PG_REPLICATION_NAME);
	}
	return true;
}

/* libpq 15 keeps the SQLSTATE of a failed start to itself; the few that matter are told by their text. */
static void guess_sqlstate(pg_error *e)
{
	static const struct {
		const char *part;
		const char *sqlstate;
	} known[] = {
		{"too many clients", "53300"},
		{"remaining connection slots", "53300"},
		{"too many connections", "53300"},
		{"no more connections allowed", "53300"},
		{"the database system is", "57P03"},
		{"password authentication failed", "28P01"},
		{"no password supplied", "28P01"},
		{"no pg_hba.conf entry", "28000"},
		{"\" does not exist", "3D000"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_find(e->message, str_from(known[i].part)) == SIZE_MAX) continue;
		memcpy(e->sqlstate, known[i].sqlstate, 5);
		return;
	}
}

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static bool says_iso(const PGconn *c)
{
	const char *style = PQparameterStatus(c, "DateStyle");
	return style && strncmp(style, "ISO", 3) == 0;
}

/*
 * ALTER DATABASE or ALTER ROLE changes the style of connections made from then on, and statements made before take dates for
 * ISO text. Only when it is needed, and only the form: the order of day and month stays the database's. PgBouncer carries
 * this setting from one server connection to the next.
 */
static bool settle_dates(PGconn *c)
{
	if (says_iso(c)) return true;
	PQclear(PQexec(c, "SET DateStyle TO 'ISO'"));
	return says_iso(c);
}

static PGconn *attempt(const pg_params *p, bool plain, bool replication, pg_error *e)
{
	conninfo c = {0};
	PGconn *conn = NULL;
	if (fill(&c, p, plain, replication, e)) {
		conn = PQconnectdbParams(c.keys, c.values, 0);
		if (!conn) {
			pg_error_text(e, PG_ERR_CONNECT, "out of memory");
		} else if (PQstatus(conn) != CONNECTION_OK) {
			pg_error_from_conn(e, PG_ERR_CONNECT, conn, "(empty connection error message)");
			PQfinish(conn);
			conn = NULL;
		} else if (p->iso_dates && !replication && !settle_dates(conn)) {
			pg_error_text(e, PG_ERR_CONNECT, "DateStyle cannot be set to ISO");
			PQfinish(conn);
			conn = NULL;
		} else {
			PQsetNoticeProcessor(conn, ignore_notice, NULL);
		}
	}
	release(&c);
	return conn;
}

static bool refused_options(const pg_error *e)
{
	return str_find(e->message, STR("unsupported startup parameter")) != SIZE_MAX ||
		str_find(e->message, STR("unrecognized configuration parameter")) != SIZE_MAX;
}

static PGconn *dial(pg_params *p, bool replication, pg_error *e)
{
	bool plain = atomic_load(&p->plain);
	PGconn *conn = attempt(p, plain, replication, e);
	if (!conn && !plain && refused_options(e)) {
		pg_error_clear(e);
		conn = attempt(p, true, replication, e);
		if (conn) atomic_store(&p->plain, true);
	}
	if (!conn) guess_sqlstate(e);
	return conn;
}

PGconn *pg_dial(pg_params *p, pg_error *e)
{
	return dial(p, false, e);
}

PGconn *pg_dial_replication(pg_params *p, pg_error *e)
{
	return dial(p, true, e);
}

static const char *variable_of(const PQconninfoOption *all, const char *key)
{
	for (const PQconninfoOption *o = all; o->keyword; o++)
		if (strcmp(o->keyword, key) == 0) return o->envvar;
	return NULL;
}

bool pg_dial_settings(const pg_params *p,
	void (*tell)(void *arg, const char *variable, const char *key, const char *value), void *arg, pg_error *e)
{
	conninfo c = {0};
	PQconninfoOption *all = PQconninfoParse("", NULL);
	bool ok = all && fill(&c, p, true, false, e);
	for (size_t i = 0; ok && i < c.n; i++)
		tell(arg, variable_of(all, c.keys[i]), c.keys[i], c.values[i]);
	if (!all) pg_error_text(e, PG_ERR_CONNECT, "out of memory");
	PQconninfoFree(all);
	release(&c);
	return ok;
}

static void copy_setting(char *to, size_t size, const PGconn *c, const char *name)
{
	const char *v = PQparameterStatus(c, name);
	snprintf(to, size, "%s", v ? v : "");
}

void pg_dial_server(const PGconn *c, pg_server *out)
{
	out->version = PQserverVersion(c);
	copy_setting(out->date_style, sizeof(out->date_style), c, "DateStyle");
	copy_setting(out->interval_style, sizeof(out->interval_style), c, "IntervalStyle");
	copy_setting(out->time_zone, sizeof(out->time_zone), c, "TimeZone");
	out->iso_dates = says_iso(c);
}
