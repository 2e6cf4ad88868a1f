#include "metadata/connection.h"

#include "metadata/shape.h"

#include <limits.h>
#include <stdlib.h>

/* Hasura v2 throws these with status 400, whatever the code. */
static bool is_400(error *err)
{
	err->status = 400;
	return false;
}

static bool from_env(arena *a, str name, const md_env *env, str *out, error *err)
{
	str value;
	if (!env->get(env->data, name, &value)) {
		error_set(err, ERR_NOT_FOUND, STR(""), "environment variable '%.*s' not set", STR_ARG(name));
		return is_400(err);
	}
	*out = str_copy(a, value);
	return true;
}

bool md_url_template(arena *a, str text, const md_env *env, str *out, error *err)
{
	buf made = {0}, missing = {0};
	for (;;) {
		size_t open = str_find(text, STR("{{"));
		size_t close = open == SIZE_MAX ? SIZE_MAX : str_find(str_from_at(text, open + 2), STR("}}"));
		if (close == SIZE_MAX) break;
		str name = str_sub(text, open + 2, close), value;
		buf_put(&made, str_sub(text, 0, open));
		if (env->get(env->data, name, &value)) {
			buf_put(&made, value);
		} else {
			if (missing.n) buf_puts(&missing, ", ");
			buf_put(&missing, name);
		}
		text = str_from_at(text, open + 2 + close + 2);
	}
	buf_put(&made, text);
	bool ok = !missing.n;
	if (ok) *out = str_copy(a, buf_str(&made));
	else
		error_set(err, ERR_UNEXPECTED, STR(""), "Value for environment variables not found: %.*s",
			STR_ARG(buf_str(&missing)));
	if (!ok) is_400(err);
	if (made.p) mem_wipe(made.p, made.cap);
	buf_free(&made);
	buf_free(&missing);
	return ok;
}

/* ---- database_url ---- */

/* Everything but RFC 3986's unreserved characters is percent-encoded. */
static void put_component(buf *b, str s)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		bool plain = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
			(ch && strchr("-._~", ch));
		if (plain) {
			buf_putc(b, (char)ch);
			continue;
		}
		buf_putc(b, '%');
		buf_putc(b, hex[ch >> 4]);
		buf_putc(b, hex[ch & 15]);
	}
}

static str url_of_parameters(arena *a, const json *p)
{
	buf b = {0};
	const json *password = json_getz(p, "password"), *port = json_getz(p, "port");
	buf_puts(&b, "postgresql://");
	put_component(&b, json_str_or(p, "username", STR("")));
	if (json_is(password, JSON_STRING)) {
		buf_putc(&b, ':');
		put_component(&b, password->text);
	}
	buf_putc(&b, '@');
	put_component(&b, json_str_or(p, "host", STR("")));
	if (port) {
		buf_putc(&b, ':');
		buf_put(&b, port->text);
	}
	buf_putc(&b, '/');
	put_component(&b, json_str_or(p, "database", STR("")));
	str url = str_copy(a, buf_str(&b));
	if (b.p) mem_wipe(b.p, b.cap);
	buf_free(&b);
	return url;
}

#define PREFIX_VARIABLE "HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX"

/*
 * Hasura v2: resolveUrlConf. The admin of the metadata need not be trusted with every file of the server; here the prefix
 * also ends at a path component, so that /secrets does not allow /secrets-of-others.
 */
static bool check_file(arena *a, str path, const md_env *env, error *err)
{
	str prefix;
	bool set = env->get(env->data, STR(PREFIX_VARIABLE), &prefix);
	if (!set || !prefix.n) {
		return error_set(err, ERR_PERMISSION_ERROR, STR(""),
			"dynamic_from_file file path requires that the " PREFIX_VARIABLE " environment variable be %s",
			set ? "non-empty" : "set and non-empty");
	}
	char real_prefix[PATH_MAX], real_path[PATH_MAX];
	if (realpath(str_z(a, prefix), real_prefix) && realpath(str_z(a, path), real_path)) {
		str dir = str_from(real_prefix), file = str_from(real_path);
		bool below = str_starts(file, dir);
		if (below && (str_ends(dir, STR("/")) || file.n == dir.n || file.p[dir.n] == '/')) return true;
	}
	return error_set(err, ERR_PERMISSION_ERROR, STR(""),
		"The supplied dynamic_from_file file path, when canonicalized, does not match the allowed prefix "
		"set by your administrator via the " PREFIX_VARIABLE " environment variable");
}

static bool read_url(arena *a, const json *url, const md_env *env, md_connection *out, error *err)
{
	if (json_is(url, JSON_STRING)) return md_url_template(a, url->text, env, &out->url, err);
	const json *variable = json_getz(url, "from_env"), *file = json_getz(url, "dynamic_from_file");
	if (variable) {
		out->url_env = str_copy(a, variable->text);
		return from_env(a, variable->text, env, &out->url, err);
	}
	if (file) {
		out->url_file = str_copy(a, file->text);
		return check_file(a, file->text, env, err);
	}
	out->url = url_of_parameters(a, json_getz(url, "connection_parameters"));
	return true;
}

