#include "server/query_log.h"

/* {source or root: {"query", "prepared_arguments"}}: the statements that ran, values left out. */
static json *statements(arena *a, const exec_details *d)
{
	if (!d->nstatements) return json_new_null(a);
	json *o = json_new_object(a);
	for (size_t i = 0; i < d->nstatements; i++) {
		const exec_statement_log *st = &d->statements[i];
		str key = i < d->nroots ? d->roots[i] : str_printf(a, "%.*s#%zu", STR_ARG(st->source), i);
		json *one = json_set(o, key, json_new_object(a));
		json_setz(one, "query", json_new_str(a, st->sql));
		json_setz(one, "source", json_new_str(a, st->source));
		json_setz(one, "rows", json_new_i64(a, (int64_t)st->rows));
		json_setz(one, "duration_ns", json_new_i64(a, (int64_t)st->duration_ns));
	}
	return o;
}

void query_log_write(const server *s, arena *a, str request_id, const exec_request *r, const json *body)
{
	if (!log_enabled(LOG_QUERY, LOG_INFO)) return;
	if (!r->ok && !r->details.nstatements) return; /* refused before it ran */
	json *o = json_new_object(a);
	json_setz(o, "kind", json_new_str(a, r->details.nstatements ? STR("database") : STR("introspection")));
	json_setz(o, "request_id", json_new_str(a, request_id));
	json_setz(o, "query", masked_body(s, a, body));
	json_setz(o, "generated_sql", statements(a, &r->details));
	json_setz(o, "connection_template", json_new_null(a));
	log_json(LOG_QUERY, LOG_INFO, o);
}
