#include "pg/pg_params_in.h"
#include "base/json.h"
#include <libpq-fe.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	str name;
	pg_isolation value;
} isolations[] = {
	{STR_INIT("read-committed"), PG_READ_COMMITTED},
	{STR_INIT("repeatable-read"), PG_REPEATABLE_READ},
	{STR_INIT("serializable"), PG_SERIALIZABLE},
};

static const char *const sslmodes[] = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};

bool pg_isolation_parse(str text, str path, pg_isolation *out, error *err)
{
	for (size_t i = 0; i < sizeof(isolations) / sizeof(isolations[0]); i++) {
		if (!str_eq(text, isolations[i].name)) continue;
		*out = isolations[i].value;
		return true;
	}
	/* Hasura v2: Server/Utils.hs, readIsoLevel. */
	return error_set(err, ERR_PARSE_FAILED, path, "Only expecting read-committed / repeatable-read / serializable");
}

str pg_isolation_name(pg_isolation i)
{
	return isolations[i].name;
}

void pg_params_spec_init(pg_params_spec *spec)
{
	*spec = (pg_params_spec){
		.isolation = PG_READ_COMMITTED,
		.use_prepared_statements = true,
		.pool = {.max_connections = 50, .idle_timeout_s = 180, .retries = 1, .connection_lifetime_s = 600},
		.connect_timeout_ms = 10000,
	};
}

static bool refuse(error *err, const char *why)
{
	error_set(err, ERR_POSTGRES, STR(""), "connection error");
	err->internal = json_new_str(err->a, str_from(why));
	return false;
}

/* A copy on the heap, NUL-terminated; NULL for the empty text. */
static char *keep(str s)
{
	if (s.n == 0) return NULL;
	char *p = mem_alloc(size_add(s.n, 1));
	memcpy(p, s.p, s.n);
	return p;
}

static void forget(char *secret)
{
	if (secret) mem_wipe(secret, strlen(secret));
	mem_free(secret);
}

static void add_pair(pg_params *p, const char *key, str value)
{
	if (value.n == 0) return;
	p->pairs[p->npairs++] = (pg_pair){.key = key, .value = keep(value)};
}

/*
 * PEM text becomes a memory file that libpq can name: nothing secret touches a disk. Anything else is a file name.
 * PostgreSQL: a private key's file must belong to us with mode 0600.
 */
static bool add_pem(pg_params *p, size_t i, const char *key, str text, error *err)
{
	text = str_trim(text);
	p->pem[i] = keep(text);
	if (!str_starts(text, STR("-----BEGIN"))) {
		add_pair(p, key, text);
		return true;
	}
	int fd = memfd_create("weir-pem", MFD_CLOEXEC);
	if (fd < 0) return refuse(err, "no memory file for a certificate");
	p->fds[i] = fd;
	size_t done = 0;
	while (done < text.n) {
		ssize_t n = write(fd, text.p + done, text.n - done);
		if (n <= 0) return refuse(err, "a certificate cannot be kept in memory");
		done += (size_t)n;
	}
	if (write(fd, "\n", 1) != 1 || fchmod(fd, 0600) != 0)
		return refuse(err, "a certificate cannot be kept in memory");
	char path[64];
	add_pair(p, key, str_make(path, (size_t)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd)));
	return true;
}

static bool has_nul(const pg_params_spec *s)
{
	const str all[] = {s->url, s->dynamic_file, s->host, s->user, s->password, s->database, s->sslmode,
		s->sslrootcert, s->sslcert, s->sslkey, s->sslpassword};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (str_find_char(all[i], '\0') != SIZE_MAX) return true;
	return false;
}

/* libpq must understand the url; its own words could repeat a piece of the password, so they are not told. */
static bool check_url(pg_params *p, error *err)
{
	PQconninfoOption *found = PQconninfoParse(p->url, NULL);
	if (!found) return refuse(err, "the connection string is not valid");
	for (PQconninfoOption *o = found; o->keyword; o++) {
		if (!o->val) continue;
		if (!p->host && (strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0))
			p->host = keep(str_from(o->val));
		mem_wipe(o->val, strlen(o->val));
		*o->val = '\0';
	}
	PQconninfoFree(found);
	return true;
}

static bool check_sslmode(str mode, error *err)
{
	if (mode.n == 0) return true;
	for (size_t i = 0; i < sizeof(sslmodes) / sizeof(sslmodes[0]); i++)
		if (str_eqz(mode, sslmodes[i])) return true;
	return refuse(err, "unknown sslmode");
}

