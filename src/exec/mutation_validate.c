#include "exec/mutation_validate.h"
#include "auth/hook.h"
#include "base/log.h"

#define CONTENT_TYPE STR("Content-Type")
#define USER_AGENT STR("User-Agent")

enum { DEFAULT_TIMEOUT_S = 10, ANSWER_MAX = 1 << 20 };

typedef VEC(const plan_validation *) validation_list;
typedef VEC(str_pair) header_list;

struct mutation_validation {
	exec_step *step;
	void (*then)(exec_step *s, bool ok);
	validation_list all;
	size_t next;
	http_call *call;
	str url;
	const json *body;
};

static void ask_next(mutation_validation *v);

/* ---- the call ---- */

static const json *definition_of(const mutation_validation *v)
{
	return json_getz(v->all.v[v->next]->definition, "definition");
}

/* Of equal names the first stays. */
static void add_header(arena *a, header_list *list, str name, str value)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq_nocase(list->v[i].name, name)) return;
	str_pair h = {.name = name, .value = value};
	vec_push(a, list, h);
}

static bool configured_headers(mutation_validation *v, header_list *list, error *err)
{
	exec_run *run = v->step->run;
	const md_env *env = &exec_run_config(run)->env;
	JSON_EACH (h, json_getz(definition_of(v), "headers")) {
		str name = json_str_or(h, "name", STR("")), value = json_str_or(h, "value", STR(""));
		str var = json_str_or(h, "value_from_env", STR(""));
		if (var.n && !env->get(env->data, var, &value))
			return error_set(
				err, ERR_NOT_FOUND, STR(""), "environment variable '%.*s' not set", STR_ARG(var));
		if (!var.n && !md_url_template(run->a, value, env, &value, err)) return false;
		add_header(run->a, list, name, value);
	}
	return true;
}

static void client_headers(mutation_validation *v, header_list *list)
{
	const exec_request *r = v->step->run->req;
	if (!json_bool_or(definition_of(v), "forward_client_headers", false)) return;
	for (size_t i = 0; i < r->nheaders; i++)
		if (hook_passes_on(r->headers[i].name)) add_header(r->a, list, r->headers[i].name, r->headers[i].value);
}

/* Hasura v2: the client's come first unless --configured-header-precedence says otherwise. */
static bool make_headers(mutation_validation *v, header_list *list, error *err)
{
	arena *a = v->step->run->a;
	bool configured_first = exec_run_config(v->step->run)->configured_headers_first;
	if (!configured_first) client_headers(v, list);
	else if (!configured_headers(v, list, err)) return false;
	add_header(a, list, CONTENT_TYPE, STR("application/json"));
	add_header(a, list, USER_AGENT, STR("weir"));
	if (configured_first) client_headers(v, list);
	else if (!configured_headers(v, list, err)) return false;
	return true;
}

static const json *make_body(const mutation_validation *v)
{
	exec_run *run = v->step->run;
	json *o = json_new_object(run->a);
	json_setz(o, "version", json_new_i64(run->a, 1));
	json_setz(o, "role", json_new_str(run->a, run->session->role));
	json_setz(o, "session_variables", session_json(run->a, run->session));
	json *data = json_setz(o, "data", json_new_object(run->a));
	json_setz(data, "input", json_copy(run->a, v->all.v[v->next]->input));
	return o;
}

/* ---- the answer ---- */

static void log_answer(const mutation_validation *v, const http_call_result *r)
{
	arena *a = v->step->run->a;
	error err;
	error_init(&err, a);
	json *answer;
	if (!log_enabled(LOG_VALIDATE_INPUT, LOG_INFO)) return;
	if (!json_parse_copy(a, r->body, &answer, &err)) answer = json_new_str(a, str_copy(a, r->body));
	json *line = json_new_object(a), *details;
	json_setz(line, "type", json_new_str(a, STR("http")));
	details = json_setz(line, "details", json_new_object(a));
	json_setz(details, "url", json_new_str(a, json_str_or(definition_of(v), "url", STR(""))));
	json_setz(details, "request", json_copy(a, v->body));
	const json *headers = json_getz(definition_of(v), "headers");
	json_setz(details, "request_headers", headers ? json_copy(a, headers) : json_new_array(a));
	json_setz(details, "response", answer);
	json_setz(details, "response_status", json_new_i64(a, r->status));
	log_json(LOG_VALIDATE_INPUT, LOG_INFO, line);
}

