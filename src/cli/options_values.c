#include "base/arena.h"
#include "cli/options_internal.h"

bool option_set_any(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	(void)st, (void)row, (void)value, (void)at, (void)want;
	return true;
}

bool option_set_str(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	(void)st, (void)row, (void)want;
	*(str *)at = value;
	return true;
}

bool option_set_text(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	(void)st, (void)row;
	*want = "a text that is not empty (or leave it out)";
	*(str *)at = value;
	return value.n > 0;
}

static bool word_in(str value, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(value, str_from(words[i]))) return true;
	}
	return false;
}

/* Hasura v2: Init/Env.hs; 1 and 0 are no booleans there. */
bool option_set_bool(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const char *const yes[] = {"true", "t", "yes", "y"};
	static const char *const no[] = {"false", "f", "no", "n"};

	(void)st, (void)row;
	*want = "true, t, yes or y; false, f, no or n";
	if (word_in(value, yes, 4)) {
		*(bool *)at = true;
		return true;
	}
	*(bool *)at = false;
	return word_in(value, no, 4);
}

static bool number(options_state *st, const option_row *row, str value, uint64_t *out, const char **want)
{
	bool ok = str_to_u64(value, out) && *out >= row->min && *out <= row->max;

	if (!ok) {
		*want = row->max == UINT64_MAX || row->max == UINT32_MAX
			? str_z(st->a, str_printf(st->a, "a whole number from %llu on", (unsigned long long)row->min))
			: str_z(st->a,
				  str_printf(st->a, "a whole number between %llu and %llu",
					  (unsigned long long)row->min, (unsigned long long)row->max));
	}
	return ok;
}

bool option_set_u16(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	uint64_t v = 0;
	bool ok = number(st, row, value, &v, want);

	*(uint16_t *)at = (uint16_t)v;
	return ok;
}

bool option_set_u32(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	uint64_t v = 0;
	bool ok = number(st, row, value, &v, want);

	*(uint32_t *)at = (uint32_t)v;
	return ok;
}

bool option_set_u64(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	return number(st, row, value, at, want);
}

/* "30", "0.5"; stored in milliseconds. */
bool option_set_seconds(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	size_t dot = str_find_char(value, '.');
	str frac = dot == SIZE_MAX ? STR_NULL : str_from_at(value, dot + 1);
	uint64_t s = 0, ms = 0, scale = 100;

	(void)st;
	*want = "a number of seconds";
	if (!str_to_u64(str_sub(value, 0, dot), &s) || s > UINT32_MAX || (dot != SIZE_MAX && frac.n == 0)) return false;
	for (size_t i = 0; i < frac.n; i++, scale /= 10) {
		if (frac.p[i] < '0' || frac.p[i] > '9') return false;
		ms += (uint64_t)(frac.p[i] - '0') * scale;
	}
	*(uint64_t *)at = s * 1000 + ms;
	return *(uint64_t *)at >= row->min;
}

bool option_set_bytes(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const struct {
		str unit;
		unsigned shift;
	} units[] = {{STR_INIT(""), 0}, {STR_INIT("b"), 0}, {STR_INIT("k"), 10}, {STR_INIT("kb"), 10},
		{STR_INIT("kib"), 10}, {STR_INIT("m"), 20}, {STR_INIT("mb"), 20}, {STR_INIT("mib"), 20},
		{STR_INIT("g"), 30}, {STR_INIT("gb"), 30}, {STR_INIT("gib"), 30}};
	size_t digits = 0;
	uint64_t v = 0;

	(void)st, (void)row;
	*want = "a number of bytes, like 65536, 64k or 16m; 0 for no limit";
	while (digits < value.n && value.p[digits] >= '0' && value.p[digits] <= '9')
		digits++;
	if (!str_to_u64(str_sub(value, 0, digits), &v) || v > (1ull << 33)) return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (str_eq_nocase(str_trim(str_from_at(value, digits)), units[i].unit)) {
			*(uint64_t *)at = v << units[i].shift;
			return true;
		}
	}
	return false;
}

bool option_set_json(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	json *j = NULL;
	error err;

	(void)row;
	*want = "valid JSON";
	error_init(&err, st->a);
	*(str *)at = value;
	return json_parse(st->a, value, &j, &err);
}

/* Comma-separated; blanks around and empty items dropped. */
bool option_set_csv(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	str_vec *v = at;

	(void)row, (void)want;
	*v = (str_vec){0};
	for (;;) {
		size_t comma = str_find_char(value, ',');
		str one = str_trim(str_sub(value, 0, comma));
		if (one.n) vec_push(st->a, v, one);
		if (comma == SIZE_MAX) return true;
		value = str_from_at(value, comma + 1);
	}
}

/* Hasura v2: names in any case, an empty list is an error. */
bool option_set_apis(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const char *const names[] = {
#define X(name, text) text,
		SERVER_APIS(X)
#undef X
	};
	str_vec v = {0};

	*want = "a comma-separated list of metadata, graphql, pgdump, developer, config, metrics";
	*(uint32_t *)at = 0;
	option_set_csv(st, row, value, &v, want);
	for (size_t i = 0; i < v.n; i++) {
		unsigned k = 0;
		while (k < SERVER_API_COUNT && !str_eq_nocase(v.v[i], str_from(names[k])))
			k++;
		if (k == SERVER_API_COUNT) return false;
		*(uint32_t *)at |= 1u << k;
	}
	return v.n > 0;
}

/* Hasura v2 writes lines of these types in its paid editions only. */
static bool foreign_log_type(str name)
{
	static const char *const names[] = {"http-response-log", "api-limit-log", "response-caching-log", "tracing-log",
		"metrics", "health-check-log"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eqz(name, names[i])) return true;
	return false;
}

