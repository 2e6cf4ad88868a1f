/*
 * metadata_store_tool URL: the metadata store by commands on stdin, one a line, fields separated by tabs; one line of answer
 * to each: `ok` and fields, or `error`, code, message and internal.
 *   init FIRST · load · save EXPECTED DOCUMENT INSTANCE NOTIFICATION · poll VERSION INSTANCE · wait INSTANCE MS
 *   state · set cli|console JSON · ping
 */
#include "metadata/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIELDS = 5 };

static void answer_error(arena *a, const error *e)
{
	str code = error_code_text(e->code), path = error_path(e),
	    internal = e->internal ? json_to_str(a, e->internal) : STR("");
	printf("error\t%.*s\t%d\t%.*s\t%.*s\t%.*s\n", STR_ARG(code), error_status(e), STR_ARG(path),
		STR_ARG(e->message), STR_ARG(internal));
}

static bool do_init(metadata_store *s, const str *f, error *err)
{
	static const char *const names[] = {"nothing", "initialized", "migrated"};
	store_outcome outcome;
	int from;
	if (!metadata_store_init(s, f[1], &outcome, &from, err)) return false;
	printf("ok\t%s\t%d\n", names[outcome], from);
	return true;
}

static bool do_load(metadata_store *s, arena *a, error *err)
{
	store_document d;
	if (!metadata_store_load(s, a, &d, err)) return false;
	printf("ok\t%lld\t%.*s\n", (long long)d.resource_version, STR_ARG(d.metadata));
	return true;
}

static bool do_save(metadata_store *s, const str *f, error *err)
{
	int64_t expected = 0, version;
	(void)str_to_i64(f[1], &expected);
	if (!metadata_store_save(s, expected, f[2], f[3], f[4], &version, err)) return false;
	printf("ok\t%lld\n", (long long)version);
	return true;
}

static bool do_poll(metadata_store *s, arena *a, const str *f, error *err)
{
	int64_t version = 0;
	store_change c;
	(void)str_to_i64(f[1], &version);
	if (!metadata_store_poll(s, a, version, f[2], &c, err)) return false;
	printf("ok\t%lld\t%d\t%.*s\n", (long long)c.resource_version, c.foreign, STR_ARG(c.notification));
	return true;
}

static bool do_wait(metadata_store *s, const str *f, error *err)
{
	int64_t ms = 0;
	bool woken;
	(void)str_to_i64(f[2], &ms);
	if (!metadata_store_wait(s, f[1], (int)ms, -1, &woken, err)) return false;
	printf("ok\t%d\n", woken);
	return true;
}

static bool do_state(metadata_store *s, arena *a, error *err)
{
	store_state st;
	if (!metadata_store_state(s, a, &st, err)) return false;
	printf("ok\t%.*s\t%.*s\t%.*s\n", STR_ARG(st.id), STR_ARG(st.cli_state), STR_ARG(st.console_state));
	return true;
}

static bool do_quiet(bool done)
{
	if (done) puts("ok");
	return done;
}

static bool command(metadata_store *s, arena *a, const str *f, error *err)
{
	if (str_eqz(f[0], "init")) return do_init(s, f, err);
	if (str_eqz(f[0], "load")) return do_load(s, a, err);
	if (str_eqz(f[0], "save")) return do_save(s, f, err);
	if (str_eqz(f[0], "poll")) return do_poll(s, a, f, err);
	if (str_eqz(f[0], "wait")) return do_wait(s, f, err);
	if (str_eqz(f[0], "state")) return do_state(s, a, err);
	if (str_eqz(f[0], "ping")) return do_quiet(metadata_store_ping(s, err));
	if (str_eqz(f[0], "set")) {
		store_state_kind kind = str_eqz(f[1], "cli") ? STORE_STATE_CLI : STORE_STATE_CONSOLE;
		return do_quiet(metadata_store_set_state(s, kind, f[2], err));
	}
	return error_set(err, ERR_BAD_REQUEST, STR(""), "unknown command");
}

static void split(str line, str *f)
{
	for (size_t i = 0; i < FIELDS; i++) {
		size_t tab = str_find_char(line, '\t');
		f[i] = str_sub(line, 0, tab);
		line = tab == SIZE_MAX ? STR("") : str_from_at(line, tab + 1);
	}
}

int main(int argc, char **argv)
{
	arena *a = arena_new(0);
	metadata_store *s;
	error err;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	error_init(&err, a);
	if (argc != 2 || !metadata_store_open(str_from(argv[1]), &s, &err)) {
		fprintf(stderr, "metadata_store_tool URL: %.*s\n", STR_ARG(err.message));
		arena_free(a);
		return 1;
	}
	while ((n = getline(&line, &cap, stdin)) > 0) {
		str f[FIELDS];
		split(str_trim(str_make(line, (size_t)n)), f);
		error_init(&err, a);
		if (!command(s, a, f, &err)) answer_error(a, &err);
		fflush(stdout);
		arena_reset(a);
	}
	free(line);
	metadata_store_close(s);
	arena_free(a);
	return 0;
}
