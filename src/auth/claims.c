#include "auth/claims.h"

#include <stdlib.h>

#define ALLOWED "x-hasura-allowed-roles"
#define DEFAULT "x-hasura-default-role"

/* ---- the configuration ---- */

static bool bad_config(error *err, const char *what)
{
	return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "%s", what);
}

static bool is_role(const json *j)
{
	return json_is(j, JSON_STRING) && j->text.n > 0;
}

static bool is_roles(const json *j)
{
	if (!json_is(j, JSON_ARRAY)) return false;
	JSON_EACH (r, j)
		if (!is_role(r)) return false;
	return true;
}

static bool is_text(const json *j)
{
	return json_is(j, JSON_STRING);
}

static bool source_parse(
	arena *a, const json *j, bool (*valid)(const json *), const char *want, claim_source *out, error *err)
{
	*out = (claim_source){.name = str_lower(a, j->key), .value = j};
	if (json_is(j, JSON_OBJECT)) {
		const json *path = json_getz(j, "path");
		if (!json_is(path, JSON_STRING)) {
			return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
				"claims_map: %.*s: key \"path\" not found", STR_ARG(j->key));
		}
		out->has_path = true;
		out->value = json_getz(j, "default");
		if (json_is_null(out->value)) out->value = NULL;
		if (!claims_path_parse(a, path->text, &out->path, err)) {
			err->code = ERR_INVALID_CONFIGURATION;
			return false;
		}
	}
	if (out->value) {
		if (!valid(out->value)) {
			return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "claims_map: %.*s: expected %s",
				STR_ARG(j->key), want);
		}
		out->value = json_copy(a, out->value);
	}
	return true;
}

static bool map_parse(arena *a, const json *map, claims_rule *out, error *err)
{
	const json *allowed = json_getz(map, ALLOWED), *dflt = json_getz(map, DEFAULT);
	if (!json_is(map, JSON_OBJECT)) return bad_config(err, "claims_map: expected an object");
	if (!allowed) return bad_config(err, ALLOWED " is expected but not found");
	if (!dflt) return bad_config(err, DEFAULT " is expected but not found");
	out->mapped = true;
	out->others = NEW_ARRAY(a, claim_source, map->count);
	if (!source_parse(a, allowed, is_roles, "a list of roles", &out->allowed_roles, err) ||
		!source_parse(a, dflt, is_role, "a role", &out->default_role, err))
		return false;
	JSON_EACH (j, map) {
		if (j == allowed || j == dflt || !str_starts_nocase(j->key, STR("x-hasura-"))) continue;
		if (!source_parse(a, j, is_text, "a text", &out->others[out->nothers++], err)) return false;
	}
	return true;
}

bool claims_rule_parse(arena *a, const json *config, claims_rule *out, error *err)
{
	const json *space = json_getz(config, "claims_namespace"), *path = json_getz(config, "claims_namespace_path");
	const json *format = json_getz(config, "claims_format"), *map = json_getz(config, "claims_map");
	*out = (claims_rule){.space = STR("https://hasura.io/jwt/claims")};
	if (!json_is_null(format)) {
		out->stringified = json_is(format, JSON_STRING) && str_eqz(format->text, "stringified_json");
		if (!out->stringified && !(json_is(format, JSON_STRING) && str_eqz(format->text, "json")))
			return bad_config(err, "claims_format: expected \"json\" or \"stringified_json\"");
	}
	if (!json_is_null(space) && !json_is_null(path))
		return bad_config(err, "claims_namespace and claims_namespace_path both cannot be set");
	if (!json_is_null(space)) {
		if (!json_is(space, JSON_STRING)) return bad_config(err, "claims_namespace: expected a text");
		out->space = space->text.n ? str_copy(a, space->text) : STR("");
	} else if (!json_is_null(path)) {
		if (!json_is(path, JSON_STRING)) return bad_config(err, "claims_namespace_path: expected a text");
		out->space = STR_NULL;
		if (!claims_path_parse(a, path->text, &out->space_path, err)) {
			err->message = str_printf(
				err->a, "invalid JSON path claims_namespace_path error: %.*s", STR_ARG(err->message));
			err->code = ERR_INVALID_CONFIGURATION;
			return false;
		}
	}
	return json_is_null(map) || map_parse(a, map, out, err);
}

/* ---- a token ---- */

static bool bad_claims(error *err, const char *what)
{
	return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL, "%s", what);
}

/* The object of claims at the configured place. */
static bool find_space(arena *a, const claims_rule *r, const json *claims, const json **out, error *err)
{
	const json *found = r->space.p ? json_get(claims, r->space) : claims_path_get(&r->space_path, claims);
	json *parsed;
	if (!found && r->space.p)
		return error_set(
			err, ERR_JWT_INVALID_CLAIMS, STR_NULL, "claims key: '%.*s' not found", STR_ARG(r->space));
	str path = r->space.p ? STR_NULL : claims_path_text(a, &r->space_path);
	if (!found) {
		return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL,
			"claims not found at claims_namespace_path: '%.*s'", STR_ARG(path));
	}
	*out = found;
	if (!r->stringified)
		return json_is(found, JSON_OBJECT) ||
			bad_claims(err, "expecting a json object when claims_format is json");
	if (!json_is(found, JSON_STRING))
		return bad_claims(err, "expecting a string when claims_format is stringified_json");
	error ignored;
	error_init(&ignored, a);
	if (!json_parse_copy(a, found->text, &parsed, &ignored) || !json_is(parsed, JSON_OBJECT)) {
		return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL,
			"expecting stringified json at: '%s %.*s', but found: %.*s",
			r->space.p ? "claims_namespace" : "claims_namespace_path",
			STR_ARG(r->space.p ? r->space : path), STR_ARG(str_sub(found->text, 0, 256)));
	}
	*out = parsed;
	return true;
}

