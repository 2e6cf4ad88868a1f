/* term: what a command says and asks. Logs go to standard error, data to standard output. */
#include "cli/cmd.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

static const char *const level_names[] = {"debug", "info", "warning", "error", "fatal"};

/* ---- set-up ---- */

static bool is_set(const char *name)
{
	const char *v = getenv(name);
	return v && *v;
}

static bool read_level(cmd *c, error *err)
{
	static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
	str text = str_upper(c->a, cmd_value(c, "log-level", STR("INFO")));
	if (str_eqz(text, "WARNING")) text = STR("WARN");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!str_eqz(text, names[i])) continue;
		c->level = (cmd_log)i;
		return true;
	}
	return error_set(err, ERR_INVALID_PARAMS, STR(""), "--log-level: write DEBUG, INFO, WARN, ERROR or FATAL");
}

bool term_setup(cmd *c, error *err)
{
	bool plain = cmd_on(c, "no-color") || getenv("NO_COLOR") || is_set("CI");
	str format = cmd_value(c, "log-format", isatty(STDERR_FILENO) ? STR("text") : STR("json"));
	c->color = !plain && isatty(STDERR_FILENO);
	c->color_out = !plain && isatty(STDOUT_FILENO);
	c->interactive =
		isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && !is_set("CI") && !cmd_on(c, "disable-interactive");
	c->json_log = str_eqz(format, "json");
	if (!c->json_log && !str_eqz(format, "text"))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--log-format: write text or json");
	return read_level(c, err);
}

/* ---- log ---- */

static void log_as_json(cmd_log level, str text, const json *members)
{
	arena *a = arena_new(0);
	buf b = {0};
	char stamp[32];
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
	json *o = json_new_object(a);
	json_setz(o, "level", json_new_str(a, str_from(level_names[level])));
	json_setz(o, "msg", json_new_str(a, text));
	JSON_EACH (m, members)
		json_set(o, m->key, json_copy(a, m));
	json_setz(o, "time", json_new_str(a, str_from(stamp)));
	json_write(&b, o);
	buf_putc(&b, '\n');
	fwrite(b.p, 1, b.n, stderr);
	buf_free(&b);
	arena_free(a);
}

static void log_of_server(cmd_log level, str text)
{
	static const log_level levels[] = {LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_ERROR};
	log_text(LOG_STARTUP, levels[level], "project", "%.*s", STR_ARG(text));
}

/* "text name=value …" */
static str with_members(arena *a, str text, const json *members)
{
	JSON_EACH (m, members)
		text = str_printf(a, "%.*s %.*s=%.*s", STR_ARG(text), STR_ARG(m->key),
			STR_ARG(m->kind == JSON_STRING ? m->text : json_to_str(a, m)));
	return text;
}

