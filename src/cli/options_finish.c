#include "base/arena.h"
#include "cli/options_internal.h"
#include <unistd.h>

static bool fatal(error *err, const char *text)
{
	return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "%s", text);
}

/* --- secrets and who may --- */

static bool add_secret(options_state *st, str s, error *err)
{
	if (s.n == 0) return fatal(err, "Fatal Error: an admin secret is empty: leave it out or write one");
	vec_push(st->a, &st->o.server.admin_secrets, s);
	return true;
}

/* Hasura EE: --admin-secrets replaces the single one. */
static bool finish_secrets(options_state *st, error *err)
{
	server_config *c = &st->o.server;
	json *list = NULL;

	if (c->admin_secret.n == 0) c->admin_secret = st->access_key;
	if (st->admin_secrets_json.n == 0) return c->admin_secret.n == 0 || add_secret(st, c->admin_secret, err);
	if (!json_parse(st->a, st->admin_secrets_json, &list, err)) return false;
	if (!json_is(list, JSON_ARRAY))
		return fatal(err,
			"Fatal Error: --admin-secrets (HASURA_GRAPHQL_ADMIN_SECRETS): write a JSON array of texts");
	JSON_EACH (j, list) {
		if (!json_is(j, JSON_STRING))
			return fatal(err,
				"Fatal Error: --admin-secrets (HASURA_GRAPHQL_ADMIN_SECRETS): write a JSON array of texts");
		if (!add_secret(st, j->text, err)) return false;
	}
	if (c->admin_secrets.n) c->admin_secret = c->admin_secrets.v[0];
	return true;
}

/* What may go together is auth_new's to say. */
static void finish_auth(options_state *st)
{
	server_config *c = &st->o.server;
	str mode = st->hook_mode.n ? st->hook_mode : st->hook_type;

	c->auth_hook_post = str_eqz(mode, "POST");
	if (!c->auth_hook_post) c->auth_hook_send_body = false;
	if (c->unauthorized_role.n && !c->unauthorized_drops_variables) {
		options_warn(st,
			"requests without credentials get the role %.*s and choose their own session variables by x-hasura-* headers: "
			"--unauthorized-drops-variables (WEIR_UNAUTHORIZED_DROPS_VARIABLES) takes these away",
			STR_ARG(c->unauthorized_role));
	}
}

/* Features that change something in Hasura and nothing here. */
static void finish_features(options_state *st)
{
	static const struct {
		const char *name, *why;
	} inert[] = {
		{"naming_convention", "graphql-default is not served yet"},
		{"apollo_federation", "Apollo Federation is not served yet"},
		{"group_by_aggregations", "grouped aggregates are not served yet"},
		{"bigquery_string_numeric_input", "BigQuery is not served"},
	};
	const str_vec *v = &st->o.server.experimental_features;

	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < sizeof inert / sizeof *inert; k++)
			if (str_eqz(v->v[i], inert[k].name))
				options_warn(st, "the experimental feature %s has no effect: %s", inert[k].name,
					inert[k].why);
}

static bool finish_cors(options_state *st, error *err)
{
	server_config *c = &st->o.server;

	if (st->disable_cors) {
		c->cors.mode = CORS_DISABLED;
		return true;
	}
	if (c->ws_read_cookie)
		return fatal(err, "HASURA_GRAPHQL_WS_READ_COOKIE can only be used when CORS is disabled");
	return cors_parse(st->a, st->cors_domain, &c->cors, err);
}

/* Without a secret everybody who reaches the port is admin: then only this machine, unless the user says otherwise. */
static void finish_host(options_state *st)
{
	server_config *c = &st->o.server;
	bool open = c->admin_secrets.n == 0;

	c->host_given = st->host.n > 0;
	c->host = c->host_given ? st->host : open ? STR("127.0.0.1") : STR("*");
	if (!open) return;
	if (c->host_given) {
		options_warn(st,
			"NO ADMIN SECRET: everybody who reaches %.*s:%u may do everything. Set "
			"--admin-secret (HASURA_GRAPHQL_ADMIN_SECRET).",
			STR_ARG(c->host), c->port);
	} else {
		options_warn(st,
			"NO ADMIN SECRET: listening on 127.0.0.1 only, everybody on this machine may do everything. Set --admin-secret "
			"(HASURA_GRAPHQL_ADMIN_SECRET) to listen on all addresses, or --server-host to choose one.");
	}
}

