#include "cli/project.h"

#include "base/yaml.h"
#include "cli/child.h"
#include "cli/files.h"
#include "cli/nearest.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- .env ---- */

/* Where the quote that v begins with ends; 0: nowhere. */
static size_t quote_end(str v)
{
	for (size_t i = 1; i < v.n; i++) {
		if (v.p[i] == v.p[0]) return i;
		if (v.p[0] == '"' && v.p[i] == '\\') i++;
	}
	return 0;
}

/* A value as it is written: in quotes or not, perhaps with a comment behind. */
static str unquote(arena *a, str v)
{
	size_t end = v.n && (v.p[0] == '"' || v.p[0] == '\'') ? quote_end(v) : 0;
	str behind = str_trim(str_from_at(v, end + 1));
	if (!end || (behind.n && behind.p[0] != '#')) {
		size_t hash = str_find(v, STR(" #"));
		return str_trim(hash == SIZE_MAX ? v : str_sub(v, 0, hash));
	}
	str body = str_sub(v, 1, end - 1);
	if (v.p[0] == '\'' || str_find_char(body, '\\') == SIZE_MAX) return body;
	char *p = arena_bytes(a, body.n);
	size_t n = 0;
	for (size_t i = 0; i < body.n; i++) {
		if (body.p[i] == '\\' && i + 1 < body.n) {
			i++;
			p[n++] = body.p[i] == 'n' ? '\n' : body.p[i];
		} else {
			p[n++] = body.p[i];
		}
	}
	return str_make(p, n);
}

static bool read_env_line(project *p, str file, unsigned line, str text, error *err)
{
	text = str_trim(text);
	if (str_starts(text, STR("export "))) text = str_trim(str_from_at(text, 7));
	if (!text.n || text.p[0] == '#') return true;
	size_t eq = str_find_char(text, '=');
	if (eq == SIZE_MAX || !eq)
		return error_set(
			err, ERR_PARSE_FAILED, STR(""), "%.*s, line %u: write NAME=value", STR_ARG(file), line);
	map_put(p->a, &p->env, str_trim(str_sub(text, 0, eq)),
		str_z(p->a, unquote(p->a, str_trim(str_from_at(text, eq + 1)))));
	return true;
}

static bool read_env(project *p, error *err)
{
	bool given = cmd_given(p->c, "envfile");
	str file = path_join(p->a, p->dir, cmd_value(p->c, "envfile", STR(".env"))), text;
	if (!given && !path_exists(p->a, file)) return true;
	if (!file_read(p->a, file, &text, err)) return false;
	for (unsigned line = 1; text.n; line++) {
		size_t n = str_find_char(text, '\n');
		if (n == SIZE_MAX) n = text.n;
		if (!read_env_line(p, project_shown(p, file), line, str_sub(text, 0, n), err)) return false;
		text = str_from_at(text, n + 1);
	}
	return true;
}

/* ---- settings ---- */

typedef struct setting {
	const char *flag; /* NULL: none */
	const char *env;  /* behind HASURA_GRAPHQL_ */
	const char *key;  /* of config.yaml; "a.b" for nested ones */
} setting;

/* A variable, of the process or of .env; NULL: unset. */
static const char *variable(project *p, str name)
{
	const char *v = getenv(str_z(p->a, name));
	return v ? v : map_get(&p->env, name);
}

static const char *env_of(project *p, const char *name)
{
	const char *v = variable(p, str_printf(p->a, "HASURA_GRAPHQL_%s", name));
	return v ? v : variable(p, str_printf(p->a, "WEIR_%s", name));
}

static const json *config_at(const project *p, const char *key)
{
	const json *at = p->config;
	for (str rest = str_from(key); at && rest.n;) {
		size_t n = str_find_char(rest, '.');
		at = json_get(at, str_sub(rest, 0, n == SIZE_MAX ? rest.n : n));
		rest = n == SIZE_MAX ? STR("") : str_from_at(rest, n + 1);
	}
	return json_is_null(at) ? NULL : at;
}

