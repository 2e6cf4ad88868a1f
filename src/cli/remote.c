/* remote: the project's server, by libcurl. */
#include "cli/project.h"

#include "base/clock.h"
#include "server/server.h"

#include <curl/curl.h>

enum { ANSWER_MAX = 512 * 1024 * 1024, CONNECT_MS = 10000, ERROR_TEXT_MAX = 2000, PROBE_S = 30 };

#define SECOND UINT64_C(1000000000)

static size_t on_data(char *p, size_t size, size_t n, void *into)
{
	buf *b = into;
	size_t more = size_mul(size, n);
	if (more > ANSWER_MAX - b->n) return 0;
	buf_put(b, str_make(p, more));
	return more;
}

static void close_handle(void *curl)
{
	curl_easy_cleanup(curl);
}

void remote_configure(project *p, void *curl)
{
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	/* A local server is never asked by way of a proxy. */
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
	if (p->skip_tls_verify) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (p->certificate_authority.n) curl_easy_setopt(curl, CURLOPT_CAINFO, str_z(p->a, p->certificate_authority));
}

static struct curl_slist *headers_of(project *p, const remote_request *r)
{
	const char *type = r->content_type ? r->content_type : "application/json";
	struct curl_slist *list = curl_slist_append(NULL, "Hasura-Client-Name: hasura-cli");
	if (r->body.p) list = curl_slist_append(list, str_z(p->a, str_printf(p->a, "Content-Type: %s", type)));
	list = curl_slist_append(list, "Expect:");
	if (p->admin_secret.n)
		list = curl_slist_append(
			list, str_z(p->a, str_cat(p->a, 2, STR("X-Hasura-Admin-Secret: "), p->admin_secret)));
	return list;
}

/* What to look at, by why it failed; the last is of all others. */
static const struct {
	CURLcode code;
	const char *remedy;
} remedies[] = {
	{CURLE_PEER_FAILED_VERIFICATION, "name the certificates to trust with --certificate-authority"},
	{CURLE_SSL_CACERT_BADFILE, "name the certificates to trust with --certificate-authority"},
	{CURLE_COULDNT_RESOLVE_HOST, "is the name right?"},
	{CURLE_OPERATION_TIMEDOUT,
		"it takes connections and does not answer: look at its log, or is another program at that port?"},
	{CURLE_SSL_CONNECT_ERROR, "does it speak TLS there? If not, the endpoint begins with http://"},
	{CURLE_GOT_NOTHING,
		"another program may be at that port, or it speaks TLS: then the endpoint begins with https://"},
	{CURLE_WEIRD_SERVER_REPLY,
		"another program may be at that port, or it speaks TLS: then the endpoint begins with https://"},
	{CURLE_RECV_ERROR,
		"another program may be at that port, or it speaks TLS: then the endpoint begins with https://"},
	{CURLE_OK, "is it running there?"},
};

static bool cannot_reach(const project *p, CURLcode code, error *err)
{
	size_t i = 0;
	while (remedies[i].code != code && remedies[i].code != CURLE_OK)
		i++;
	return error_set(err, ERR_UNEXPECTED, STR(""),
		"cannot reach the server at %.*s (%.*s): %s; %s (--endpoint names another server)",
		STR_ARG(p->endpoint), STR_ARG(p->endpoint_from), curl_easy_strerror(code), remedies[i].remedy);
}

/* Long work is not silence: a word after ten seconds, then each minute. */
static int on_progress(void *data, curl_off_t dn, curl_off_t d, curl_off_t un, curl_off_t u)
{
	project *p = data;
	uint64_t now = clock_mono_ns();
	(void)dn, (void)d, (void)un, (void)u;
	if (now < p->say_ns) return 0;
	say_info(p->c, "still waiting for the server's answer (%llu s)%s%s",
		(unsigned long long)((now - p->asked_ns) / SECOND), p->waits_for ? ": " : "",
		p->waits_for ? p->waits_for : "");
	p->say_ns = now + 60 * SECOND;
	return 0;
}

static bool perform(project *p, const remote_request *r, long *status, str *answer, error *err)
{
	CURL *c = p->curl;
	buf got = {0};
	struct curl_slist *headers = headers_of(p, r);
	curl_easy_reset(c);
	remote_configure(p, c);
	curl_easy_setopt(c, CURLOPT_URL, str_z(p->a, str_cat(p->a, 3, p->endpoint, STR("/"), r->path)));
	curl_easy_setopt(c, CURLOPT_TIMEOUT, r->timeout_s);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &got);
	if (r->body.p) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.p);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, p);
	p->asked_ns = clock_mono_ns();
	p->say_ns = p->asked_ns + 10 * SECOND;
	CURLcode code = curl_easy_perform(c);
	curl_slist_free_all(headers);
	if (code == CURLE_OK) {
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
		*answer = str_copy(p->a, buf_str(&got));
	}
	buf_free(&got);
	return code == CURLE_OK || cannot_reach(p, code, err);
}

/*
 * Before the first request, which may rightly take hours: does anything answer there? Hasura v2's CLI asks for the version
 * too. Any status will do, a proxy may have its own mind about that path; a page for people is another program's.
 */
static bool probe(project *p, error *err)
{
	long status = 0;
	str text;
	json *j;
	error ignored;
	error_init(&ignored, p->a);
	remote_request r = {.method = "GET", .path = p->path_version, .timeout_s = PROBE_S};
	if (!perform(p, &r, &status, &text, err)) return false;
	if (str_starts(str_trim(text), STR("<")))
		return error_set(err, ERR_UNEXPECTED, STR(""),
			"%.*s (%.*s) is no GraphQL engine: it answers %ld with a page for browsers (--endpoint names "
			"another server)",
			STR_ARG(p->endpoint), STR_ARG(p->endpoint_from), status);
	if (status == 200 && json_parse(p->a, text, &j, &ignored))
		p->server_version = json_str_or(j, "version", STR_NULL);
	return true;
}