/* --- databases --- */

static void put_encoded(buf *b, str s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			(c && strchr("-._~", c));
		if (plain) {
			buf_putc(b, (char)c);
		} else {
			buf_putc(b, '%');
			buf_putc(b, hex[c >> 4]);
			buf_putc(b, hex[c & 15]);
		}
	}
}

/* Hasura v2: rawConnDetailsToUrl. */
static bool finish_parts(options_state *st, error *err)
{
	options *o = &st->o;
	buf b = {0};

	if (!o->pg_host.n && !o->pg_port && !o->pg_user.n && !o->pg_password.n && !o->pg_dbname.n && !o->pg_options.n)
		return true;
	if (o->database_url.n && o->database_url_env.n == 0) {
		return fatal(
			err, "give either --database-url or --host, --port, --user, --password, --dbname, not both");
	}
	if (!o->pg_host.n || !o->pg_port || !o->pg_user.n || !o->pg_dbname.n) {
		return fatal(err, "a connection without URL needs all of --host, --port, --user and --dbname");
	}
	buf_puts(&b, "postgresql://");
	put_encoded(&b, o->pg_user);
	buf_putc(&b, ':');
	put_encoded(&b, o->pg_password);
	buf_putc(&b, '@');
	put_encoded(&b, o->pg_host);
	buf_printf(&b, ":%u/", o->pg_port);
	put_encoded(&b, o->pg_dbname);
	if (o->pg_options.n) {
		buf_puts(&b, "?options=");
		put_encoded(&b, o->pg_options);
	}
	o->database_url = str_copy(st->a, buf_str(&b));
	o->database_url_env = STR_NULL;
	buf_free(&b);
	return true;
}

static bool finish_databases(options_state *st, error *err)
{
	options *o = &st->o;

	if (!finish_parts(st, err)) return false;
	if (str_eqz(o->command, "serve") && o->embedded && (o->database_url.n || o->metadata_database_url.n)) {
		return fatal(err,
			"give either a database URL or --embedded, not both (look for HASURA_GRAPHQL_DATABASE_URL in the environment)");
	}
	if (str_eqz(o->command, "serve") && !o->embedded && !o->database_url.n && !o->metadata_database_url.n) {
		return fatal(err,
			"no database: give the URL of one with --database-url "
			"(HASURA_GRAPHQL_DATABASE_URL), or start a private one with --embedded");
	}
	return true;
}

bool options_finish(options_state *st, error *err)
{
	server_config *c = &st->o.server;
	http_limits *l = &c->limits;
	http_limits dflt = http_limits_default();

	ws_limits ws = ws_limits_default();

	c->ws_limits.subscription_bytes = ws.subscription_bytes;
	c->ws_limits.waiting_bytes = ws.waiting_bytes;
	c->ws_limits.pause_bytes = ws.pause_bytes;
	c->ws_limits.headers = ws.headers;
	c->ws_limits.linger_ms = ws.linger_ms;
	l->pipeline_bytes = dflt.pipeline_bytes;
	l->linger_ms = dflt.linger_ms;
	l->head_ms = l->body_ms = l->write_ms = st->server_timeout_ms;
	c->log.human = str_eqz(st->log_format, "text") || (str_eqz(st->log_format, "auto") && isatty(STDOUT_FILENO));
	if (c->graphql_default_naming)
		return fatal(err,
			"--default-naming-convention (HASURA_GRAPHQL_DEFAULT_NAMING_CONVENTION): graphql-default is not "
			"served by this version of Weir");
	if (st->websockets_stay) c->ws_on_change = WS_CLOSE_NONE;
	finish_features(st);
	if (!finish_secrets(st, err) || !finish_cors(st, err) || !finish_databases(st, err)) return false;
	finish_auth(st);
	finish_host(st);
	return true;
}
