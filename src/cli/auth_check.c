/* auth_check: `weir auth check`: which session a request would get, step by step; here, or asked of a running server. */
#include "cli/cli.h"

#include "base/log.h"
#include "cli/api_call.h"
#include "cli/options.h"
#include "cli/own_flags.h"
#include "server/auth_settings.h"

#include <stdio.h>
#include <unistd.h>

typedef VEC(str_pair) header_vec;

typedef struct auth_check {
	arena *a;
	str_vec tokens, headers, urls;
	bool as_json, help;
	options opt;
	header_vec sent;
} auth_check;

static const char help_text[] =
	"usage: weir auth check [--token TOKEN] [--header 'Name: value']… [--json] [access flags of `weir serve`]\n"
	"       weir auth check … --url http://server:8080 [--admin-secret SECRET]\n"
	"\n"
	"Says step by step which session a request with these headers would get, and why. The settings are those of\n"
	"`weir serve`: the same flags and variables (admin secrets, JWT secrets, the hook, the unauthorized role).\n"
	"\n"
	"  --token TOKEN     stands for --header 'Authorization: Bearer TOKEN'\n"
	"  --header 'N: v'   a header of the request; may be given several times\n"
	"  --url URL         ask the server at URL, with its settings, instead\n"
	"  --json            the explanation as JSON\n"
	"\n"
	"Exit status: 0 the request gets a session, 1 it is refused, 2 the question could not be asked.\n";

static bool read_headers(auth_check *k, error *err)
{
	for (size_t i = 0; i < k->tokens.n; i++) {
		str_pair p = {STR("Authorization"), str_cat(k->a, 2, STR("Bearer "), k->tokens.v[i])};
		vec_push(k->a, &k->sent, p);
	}
	for (size_t i = 0; i < k->headers.n; i++) {
		size_t colon = str_find_char(k->headers.v[i], ':');
		if (colon == SIZE_MAX || !colon)
			return error_set(err, ERR_INVALID_PARAMS, STR_NULL, "--header: write 'Name: value'");
		str_pair p = {str_sub(k->headers.v[i], 0, colon), str_trim(str_from_at(k->headers.v[i], colon + 1))};
		vec_push(k->a, &k->sent, p);
	}
	return true;
}

static bool read_args(auth_check *k, int argc, char **argv, error *err)
{
	int n;
	char **rest;
	own_flag flags[] = {{"--token", &k->tokens, NULL}, {"--header", &k->headers, NULL}, {"--url", &k->urls, NULL},
		{"--json", NULL, &k->as_json}, {"--help", NULL, &k->help}, {"-h", NULL, &k->help}};
	if (!own_flags_take(k->a, argc - 1, argv + 1, flags, sizeof flags / sizeof *flags, &n, &rest, err))
		return false;
	if (k->help) return true;
	if (n < 2 || strcmp(rest[0], "auth") != 0 || strcmp(rest[1], "check") != 0)
		return error_set(err, ERR_INVALID_PARAMS, STR_NULL, "write weir auth check … (weir auth check --help)");
	return options_parse(k->a, n - 2, rest + 2, environ, &k->opt, err) && read_headers(k, err);
}

/* A server is asked by JSON, where a header has one value. */
static bool ask_server(auth_check *k, json **out, error *err)
{
	api_target to = {.url = k->urls.v[k->urls.n - 1], .secret = k->opt.server.admin_secret};
	long status = 0;
	str text;
	json *body = json_new_object(k->a), *headers = json_setz(body, "headers", json_new_object(k->a));
	for (size_t i = 0; i < k->sent.n; i++)
		json_set(headers, k->sent.v[i].name, json_new_str(k->a, k->sent.v[i].value));
	if (!api_call(k->a, &to, "/v1/weir/auth/explain", body, &status, &text, err)) return false;
	if (status != 200)
		return error_set(
			err, ERR_UNEXPECTED, STR_NULL, "HTTP %ld: %.*s", status, STR_ARG(str_sub(text, 0, 1000)));
	return json_parse(k->a, text, out, err);
}

static bool ask_here(auth_check *k, json **out, error *err)
{
	auth *who;
	auth_config settings = auth_settings(&k->opt.server);
	if (!auth_new(&settings, &who, err)) return false;
	auth_request r = {.a = k->a, .headers = k->sent.v, .nheaders = k->sent.n};
	*out = auth_explain(who, k->a, &r);
	auth_free(who);
	return true;
}

static void print_session(const json *s)
{
	str role = json_str_or(s, "role", STR(""));
	int64_t expires;
	printf("\nsession   role %.*s\n", STR_ARG(role));
	JSON_EACH (v, json_getz(s, "variables"))
		printf("          %.*s: %.*s\n", STR_ARG(v->key), STR_ARG(v->text));
	if (json_bool_or(s, "backend_only", false)) printf("          may use backend_only permissions\n");
	if (json_to_i64(json_getz(s, "expires"), &expires)) printf("          expires at %lld\n", (long long)expires);
}

static void print_text(const json *o)
{
	str mode = json_str_or(o, "mode", STR(""));
	const json *e = json_getz(o, "error");
	int64_t status = 0;
	printf("mode      %.*s\n\n", STR_ARG(mode));
	JSON_EACH (s, json_getz(o, "steps")) {
		str step = json_str_or(s, "step", STR("")), detail = json_str_or(s, "detail", STR(""));
		printf("  %-6s%.*s: %.*s\n", json_bool_or(s, "ok", false) ? "ok" : "FAIL", STR_ARG(step),
			STR_ARG(detail));
	}
	if (!e) {
		print_session(json_getz(o, "session"));
		return;
	}
	str code = json_str_or(e, "code", STR("")), message = json_str_or(e, "message", STR(""));
	(void)json_to_i64(json_getz(e, "status"), &status);
	printf("\nrefused   %.*s (%.*s, status %lld)\n", STR_ARG(message), STR_ARG(code), (long long)status);
}

int auth_main(int argc, char **argv)
{
	arena *a = arena_new(0);
	auth_check k = {.a = a};
	error err;
	json *found = NULL;
	int status = 0;
	error_init(&err, a);
	/* The steps tell it; standard output is theirs. */
	log_configure(&(log_config){.level = LOG_ERROR});
	if (!read_args(&k, argc, argv, &err)) {
		status = 2;
	} else if (k.help) {
		fputs(help_text, stdout);
	} else if (k.urls.n ? !ask_server(&k, &found, &err) : !ask_here(&k, &found, &err)) {
		status = 2;
	} else if (k.as_json) {
		str text = json_to_str(a, found);
		printf("%.*s\n", STR_ARG(text));
	} else {
		print_text(found);
	}
	if (status) fprintf(stderr, "weir auth check: %.*s\n", STR_ARG(err.message));
	else if (found && !json_getz(found, "session")) status = 1;
	arena_free(a);
	return status;
}