static bool fill(pg_params *p, const pg_params_spec *s, error *err)
{
	char port[16];
	if (has_nul(s)) return refuse(err, "the connection settings hold a NUL byte");
	if (s->url.n == 0 && s->dynamic_file.n == 0 && s->host.n == 0 && s->database.n == 0)
		return refuse(err, "the connection string is empty");
	if (!check_sslmode(s->sslmode, err)) return false;
	p->url = keep(s->url);
	p->dynamic_file = keep(s->dynamic_file);
	if (p->url && !check_url(p, err)) return false;
	add_pair(p, "host", s->host);
	if (s->host.n && !p->host) p->host = keep(s->host);
	if (s->port > 0) add_pair(p, "port", str_make(port, (size_t)snprintf(port, sizeof(port), "%d", s->port)));
	add_pair(p, "user", s->user);
	add_pair(p, "password", s->password);
	add_pair(p, "dbname", s->database);
	add_pair(p, "sslmode", s->sslmode);
	add_pair(p, "sslpassword", s->sslpassword);
	return add_pem(p, 0, "sslrootcert", s->sslrootcert, err) && add_pem(p, 1, "sslcert", s->sslcert, err) &&
		add_pem(p, 2, "sslkey", s->sslkey, err);
}

pg_params *pg_params_new(const pg_params_spec *spec, error *err)
{
	pg_params *p = mem_alloc(sizeof(*p));
	atomic_init(&p->refs, 1);
	atomic_init(&p->plain, false);
	for (size_t i = 0; i < PG_PEMS; i++)
		p->fds[i] = -1;
	p->isolation = spec->isolation;
	p->prepared = spec->use_prepared_statements;
	p->pool = spec->pool;
	if (p->pool.max_connections == 0) p->pool.max_connections = 1;
	p->statement_timeout_ms = spec->statement_timeout_ms;
	p->iso_dates = spec->iso_dates;
	p->connect_timeout_ms = spec->connect_timeout_ms ? spec->connect_timeout_ms : 10000;
	if (fill(p, spec, err)) return p;
	pg_params_unref(p);
	return NULL;
}

pg_params *pg_params_ref(pg_params *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void pg_params_unref(pg_params *p)
{
	if (!p || atomic_fetch_sub(&p->refs, 1) != 1) return;
	forget(p->url);
	forget(p->dynamic_file);
	forget(p->host);
	for (size_t i = 0; i < p->npairs; i++)
		forget(p->pairs[i].value);
	for (size_t i = 0; i < PG_PEMS; i++) {
		forget(p->pem[i]);
		if (p->fds[i] >= 0) close(p->fds[i]);
	}
	mem_free(p);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_pairs(const pg_params *a, const pg_params *b)
{
	if (a->npairs != b->npairs) return false;
	for (size_t i = 0; i < a->npairs; i++) {
		if (strcmp(a->pairs[i].key, b->pairs[i].key) != 0) return false;
		/* The names of memory files differ; their texts are compared by the caller. */
		if (strncmp(a->pairs[i].value, "/proc/self/fd/", 14) == 0 &&
			strncmp(b->pairs[i].value, "/proc/self/fd/", 14) == 0)
			continue;
		if (strcmp(a->pairs[i].value, b->pairs[i].value) != 0) return false;
	}
	return true;
}

bool pg_params_equal(const pg_params *a, const pg_params *b)
{
	if (!same(a->url, b->url) || !same(a->dynamic_file, b->dynamic_file) || !same_pairs(a, b)) return false;
	for (size_t i = 0; i < PG_PEMS; i++)
		if (!same(a->pem[i], b->pem[i])) return false;
	const pg_pool_settings *x = &a->pool, *y = &b->pool;
	return a->isolation == b->isolation && a->prepared == b->prepared && x->max_connections == y->max_connections &&
		x->idle_timeout_s == y->idle_timeout_s && x->retries == y->retries &&
		x->pool_timeout_ms == y->pool_timeout_ms && x->connection_lifetime_s == y->connection_lifetime_s &&
		a->statement_timeout_ms == b->statement_timeout_ms && a->connect_timeout_ms == b->connect_timeout_ms &&
		a->iso_dates == b->iso_dates;
}

const pg_pool_settings *pg_params_pool(const pg_params *p)
{
	return &p->pool;
}

pg_isolation pg_params_isolation(const pg_params *p)
{
	return p->isolation;
}

bool pg_params_prepared(const pg_params *p)
{
	return p->prepared;
}

str pg_params_host(const pg_params *p)
{
	/* Hasura v2: pg-client, the text of its retry log. */
	return p->host ? str_from(p->host) : STR("Unknown or invalid host");
}