static bool config_error(const project *p, const json *at, error *err, const char *text)
{
	str file = project_shown(p, p->config_file);
	return error_set(
		err, ERR_PARSE_FAILED, STR(""), "%.*s, line %u: %s", STR_ARG(file), yaml_line(p->lines, at), text);
}

static bool config_text(project *p, const json *at, str *out, error *err)
{
	if (at->kind == JSON_ARRAY || at->kind == JSON_OBJECT)
		return config_error(p, at, err, "a text is expected here");
	*out = at->kind == JSON_BOOL ? (at->boolean ? STR("true") : STR("false")) : at->text;
	if (!str_starts(*out, STR("${")) || !str_ends(*out, STR("}"))) return true;
	str name = str_sub(*out, 2, out->n - 3);
	const char *v = variable(p, name);
	if (v) *out = str_from(v);
	else
		return config_error(p, at, err,
			str_z(p->a,
				str_printf(p->a, "the variable %.*s is not set (in the environment or .env)",
					STR_ARG(name))));
	return true;
}

/* from: where it was found, for messages; may be NULL. */
static bool read_setting(project *p, const setting *s, str dflt, str *out, str *from, error *err)
{
	str ignored;
	if (!from) from = &ignored;
	if (s->flag && cmd_given(p->c, s->flag)) {
		*out = cmd_value(p->c, s->flag, dflt);
		*from = str_printf(p->a, "flag --%s", s->flag);
		return true;
	}
	const char *v = env_of(p, s->env);
	if (v) {
		*out = str_from(v);
		*from = str_printf(p->a, "variable HASURA_GRAPHQL_%s", s->env);
		return true;
	}
	const json *at = config_at(p, s->key);
	*from = STR("default");
	*out = dflt;
	if (!at) return true;
	*from = str_printf(p->a, "%.*s, line %u", STR_ARG(project_shown(p, p->config_file)), yaml_line(p->lines, at));
	return config_text(p, at, out, err);
}

static bool read_bool(project *p, const setting *s, bool *out, error *err)
{
	str text, from;
	if (!read_setting(p, s, STR("false"), &text, &from, err)) return false;
	*out = str_eq_nocase(text, STR("true")) || str_eqz(text, "1");
	if (*out || str_eq_nocase(text, STR("false")) || str_eqz(text, "0") || !text.n) return true;
	return error_set(err, ERR_PARSE_FAILED, STR(""), "%s (%.*s): write true or false", s->key, STR_ARG(from));
}

static bool read_path(project *p, const setting *s, str dflt, str *out, error *err)
{
	str text;
	if (!read_setting(p, s, dflt, &text, NULL, err)) return false;
	*out = text.n ? path_join(p->a, p->dir, text) : STR("");
	return true;
}

static bool read_api_paths(project *p, error *err)
{
	const struct {
		setting s;
		const char *dflt;
		str *out;
	} rows[] = {
		{{NULL, "API_PATHS_QUERY", "api_paths.query"}, "v1/query", &p->path_query},
		{{NULL, "API_PATHS_V2_QUERY", "api_paths.v2_query"}, "v2/query", &p->path_v2_query},
		{{NULL, "API_PATHS_V1_METADATA", "api_paths.v1_metadata"}, "v1/metadata", &p->path_metadata},
		{{NULL, "API_PATHS_GRAPHQL", "api_paths.graphql"}, "v1/graphql", &p->path_graphql},
		{{NULL, "API_PATHS_CONFIG", "api_paths.config"}, "v1alpha1/config", &p->path_config},
		{{NULL, "API_PATHS_PG_DUMP", "api_paths.pg_dump"}, "v1alpha1/pg_dump", &p->path_pg_dump},
		{{NULL, "API_PATHS_VERSION", "api_paths.version"}, "v1/version", &p->path_version},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!read_setting(p, &rows[i].s, str_from(rows[i].dflt), rows[i].out, NULL, err)) return false;
	return true;
}

