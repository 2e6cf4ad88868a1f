#include "cli/api_call.h"

#include <curl/curl.h>

enum { ANSWER_MAX = 64 * 1024 * 1024, CONNECT_MS = 5000, ANSWER_MS = 60000 };

static size_t on_data(char *p, size_t size, size_t n, void *into)
{
	buf *b = into;
	size_t more = size_mul(size, n);
	if (more > ANSWER_MAX - b->n) return 0;
	buf_put(b, str_make(p, more));
	return more;
}

static struct curl_slist *headers_make(arena *a, const api_target *to, bool body)
{
	struct curl_slist *list = NULL;
	if (body) list = curl_slist_append(list, "Content-Type: application/json");
	if (to->secret.n)
		list = curl_slist_append(list, str_z(a, str_cat(a, 2, STR("X-Hasura-Admin-Secret: "), to->secret)));
	return list;
}

bool api_call(arena *a, const api_target *to, const char *path, const json *body, long *status, str *answer, error *err)
{
	CURL *c = curl_easy_init();
	if (!c) return error_set(err, ERR_UNEXPECTED, STR_NULL, "cannot start an HTTP request");
	buf got = {0};
	str sent = body ? json_to_str(a, body) : STR_NULL;
	struct curl_slist *headers = headers_make(a, to, body != NULL);
	curl_easy_setopt(c, CURLOPT_URL, str_z(a, str_cat(a, 2, to->url, str_from(path))));
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &got);
	if (body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sent.n);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, sent.p);
	}
	CURLcode code = curl_easy_perform(c);
	if (code == CURLE_OK) {
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
		*answer = str_copy(a, buf_str(&got));
	} else {
		error_set(
			err, ERR_UNEXPECTED, STR_NULL, "%.*s%s: %s", STR_ARG(to->url), path, curl_easy_strerror(code));
	}
	buf_free(&got);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return code == CURLE_OK;
}

bool api_metadata(arena *a, const api_target *to, const char *type, json *args, json **answer, error *err)
{
	long status = 0;
	str text = STR_NULL;
	json *body = json_new_object(a);
	json_setz(body, "type", json_new_str(a, str_from(type)));
	json_setz(body, "args", args);
	if (!api_call(a, to, "/v1/metadata", body, &status, &text, err)) return false;
	if (status != 200)
		return error_set(err, ERR_UNEXPECTED, STR_NULL, "%s: HTTP %ld: %.*s", type, status,
			STR_ARG(str_sub(text, 0, 1000)));
	return json_parse(a, text, answer, err);
}