bool option_set_log_types(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	str_vec v = {0};
	buf b = {0};

	*(uint32_t *)at = 0;
	option_set_csv(st, row, value, &v, want);
	if (v.n == 1 && str_eqz(v.v[0], "*")) { /* Hasura v2: all */
		*(uint32_t *)at = UINT32_MAX;
		return true;
	}
	for (size_t i = 0; i < v.n; i++) {
		log_type t = log_type_from(v.v[i]);
		if ((int)t < LOG_TYPES_SWITCHABLE) {
			*(uint32_t *)at |= 1u << t;
			continue;
		}
		if (foreign_log_type(v.v[i])) {
			options_warn(st, "the log type %.*s has no effect: Weir has no such lines", STR_ARG(v.v[i]));
			continue;
		}
		buf_puts(&b, "a comma-separated list of ");
		for (int k = 0; k < LOG_TYPES_SWITCHABLE; k++) {
			if (k) buf_puts(&b, ", ");
			buf_put(&b, log_type_name((log_type)k));
		}
		*want = str_z(st->a, buf_str(&b));
		buf_free(&b);
		return false;
	}
	return true;
}

typedef struct choice {
	const char *text;
	int value;
} choice;

static bool choose(str value, const choice *c, size_t n, int *out)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eqz(value, c[i].text)) {
			*out = c[i].value;
			return true;
		}
	}
	return false;
}

bool option_set_log_level(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const choice levels[] = {
		{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN}, {"error", LOG_ERROR}};
	int v = 0;

	(void)row;
	*want = "debug, info, warn or error";
	if (!choose(str_lower(st->a, str_trim(value)), levels, 4, &v)) return false;
	*(log_level *)at = (log_level)v;
	return true;
}

bool option_set_log_format(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	(void)st, (void)row;
	*want = "json, text or auto (text on a terminal)";
	*(str *)at = value;
	return str_eqz(value, "json") || str_eqz(value, "text") || str_eqz(value, "auto");
}

bool option_set_isolation(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const choice levels[] = {{"read-committed", TX_READ_COMMITTED}, {"repeatable-read", TX_REPEATABLE_READ},
		{"serializable", TX_SERIALIZABLE}};
	int v = 0;

	(void)st, (void)row;
	*want = "read-committed, repeatable-read or serializable";
	if (!choose(value, levels, 3, &v)) return false;
	*(tx_isolation *)at = (tx_isolation)v;
	return true;
}

bool option_set_live_changes(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const choice modes[] = {
		{"auto", CHANGES_AUTO}, {"probe", CHANGES_MAX_PROBE}, {"poll", CHANGES_MAX_POLL}};
	int v = 0;

	(void)st, (void)row;
	*want = "auto, probe or poll";
	if (!choose(value, modes, 3, &v)) return false;
	*(changes_mode *)at = (changes_mode)v;
	return true;
}

bool option_set_live_plugin(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const choice plugins[] = {{"test_decoding", CHANGES_TEST_DECODING}, {"pgoutput", CHANGES_PGOUTPUT}};
	int v = 0;

	(void)st, (void)row;
	*want = "test_decoding or pgoutput";
	if (!choose(value, plugins, 2, &v)) return false;
	*(changes_plugin *)at = (changes_plugin)v;
	return true;
}

bool option_set_hook_mode(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	(void)st, (void)row;
	*want = "GET or POST, in capitals";
	*(str *)at = value;
	return str_eqz(value, "GET") || str_eqz(value, "POST");
}

bool option_set_naming(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	(void)st, (void)row;
	*want = "hasura-default or graphql-default";
	*(bool *)at = str_eqz(value, "graphql-default");
	return *(bool *)at || str_eqz(value, "hasura-default");
}

bool option_set_features(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	static const char *const known[] = {"inherited_roles", "optimize_permission_filters", "naming_convention",
		"streaming_subscriptions", "apollo_federation", "hide_update_many_fields",
		"bigquery_string_numeric_input", "hide_aggregation_predicates", "hide_stream_fields",
		"group_by_aggregations", "disable_postgres_arrays", "no_null_unbound_variable_default",
		"remove_empty_subscription_responses"};
	str_vec *v = at;

	*want = "a comma-separated list of inherited_roles, optimize_permission_filters, naming_convention, "
		"streaming_subscriptions, apollo_federation, "
		"hide_update_many_fields, bigquery_string_numeric_input, hide_aggregation_predicates, "
		"hide_stream_fields, group_by_aggregations, "
		"disable_postgres_arrays, no_null_unbound_variable_default, remove_empty_subscription_responses";
	option_set_csv(st, row, str_lower(st->a, value), v, want);
	for (size_t i = 0; i < v->n; i++) {
		if (!word_in(v->v[i], known, sizeof(known) / sizeof(known[0]))) return false;
	}
	return true;
}

/* The switch and its directory in one; in the environment also a boolean. */
bool option_set_embedded(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	(void)at;
	if (value.n == 0) {
		st->o.embedded = true;
		return true;
	}
	if (option_set_bool(st, row, value, &st->o.embedded, want)) return true;
	st->o.embedded = true;
	st->o.embedded_dir = value;
	return true;
}

bool option_set_ws_on_change(options_state *st, const option_row *row, str value, void *at, const char **want)
{
	bool all = false;
	bool fine = str_eq_nocase(value, STR("affected")) || option_set_bool(st, row, value, &all, want);

	*want = "affected, true or false";
	*(ws_on_change *)at = str_eq_nocase(value, STR("affected")) ? WS_CLOSE_AFFECTED
		: all                                               ? WS_CLOSE_ALL
								    : WS_CLOSE_NONE;
	return fine;
}