/* HASURA_GRAPHQL_ADMIN_SECRETS='["a", "b"]' */
static bool first_secret(project *p, str listed, error *err)
{
	json *list;
	error ignored;
	error_init(&ignored, p->a);
	if (!json_parse(p->a, listed, &list, &ignored) || !json_is(list, JSON_ARRAY) ||
		!json_is(list->first, JSON_STRING))
		return error_set(err, ERR_PARSE_FAILED, STR(""),
			"the variable HASURA_GRAPHQL_ADMIN_SECRETS is a list in JSON: [\"secret1\", \"secret2\"]");
	p->admin_secret = list->first->text;
	return true;
}

/* The access key is the admin secret's old name; of several secrets the first does. */
static bool read_secret(project *p, error *err)
{
	static const setting old = {"access-key", "ACCESS_KEY", "access_key"};
	static const setting one = {"admin-secret", "ADMIN_SECRET", "admin_secret"};
	const json *several = config_at(p, "admin_secrets");
	const char *listed = env_of(p, "ADMIN_SECRETS");
	if (!read_setting(p, &one, STR(""), &p->admin_secret, NULL, err)) return false;
	if (!p->admin_secret.n && !read_setting(p, &old, STR(""), &p->admin_secret, NULL, err)) return false;
	if (!p->admin_secret.n && listed && *listed) return first_secret(p, str_from(listed), err);
	if (!p->admin_secret.n && json_is(several, JSON_ARRAY) && several->first)
		return config_text(p, several->first, &p->admin_secret, err);
	return true;
}

static bool read_endpoint(project *p, error *err)
{
	static const setting s = {"endpoint", "ENDPOINT", "endpoint"};
	if (!read_setting(p, &s, STR("http://localhost:8080"), &p->endpoint, &p->endpoint_from, err)) return false;
	while (p->endpoint.n && p->endpoint.p[p->endpoint.n - 1] == '/')
		p->endpoint.n--;
	if (str_starts(p->endpoint, STR("http://")) || str_starts(p->endpoint, STR("https://"))) return true;
	return error_set(err, ERR_INVALID_PARAMS, STR(""),
		"the endpoint \"%.*s\" (%.*s) is no URL: write it as http://localhost:8080", STR_ARG(p->endpoint),
		STR_ARG(p->endpoint_from));
}

static bool read_settings(project *p, error *err)
{
	static const setting metadata = {NULL, "METADATA_DIRECTORY", "metadata_directory"};
	static const setting file = {NULL, "METADATA_FILE", "metadata_file"};
	static const setting migrations = {NULL, "MIGRATIONS_DIRECTORY", "migrations_directory"};
	static const setting seeds = {NULL, "SEEDS_DIRECTORY", "seeds_directory"};
	static const setting ca = {"certificate-authority", "CERTIFICATE_AUTHORITY", "certificate_authority"};
	static const setting insecure = {
		"insecure-skip-tls-verify", "INSECURE_SKIP_TLS_VERIFY", "insecure_skip_tls_verify"};
	static const setting quiet = {"disable-interactive", "DISABLE_INTERACTIVE", "disable_interactive"};
	static const setting no_tx = {"no-transaction", "NO_TRANSACTION", "no_transaction"};
	static const setting kind = {NULL, "ACTIONS_KIND", "actions.kind"};
	static const setting base = {NULL, "ACTIONS_HANDLER_WEBHOOK_BASEURL", "actions.handler_webhook_baseurl"};
	bool ok = read_endpoint(p, err) && read_secret(p, err) && read_api_paths(p, err) &&
		read_path(p, &metadata, STR("metadata"), &p->metadata_dir, err) &&
		read_path(p, &file, STR(""), &p->metadata_file, err) &&
		read_path(p, &migrations, STR("migrations"), &p->migrations_dir, err) &&
		read_path(p, &seeds, STR("seeds"), &p->seeds_dir, err) &&
		read_path(p, &ca, STR(""), &p->certificate_authority, err) &&
		read_bool(p, &insecure, &p->skip_tls_verify, err) &&
		read_bool(p, &quiet, &p->disable_interactive, err) && read_bool(p, &no_tx, &p->no_transaction, err) &&
		read_setting(p, &kind, STR("synchronous"), &p->actions_kind, NULL, err) &&
		read_setting(p, &base, STR("http://localhost:3000"), &p->actions_base_url, NULL, err);
	if (p->disable_interactive) p->c->interactive = false;
	return ok;
}