/* One source of claims_map against the token; NULL: nothing there and no default. */
static const json *source_value(const claim_source *s, const json *claims)
{
	const json *found = s->has_path ? claims_path_get(&s->path, claims) : s->value;
	return found ? found : s->value;
}

static bool text_claim(const json *j, const char *what, error *err)
{
	if (!json_is(j, JSON_STRING)) {
		return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL,
			"%s: parsing Text failed, expected String, but encountered %s", what, json_kind_name(j));
	}
	/* PostgreSQL has no U+0000 in a text; nothing may be cut off there. */
	if (str_find_char(j->text, '\0') == SIZE_MAX) return true;
	return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL, "%s: the character U+0000 is not allowed", what);
}

static bool role_claim(const json *j, const char *what, error *err)
{
	if (!text_claim(j, what, err)) return false;
	if (j->text.n) return true;
	return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL, "%s: empty string not allowed", what);
}

static bool no_role_claim(error *err, const char *name)
{
	return error_set(err, ERR_JWT_MISSING_ROLE_CLAIMS, STR_NULL, "JWT claim does not contain \"%s\"", name);
}

static bool read_roles(arena *a, const json *allowed, const json *dflt, const char *hint, verified *out, error *err)
{
	static const char invalid[] = "invalid \"" ALLOWED "\"; should be a list of roles";
	str what = str_printf(err->a, "invalid \"" DEFAULT "\"; should be %s", hint);
	if (!allowed) return no_role_claim(err, ALLOWED);
	if (!json_is(allowed, JSON_ARRAY)) {
		return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL,
			"%s: parsing [] failed, expected Array, but encountered %s", invalid, json_kind_name(allowed));
	}
	out->roles = NEW_ARRAY(a, str, allowed->count);
	JSON_EACH (r, allowed) {
		if (!role_claim(r, invalid, err)) return false;
		out->roles[out->nroles++] = str_copy(a, r->text);
	}
	if (!dflt) return no_role_claim(err, DEFAULT);
	if (!role_claim(dflt, str_z(err->a, what), err)) return false;
	out->default_role = str_copy(a, dflt->text);
	return true;
}

static int compare_vars(const void *a, const void *b)
{
	return str_cmp(((const session_var *)a)->name, ((const session_var *)b)->name);
}

/* x-hasura-role is decided by the request and the allowed roles, never by a claim of that name. */
static bool add_var(arena *a, verified *v, str name, const json *value, error *err)
{
	if (!text_claim(value, "x-hasura-* claims", err)) return false;
	if (str_eqz(name, "x-hasura-role")) return true;
	for (size_t i = 0; i < v->nvars; i++)
		if (str_eq(v->vars[i].name, name))
			return bad_claims(err, "x-hasura-* claims: a name occurs twice, in different case");
	v->vars[v->nvars++] = (session_var){str_copy(a, name), str_copy(a, value->text)};
	return true;
}

static bool read_mapped(arena *a, const claims_rule *r, const json *claims, verified *out, error *err)
{
	const json *allowed = source_value(&r->allowed_roles, claims), *dflt = source_value(&r->default_role, claims);
	if (!read_roles(a, allowed, dflt, "a role", out, err)) return false;
	out->vars = NEW_ARRAY(a, session_var, r->nothers);
	for (size_t i = 0; i < r->nothers; i++) {
		const claim_source *s = &r->others[i];
		const json *value = source_value(s, claims);
		if (!value) {
			return error_set(err, ERR_JWT_INVALID_CLAIMS, STR_NULL,
				"JWT claim from claims_map, \"%.*s\" not found", STR_ARG(s->name));
		}
		if (!add_var(a, out, s->name, value, err)) return false;
	}
	return true;
}

/* A member by its name in any case; duplicates are refused by add_var or count here. */
static const json *member_nocase(const json *o, const char *name)
{
	const json *found = NULL;
	JSON_EACH (j, o)
		if (str_eq_nocase(j->key, str_from(name))) found = j;
	return found;
}

enum { VARS_MAX = 256 }; /* add_var looks through all */

static bool read_space(arena *a, const json *space, verified *out, error *err)
{
	size_t n = 0;
	if (!read_roles(
		    a, member_nocase(space, ALLOWED), member_nocase(space, DEFAULT), "a single role name", out, err))
		return false;
	JSON_EACH (j, space)
		n += str_starts_nocase(j->key, STR("x-hasura-"));
	if (n > VARS_MAX) return bad_claims(err, "x-hasura-* claims: more than 256 of them");
	out->vars = NEW_ARRAY(a, session_var, n);
	JSON_EACH (j, space) {
		str name = str_lower(a, j->key);
		if (!str_starts(name, STR("x-hasura-")) || str_eqz(name, ALLOWED) || str_eqz(name, DEFAULT)) continue;
		if (!add_var(a, out, name, j, err)) return false;
	}
	return true;
}

bool claims_read(arena *a, const claims_rule *rule, const json *claims, verified *out, error *err)
{
	const json *space = NULL;
	if (rule->mapped) {
		if (!read_mapped(a, rule, claims, out, err)) return false;
	} else if (!find_space(a, rule, claims, &space, err) || !read_space(a, space, out, err)) {
		return false;
	}
	qsort(out->vars, out->nvars, sizeof *out->vars, compare_vars);
	return true;
}
