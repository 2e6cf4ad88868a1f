#include "server/access_log.h"
#include "base/arena.h"

/* "0.000123456": digits by hand, since three of them go into every line. */
static json *seconds(arena *a, uint64_t ns)
{
	char *p = arena_bytes(a, 32), *end = p + 32, *at = end;
	for (int i = 0; i < 9; i++, ns /= 10)
		*--at = (char)('0' + ns % 10);
	*--at = '.';
	do
		*--at = (char)('0' + ns % 10);
	while (ns /= 10);
	return json_new_number(a, str_make(at, (size_t)(end - at)));
}

static json *text(arena *a, str s)
{
	return json_new_str(a, s);
}

/* Hasura v2: HttpLogContext.http_info. */
static json *http_info(http_request *req, const access_log_facts *f)
{
	arena *a = req->arena;
	json *o = json_new_object(a);

	json_setz(o, "status", json_new_i64(a, f->status));
	json_setz(o, "method", text(a, req->method_text));
	json_setz(o, "ip", text(a, http_request_client_ip(req)));
	json_setz(o, "url", text(a, req->path));
	json_setz(o, "http_version", text(a, req->version_minor ? STR("HTTP/1.1") : STR("HTTP/1.0")));
	json_setz(o, "content_encoding", f->gzipped ? text(a, STR("gzip")) : json_new_null(a));
	return o;
}

/* Hasura v2: OperationLog; absent members are left out. */
static json *operation(http_request *req, const access_log_facts *f)
{
	arena *a = req->arena;
	const http_log *l = &req->log;
	json *o = json_new_object(a);
	uint64_t ns = l->execution_ns ? l->execution_ns : f->now_ns - req->ready_ns;

	json_setz(o, "query_execution_time", seconds(a, ns));
	if (l->user_vars) json_setz(o, "user_vars", l->user_vars);
	json_setz(o, "request_id", text(a, http_request_id(req)));
	if (l->query_hash.n) json_setz(o, "parameterized_query_hash", text(a, l->query_hash));
	json_setz(o, "response_size", json_new_i64(a, (int64_t)f->response_size));
	json_setz(o, "request_read_time", seconds(a, req->ready_ns - req->start_ns));
	json_setz(o, "request_mode", text(a, str_from(l->error ? "error" : l->mode)));
	json_setz(o, "uncompressed_response_size", json_new_i64(a, (int64_t)f->uncompressed_size));
	if (l->query) json_setz(o, "query", l->query);
	if (l->error) json_setz(o, "error", l->error);
	if (l->raw_query.n) json_setz(o, "raw_query", text(a, l->raw_query));
	return o;
}

void access_log_write(http_request *req, const access_log_facts *f)
{
	log_level level = req->log.error ? LOG_ERROR : LOG_INFO;
	arena *a = req->arena;
	json *detail;

	if (!log_enabled(LOG_HTTP, level)) return;
	detail = json_new_object(a);
	json_setz(detail, "request_id", text(a, http_request_id(req)));
	json_setz(detail, "operation", operation(req, f));
	if (req->log.batch) json_setz(detail, "batched_operations", req->log.batch);
	json_setz(detail, "http_info", http_info(req, f));
	log_json(LOG_HTTP, level, detail);
}