/* ---- config.yaml ---- */

static bool read_config_version(project *p, error *err)
{
	const json *at = config_at(p, "version");
	int64_t n = 1;
	str text;
	const char *said = variable(p, STR("HASURA_GRAPHQL_VERSION")); /* WEIR_VERSION would be another thing */
	if (said && (!str_to_i64(str_from(said), &n) || n < 1 || n > 3))
		return error_set(err, ERR_INVALID_PARAMS, STR(""),
			"the variable HASURA_GRAPHQL_VERSION is the version of config.yaml: 1, 2 or 3");
	if (said) at = NULL;
	if (at && (!config_text(p, at, &text, err) || !str_to_i64(text, &n) || n < 1))
		return err->set ? false : config_error(p, at, err, "the version is 1, 2 or 3");
	if (n > 3)
		return config_error(p, at, err,
			"the version is 1, 2 or 3; a newer one is for a newer program than this (" WEIR_VERSION ")");
	p->version = (int)n;
	return true;
}

/* A setting that is not read would leave a default in its place without a word. */
static void warn_of_unknown(project *p)
{
	static const char *const known[] = {"version", "endpoint", "admin_secret", "admin_secrets", "access_key",
		"insecure_skip_tls_verify", "certificate_authority", "api_paths", "metadata_directory", "metadata_file",
		"migrations_directory", "seeds_directory", "actions", "disable_interactive", "no_transaction",
		"migrations_owner"};
	JSON_EACH (m, p->config) {
		bool found = false;
		nearest n = nearest_of(m->key);
		for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
			found |= str_eqz(m->key, known[i]);
			nearest_look(&n, str_from(known[i]));
		}
		if (found) continue;
		say_warn(p->c, "%.*s, line %u: \"%.*s\" is no setting and is not read%s%.*s%s",
			STR_ARG(project_shown(p, p->config_file)), yaml_line(p->lines, m), STR_ARG(m->key),
			n.name.p ? ": did you mean " : "", STR_ARG(n.name), n.name.p ? "?" : "");
	}
}

static bool read_config(project *p, error *err)
{
	str text;
	if (!file_read(p->a, p->config_file, &text, err)) return false;
	p->lines = NEW(p->a, yaml_marks);
	if (!yaml_parse(p->a, text, p->lines, &p->config, err)) {
		err->message = str_printf(
			p->a, "%.*s, %.*s", STR_ARG(project_shown(p, p->config_file)), STR_ARG(err->message));
		return false;
	}
	if (json_is_null(p->config)) p->config = json_new_object(p->a);
	if (!json_is(p->config, JSON_OBJECT))
		return config_error(p, p->config, err, "settings (name: value) are expected");
	warn_of_unknown(p);
	p->django = str_eqz(json_str_or(p->config, "migrations_owner", STR("")), "django");
	return read_config_version(p, err);
}

/* A secret in a file that git keeps is no secret. */
static void warn_of_secret(project *p)
{
	const json *at = config_at(p, "admin_secret");
	if (!at) at = config_at(p, "access_key");
	if (!at || at->kind != JSON_STRING || !at->text.n || str_starts(at->text, STR("${"))) return;
	const char *argv[] = {"/usr/bin/git", "ls-files", "--error-unmatch", "config.yaml", NULL};
	child_spec spec = {.argv = argv, .dir = str_z(p->a, p->dir), .out = -1};
	child_output said;
	error ignored;
	error_init(&ignored, p->a);
	if (access(argv[0], X_OK) != 0 || !child_run(p->a, &spec, 5000, &said, &ignored) || said.status != 0) return;
	say_warn(p->c,
		"%.*s, line %u: the admin secret is in a file that git keeps. Write admin_secret: ${HASURA_GRAPHQL_ADMIN_SECRET} "
		"there, set the variable in .env and keep .env out of git",
		STR_ARG(project_shown(p, p->config_file)), yaml_line(p->lines, at));
}