bool remote_call(project *p, const remote_request *r, long *status, str *answer, error *err)
{
	if (p->local) {
		*status = server_call(p->local, p->a, r->path, r->body, answer);
		return true;
	}
	if (!p->curl) {
		p->curl = curl_easy_init();
		if (!p->curl) return error_set(err, ERR_UNEXPECTED, STR(""), "cannot start an HTTP request");
		arena_on_free(p->a, close_handle, p->curl);
		if (!probe(p, err)) return false;
	}
	return perform(p, r, status, answer, err);
}

/* ---- answers ---- */

/* What PostgreSQL said, out of `internal`. */
static str postgres_words(arena *a, const json *internal)
{
	const json *e = json_getz(internal, "error");
	str message = json_str_or(e, "message", STR("")), hint = json_str_or(e, "hint", STR(""));
	str description = json_str_or(e, "description", STR(""));
	if (!message.n) return STR("");
	return str_cat(a, 6, STR(": "), message, description.n ? STR("; ") : STR(""), description,
		hint.n ? STR("; ") : STR(""), hint);
}

bool remote_error(const char *what, long status, str body, error *err)
{
	json *j = NULL;
	error ignored;
	error_init(&ignored, err->a);
	if (status == 401)
		return error_set(err, ERR_ACCESS_DENIED, STR(""),
			"%s: the server does not accept the admin secret, or got none: set --admin-secret, HASURA_GRAPHQL_ADMIN_SECRET or "
			"admin_secret in config.yaml",
			what);
	str text = json_parse(err->a, body, &j, &ignored) ? json_str_or(j, "error", STR("")) : STR("");
	if (!text.n) {
		str shown = str_sub(body, 0, ERROR_TEXT_MAX);
		return error_set(err, ERR_UNEXPECTED, STR(""), "%s: HTTP %ld: %.*s", what, status, STR_ARG(shown));
	}
	if (status == 404 && str_eqz(text, "resource does not exist"))
		return error_set(err, ERR_NOT_FOUND, STR(""),
			"%s: the server does not serve this: is the API switched off there (--enabled-apis), or the server older?",
			what);
	str code = json_str_or(j, "code", STR("")), path = json_str_or(j, "path", STR("$"));
	json *internal = json_getz(j, "internal");
	str more = json_is(internal, JSON_STRING) ? str_cat(err->a, 2, STR(": "), str_trim(internal->text))
						  : postgres_words(err->a, internal);
	bool conflict = str_eqz(code, "conflict");
	error_set(err, conflict ? ERR_CONFLICT : ERR_UNEXPECTED, STR(""), "%s: %.*s%.*s (%.*s at %.*s)", what,
		STR_ARG(text), STR_ARG(more), STR_ARG(code), STR_ARG(path));
	err->internal = internal;
	err->path = path;
	return false;
}

static bool ask(project *p, str path, const char *type, json *body, json **answer, error *err)
{
	long status = 0;
	str text;
	remote_request r = {.method = "POST", .path = path, .body = json_to_str(p->a, body)};
	if (!remote_call(p, &r, &status, &text, err)) return false;
	if (status != 200) return remote_error(type, status, text, err);
	if (json_parse(p->a, text, answer, err)) return true;
	return error_set(err, ERR_UNEXPECTED, STR(""),
		"%s: %.*s does not answer as a GraphQL engine does: is it the right address?", type,
		STR_ARG(p->endpoint));
}

static json *body_of(project *p, const char *type, json *args)
{
	json *body = json_new_object(p->a);
	json_setz(body, "type", json_new_str(p->a, str_from(type)));
	json_setz(body, "args", args ? args : json_new_object(p->a));
	return body;
}

bool remote_metadata(project *p, const char *type, int version, json *args, json **answer, error *err)
{
	json *body = body_of(p, type, args);
	if (version) json_setz(body, "version", json_new_i64(p->a, version));
	return ask(p, p->path_metadata, type, body, answer, err);
}

bool remote_query(project *p, const char *type, json *args, json **answer, error *err)
{
	return ask(p, p->path_v2_query, type, body_of(p, type, args), answer, err);
}

bool remote_version(project *p, str *out, error *err)
{
	long status = 0;
	str text;
	json *j;
	remote_request r = {.method = "GET", .path = p->path_version, .timeout_s = 30};
	if (!p->server_version.n) {
		if (!remote_call(p, &r, &status, &text, err)) return false;
		if (status != 200) return remote_error("version", status, text, err);
		if (!json_parse(p->a, text, &j, err))
			return error_set(
				err, ERR_UNEXPECTED, STR(""), "%.*s is no GraphQL engine", STR_ARG(p->endpoint));
		p->server_version = json_str_or(j, "version", STR("unknown"));
	}
	*out = p->server_version;
	return true;
}

bool remote_is_weir(project *p)
{
	str version;
	error ignored;
	error_init(&ignored, p->a);
	return remote_version(p, &version, &ignored) && str_find(version, STR("-weir.")) != SIZE_MAX;
}

bool remote_sources(project *p, str_vec *out, error *err)
{
	json *md;
	if (!remote_metadata(p, "export_metadata", 0, NULL, &md, err)) return false;
	JSON_EACH (s, json_getz(md, "sources"))
		vec_push(p->a, out, json_str_or(s, "name", STR("")));
	return true;
}