void term_log_with(cmd *c, cmd_log level, const json *members, str text)
{
	static const char *const words[] = {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
	static const int colors[] = {37, 36, 33, 31, 31};
	if (level < c->level) return;
	term_progress_end(c);
	fflush(stdout);
	if (!c->json_log) text = with_members(c->a, text, members);
	if (c->serving) log_of_server(level, text);
	else if (c->json_log) log_as_json(level, text, members);
	else if (c->color) fprintf(stderr, "\033[%dm%s\033[0m %.*s\n", colors[level], words[level], STR_ARG(text));
	else fprintf(stderr, "%s %.*s\n", words[level], STR_ARG(text));
}

void term_log(cmd *c, cmd_log level, const char *fmt, ...)
{
	va_list ap;
	if (level < c->level) return;
	va_start(ap, fmt);
	str text = str_vprintf(c->a, fmt, ap);
	va_end(ap);
	term_log_with(c, level, NULL, text);
}

void term_progress(cmd *c, size_t done, size_t all, str what)
{
	if (c->serving || c->json_log || !isatty(STDERR_FILENO) || is_set("CI")) return;
	fprintf(stderr, "\r\033[K[%zu/%zu] %.*s", done, all, STR_ARG(str_sub(what, 0, 60)));
	fflush(stderr);
	c->bar = true;
}

void term_progress_end(cmd *c)
{
	if (c->bar) fputs("\r\033[K", stderr);
	c->bar = false;
}

/* ---- output ---- */

void term_out(str s)
{
	fwrite(s.p, 1, s.n, stdout);
}

void term_printf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static size_t width_of(str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

void term_table(arena *a, const term_rows *rows, size_t n)
{
	size_t *width = NEW_ARRAY(a, size_t, n + 1);
	for (size_t r = 0; r < rows->n; r++)
		for (size_t i = 0; i < n; i++)
			if (width_of(rows->v[r][i]) > width[i]) width[i] = width_of(rows->v[r][i]);
	for (size_t r = 0; r < rows->n; r++) {
		for (size_t i = 0; i < n; i++) {
			term_out(rows->v[r][i]);
			if (i + 1 == n) break;
			for (size_t k = width_of(rows->v[r][i]); k < width[i] + 2; k++)
				putchar(' ');
		}
		putchar('\n');
	}
}

bool term_format(const cmd *c, const char **format, error *err)
{
	static const char *const known[] = {"table", "json", "yaml"};
	str asked = cmd_value(c, "output", STR("table"));
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!str_eqz(asked, known[i])) continue;
		*format = known[i];
		return true;
	}
	return error_set(err, ERR_INVALID_PARAMS, STR(""), "--output: write json or yaml, not \"%.*s\"",
		STR_ARG(str_sub(asked, 0, 40)));
}

void term_value(const cmd *c, const json *j)
{
	buf b = {0};
	if (str_eqz(cmd_value(c, "output", STR("json")), "yaml")) {
		yaml_write(&b, j);
	} else {
		json_write_pretty(&b, j);
		buf_putc(&b, '\n');
	}
	term_out(buf_str(&b));
	buf_free(&b);
}

/* ---- questions ---- */

static bool ask_line(cmd *c, str *out, error *err)
{
	char line[LINE_MAX_BYTES];
	fflush(stdout);
	fflush(stderr);
	if (!fgets(line, sizeof line, stdin))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "no answer: nothing was done");
	*out = str_copy(c->a, str_trim(str_from(line)));
	return true;
}

static bool not_interactive(const char *question, const char *flag, error *err)
{
	return error_set(
		err, ERR_INVALID_PARAMS, STR(""), "without a terminal \"%s\" cannot be asked: give %s", question, flag);
}

bool term_ask(cmd *c, const char *question, str dflt, const char *flag, str *out, error *err)
{
	if (!c->interactive) return not_interactive(question, flag, err);
	fprintf(stderr, "? %s%s%.*s%s ", question, dflt.n ? " (" : "", STR_ARG(dflt), dflt.n ? ")" : "");
	if (!ask_line(c, out, err)) return false;
	if (!out->n) *out = dflt;
	return true;
}

bool term_confirm(cmd *c, const char *question, const char *flag, bool *yes, error *err)
{
	str answer;
	*yes = cmd_on(c, "yes");
	if (*yes) return true;
	if (!c->interactive) return not_interactive(question, flag, err);
	fprintf(stderr, "? %s (y/N) ", question);
	if (!ask_line(c, &answer, err)) return false;
	*yes = str_eq_nocase(answer, STR("y")) || str_eq_nocase(answer, STR("yes"));
	return true;
}

bool term_choose(cmd *c, const char *question, const str_vec *names, const char *flag, str *out, error *err)
{
	int64_t n;
	if (!c->interactive) return not_interactive(question, flag, err);
	for (size_t i = 0; i < names->n; i++)
		fprintf(stderr, "  %zu) %.*s\n", i + 1, STR_ARG(names->v[i]));
	fprintf(stderr, "? %s ", question);
	if (!ask_line(c, out, err)) return false;
	if (str_to_i64(*out, &n) && n >= 1 && (size_t)n <= names->n) {
		*out = names->v[n - 1];
		return true;
	}
	for (size_t i = 0; i < names->n; i++)
		if (str_eq(names->v[i], *out)) return true;
	return error_set(err, ERR_INVALID_PARAMS, STR(""), "\"%.*s\" is none of them", STR_ARG(str_sub(*out, 0, 60)));
}