static bool fail_with(error *err, const char *message, json *internal)
{
	error_set(err, ERR_UNEXPECTED, STR(""), "%s", message);
	err->internal = internal;
	return false;
}

static bool no_answer(error *err, http_failure why)
{
	static const char *const texts[] = {
		[HTTP_CALL_OK] = "unexpected",
		[HTTP_CALL_TIMEOUT] = "Response timeout",
		[HTTP_CALL_CONNECT] = "Connection failure",
		[HTTP_CALL_TOO_LARGE] = "Response body too long",
		[HTTP_CALL_BROKEN] = "Invalid HTTP response",
	};
	json *o = json_new_object(err->a);
	json_setz(o, "type", json_new_str(err->a, STR("http_exception")));
	json_setz(o, "message", json_new_str(err->a, str_from(texts[why])));
	return fail_with(err, "http exception when validating input data", o);
}

static bool refused(const http_call_result *r, error *err)
{
	error parse;
	json *j;
	error_init(&parse, err->a);
	bool fine = json_parse_copy(err->a, r->body, &j, &parse);
	const json *message = fine ? json_getz(j, "message") : NULL;
	if (!json_is(message, JSON_STRING)) {
		str why = fine ? STR("key \"message\" not found") : parse.message;
		return fail_with(err, "received invalid response from input validation webhook",
			json_new_strf(err->a, "invalid response: %.*s", STR_ARG(why)));
	}
	return error_set(err, ERR_VALIDATION_FAILED, STR(""), "%.*s", STR_ARG(message->text));
}

static bool judge(const http_call_result *r, error *err)
{
	if (r->failure != HTTP_CALL_OK) return no_answer(err, r->failure);
	if (r->status >= 200 && r->status < 300) return true;
	if (r->status == 400) return refused(r, err);
	return fail_with(err, "internal error when validating input data",
		json_new_strf(err->a, "expecting 200 or 400 status code, but found %d", r->status));
}

static void answered(const http_call_result *r, void *data)
{
	mutation_validation *v = data;
	v->call = NULL;
	if (r->failure == HTTP_CALL_OK) log_answer(v, r);
	bool fine = judge(r, &v->step->run->err);
	v->next++;
	if (fine && v->next < v->all.n) ask_next(v);
	else v->then(v->step, fine);
}

static bool ask(mutation_validation *v, error *err)
{
	exec_run *run = v->step->run;
	header_list headers = {0};
	const json *def = definition_of(v);
	const char *why;
	int64_t timeout = DEFAULT_TIMEOUT_S;
	if (json_getz(def, "timeout")) (void)json_to_i64(json_getz(def, "timeout"), &timeout);
	if (!md_url_template(run->a, json_str_or(def, "url", STR("")), &exec_run_config(run)->env, &v->url, err))
		return false;
	if (!make_headers(v, &headers, err)) return false;
	v->body = make_body(v);
	http_call_options o = {.method = "POST", .url = v->url, .headers = headers.v, .nheaders = headers.n};
	o.body = json_to_str(run->a, v->body);
	o.timeout_ms = timeout > 0 ? (uint64_t)timeout * 1000 : 1;
	o.max_body = ANSWER_MAX;
	o.done = answered;
	o.data = v;
	v->call = http_client_start(exec_run_http(run), &o, &why);
	return v->call != NULL || no_answer(err, HTTP_CALL_CONNECT);
}

static void ask_next(mutation_validation *v)
{
	if (!ask(v, &v->step->run->err)) v->then(v->step, false);
}

/* ---- all of them ---- */

mutation_validation *mutation_validate(exec_step *s, void (*then)(exec_step *s, bool ok))
{
	mutation_validation *v = NEW(s->run->a, mutation_validation);
	v->step = s;
	v->then = then;
	for (size_t i = 0; i < s->nroots; i++) {
		const plan_mutation *m = s->run->plan->roots[s->roots[i]].mutation;
		for (size_t k = 0; m && k < m->nvalidations; k++) {
			const plan_validation *one = &m->validations[k];
			vec_push(s->run->a, &v->all, one);
		}
	}
	return v->all.n ? v : NULL;
}

void mutation_validate_start(mutation_validation *v)
{
	ask_next(v);
}

void mutation_validate_cancel(mutation_validation *v)
{
	if (v && v->call) http_call_cancel(v->call);
	if (v) v->call = NULL;
}