/* ---- the rest ---- */

static void read_int(const json *o, const char *key, int64_t *out)
{
	int64_t v;
	if (json_to_i64(json_getz(o, key), &v)) *out = v;
}

/* Seconds that may have a fraction, times scale. */
static void read_seconds(arena *a, const json *o, const char *key, double scale, int64_t *out)
{
	const json *j = json_getz(o, key);
	if (!json_is(j, JSON_NUMBER)) return;
	double v = strtod(str_z(a, j->text), NULL) * scale;
	if (v >= 0 && v < 1e15) *out = (int64_t)v;
}

static bool read_ssl(arena *a, const json *ssl, const md_env *env, md_connection *out, error *err)
{
	struct {
		const char *key;
		str *to;
	} certs[] = {
		{"sslrootcert", &out->sslrootcert},
		{"sslcert", &out->sslcert},
		{"sslkey", &out->sslkey},
		{"sslpassword", &out->sslpassword},
	};
	if (!ssl) return true;
	out->sslmode = str_copy(a, json_str_or(ssl, "sslmode", STR("")));
	for (size_t i = 0; i < sizeof(certs) / sizeof(*certs); i++) {
		const json *cert = json_getz(ssl, certs[i].key);
		if (cert && !from_env(a, json_str_or(cert, "from_env", STR("")), env, certs[i].to, err)) return false;
	}
	return true;
}

static bool read_info(arena *a, const json *info, const md_env *env, md_connection *out, error *err)
{
	const json *pool = json_getz(info, "pool_settings");
	str level = json_str_or(info, "isolation_level", STR("read-committed"));
	*out = (md_connection){
		.max_connections = 50,
		.idle_timeout_s = 180,
		.retries = 1,
		.pool_timeout_ms = -1,
		.connection_lifetime_s = 600,
		.use_prepared_statements = json_bool_or(info, "use_prepared_statements", false),
		.extensions_schema = STR("public"),
	};
	if (str_eqz(level, "repeatable-read")) out->isolation = MD_REPEATABLE_READ;
	if (str_eqz(level, "serializable")) out->isolation = MD_SERIALIZABLE;
	read_int(pool, "max_connections", &out->max_connections);
	read_int(pool, "total_max_connections", &out->total_max_connections);
	read_int(pool, "idle_timeout", &out->idle_timeout_s);
	read_int(pool, "retries", &out->retries);
	read_seconds(a, pool, "pool_timeout", 1000, &out->pool_timeout_ms);
	read_seconds(a, pool, "connection_lifetime", 1, &out->connection_lifetime_s);
	return read_url(a, json_getz(info, "database_url"), env, out, err) &&
		read_ssl(a, json_getz(info, "ssl_configuration"), env, out, err);
}

bool md_connection_info(arena *a, const json *info, const md_env *env, md_connection *out, error *err)
{
	arena *scratch = arena_new(0);
	shape_ctx c;
	json *canonical;
	shape_begin(&c, a, scratch, NULL, err);
	bool ok = shape_do_object(&c, &shape_connection_info, info, &canonical);
	arena_free(scratch);
	return ok && read_info(a, canonical, env, out, err);
}

bool md_source_connection(arena *a, const md_source *s, const md_env *env, md_connection *out, error *err)
{
	const json *info = json_getz(s->configuration, "connection_info");
	if (!info) {
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"sources of kind \"%.*s\" are not served by this version of Weir", STR_ARG(s->kind));
	}
	if (!read_info(a, info, env, out, err)) return false;
	out->extensions_schema = json_str_or(s->configuration, "extensions_schema", STR("public"));
	return true;
}

static uint32_t to_u32(int64_t v)
{
	return v < 0 ? 0 : v > INT32_MAX ? INT32_MAX : (uint32_t)v;
}

void md_connection_spec(const md_connection *c, pg_params_spec *out)
{
	pg_params_spec_init(out);
	out->url = c->url;
	out->dynamic_file = c->url_file;
	out->sslmode = c->sslmode;
	out->sslrootcert = c->sslrootcert;
	out->sslcert = c->sslcert;
	out->sslkey = c->sslkey;
	out->sslpassword = c->sslpassword;
	out->isolation = (pg_isolation)c->isolation;
	out->use_prepared_statements = c->use_prepared_statements;
	out->pool.max_connections = to_u32(c->max_connections);
	out->pool.idle_timeout_s = to_u32(c->idle_timeout_s);
	out->pool.retries = to_u32(c->retries);
	out->pool.pool_timeout_ms = c->pool_timeout_ms < 0 ? 0 : (uint64_t)c->pool_timeout_ms;
	out->pool.connection_lifetime_s = (uint64_t)c->connection_lifetime_s;
}

_Static_assert((int)MD_READ_COMMITTED == (int)PG_READ_COMMITTED && (int)MD_REPEATABLE_READ == (int)PG_REPEATABLE_READ &&
		(int)MD_SERIALIZABLE == (int)PG_SERIALIZABLE,
	"md_connection_spec casts the isolation level");
