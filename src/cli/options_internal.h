/* options_internal: shared by options.c (command line, environment), options_table.c (the rows), options_values.c
 * (setters), options_finish.c (rules). */
#pragma once
#include "cli/options.h"

/* The options while they are read: values that need another value to be understood wait beside the result. */
typedef struct options_state {
	options o;
	arena *a;
	bool disable_cors;
	str cors_domain;
	str host;
	str access_key;
	str admin_secrets_json;
	str hook_mode;
	str hook_type; /* the old name */
	uint64_t server_timeout_ms;
	bool websockets_stay; /* --disable-close-websockets-on-metadata-change */
	str log_format;
	bool ignored; /* what a switch without effect is parsed into */
} options_state;

typedef enum option_status {
	SERVED,
	INERT,   /* accepted; changes nothing, and says so when set */
	REFUSED, /* known, matters for security, not served: the program does not start with it */
} option_status;

typedef struct option_row option_row;

/* Where a value came from, for messages. */
typedef struct option_source {
	const char *flag; /* "--x", or NULL */
	str env;
} option_source;

/* Parses value into at. false: *want is what to write ("a number between 0 and 65535"). */
typedef bool (*option_setter)(options_state *st, const option_row *row, str value, void *at, const char **want);

typedef enum option_form {
	FORM_VALUE,
	FORM_BOOL,     /* --x true|false */
	FORM_SWITCH,   /* --x; in the environment a boolean */
	FORM_OPTIONAL, /* --x [VALUE] */
} option_form;

struct option_row {
	const char *topic;
	const char *flag; /* without dashes; NULL: environment only */
	char letter;
	const char *env; /* HASURA_GRAPHQL_X (also read as WEIR_X), WEIR_X, or NULL */
	option_form form;
	option_setter set;
	size_t offset;     /* into options_state */
	uint64_t min, max; /* of numbers */
	bool secret;       /* never shown */
	option_status status;
	const char *dflt; /* as text; NULL: unset */
	const char *help;
	const char *reason; /* of INERT and REFUSED */
};

extern const option_row options_rows[];
extern const size_t options_row_count;

bool option_set_str(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_text(options_state *st, const option_row *row, str value, void *at, const char **want); /* not empty */
bool option_set_bool(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_u16(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_u32(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_u64(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_seconds(options_state *st, const option_row *row, str value, void *at, const char **want); /* -> ms */
bool option_set_bytes(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_json(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_csv(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_apis(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_log_types(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_log_level(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_log_format(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_isolation(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_live_changes(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_live_plugin(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_hook_mode(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_naming(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_features(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_embedded(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_ws_on_change(options_state *st, const option_row *row, str value, void *at, const char **want);
bool option_set_any(
	options_state *st, const option_row *row, str value, void *at, const char **want); /* not looked at */

/* The rules between options. Errors as options_parse. */
MUST_CHECK bool options_finish(options_state *st, error *err);
void options_warn(options_state *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