/* ---- finding it ---- */

static bool look_upwards(project *p, error *err)
{
	str start = path_absolute(p->a, STR("."));
	for (str dir = start;; dir = path_dir(dir)) {
		p->dir = dir;
		p->config_file = path_join(p->a, dir, STR("config.yaml"));
		if (path_exists(p->a, p->config_file)) return true;
		if (str_eqz(dir, "/")) break;
	}
	return error_set(err, ERR_NOT_FOUND, STR(""),
		"there is no project in %.*s or above it (no config.yaml): change into a project, name it with --project, or make "
		"one with %s init",
		STR_ARG(start), p->c->program);
}

static bool find_folder(project *p, error *err)
{
	if (!cmd_given(p->c, "project")) return look_upwards(p, err);
	str asked = cmd_value(p->c, "project", STR("."));
	p->dir = path_absolute(p->a, asked);
	p->config_file = path_join(p->a, p->dir, STR("config.yaml"));
	if (path_exists(p->a, p->config_file)) return true;
	return error_set(err, ERR_NOT_FOUND, STR(""),
		"%.*s is no project: it has no config.yaml (%s init %.*s makes one)", STR_ARG(asked), p->c->program,
		STR_ARG(asked));
}

bool project_open(cmd *c, project *p, error *err)
{
	*p = (project){.c = c, .a = c->a};
	if (!find_folder(p, err) || !read_env(p, err) || !read_config(p, err) || !read_settings(p, err)) return false;
	warn_of_secret(p);
	return true;
}

bool project_without_folder(cmd *c, project *p, error *err)
{
	*p = (project){.c = c, .a = c->a, .version = 3, .dir = path_absolute(c->a, STR("."))};
	p->config_file = path_join(p->a, p->dir, STR("config.yaml"));
	return read_env(p, err) && read_settings(p, err);
}

str project_shown(const project *p, str path)
{
	str here = path_absolute(p->a, STR("."));
	if (str_eq(path, here)) return STR(".");
	bool below = path.n > here.n && str_starts(path, here) && path.p[here.n] == '/';
	return below ? str_from_at(path, here.n + 1) : path;
}

/* ---- Django ---- */

str django_folder(arena *a, str dir)
{
	dir = path_absolute(a, dir);
	for (int up = 0; up <= 2; up++, dir = path_dir(dir)) {
		str text, file = path_join(a, dir, STR("manage.py"));
		error ignored;
		error_init(&ignored, a);
		if (path_exists(a, file) && file_read(a, file, &text, &ignored) &&
			str_find(text, STR("django")) != SIZE_MAX)
			return dir;
	}
	return STR_NULL;
}

bool project_owns_migrations(const project *p, const char *what, error *err)
{
	if (!p->django) return true;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"Django owns the migrations of this project (migrations_owner in %.*s), so %s is not for it: change the schema with "
		"manage.py makemigrations and migrate, then %s metadata reload. Without that line it would",
		STR_ARG(project_shown(p, p->config_file)), what, p->c->program);
}

str project_config_text(arena *a, int version, str endpoint, str secret, bool django)
{
	json *o = json_new_object(a), *actions = json_new_object(a);
	buf b = {0};
	json_setz(o, "version", json_new_i64(a, version));
	json_setz(o, "endpoint", json_new_str(a, endpoint));
	if (secret.n) json_setz(o, "admin_secret", json_new_str(a, secret));
	if (django) json_setz(o, "migrations_owner", json_new_str(a, STR("django")));
	if (version > 1) {
		json_setz(o, "metadata_directory", json_new_str(a, STR("metadata")));
		json_setz(o, "actions", actions);
		json_setz(actions, "kind", json_new_str(a, STR("synchronous")));
		json_setz(actions, "handler_webhook_baseurl", json_new_str(a, STR("http://localhost:3000")));
	}
	yaml_write(&b, o);
	str text = str_copy(a, buf_str(&b));
	buf_free(&b);
	return text;
}
