/* ops_dump: a source's database as SQL. Hasura v2: Server/API/PGDump.hs, Server/App.hs (v1Alpha1PGDumpHandler). */
#include "admin/admin_in.h"
#include "base/clock.h"
#include "pg/pg_dump.h"

/* They may take minutes: the other threads beside the builder's are left to other requests. */
enum { DUMPS_AT_ONCE = 2 };

typedef struct dump_args {
	str source;
	bool clean;
	str_vec options;
} dump_args;

static bool read_args(const candidate *c, dump_args *d, error *err)
{
	const json *body = c->req->body, *source = json_getz(body, "source"), *clean = json_getz(body, "clean_output");
	*d = (dump_args){.source = STR("default"), .clean = json_bool_or(body, "clean_output", false)};
	if (!json_is(body, JSON_OBJECT)) return error_set(err, ERR_PARSE_FAILED, STR("$"), "the body is an object");
	if (!json_is_null(source) && source->kind != JSON_STRING)
		return error_set(err, ERR_PARSE_FAILED, STR("$.source"), "the name of a source is a string");
	if (!json_is_null(clean) && clean->kind != JSON_BOOL)
		return error_set(err, ERR_PARSE_FAILED, STR("$.clean_output"), "clean_output is true or false");
	if (!json_is_null(source)) d->source = source->text;
	return pg_dump_options(c->a, json_getz(body, "opts"), &d->options, err);
}

static bool find_link(candidate *c, str name, db_link **out, error *err)
{
	const snap_source *src;
	if (!metadata_source(c->md, name)) {
		(void)error_set(err, ERR_NOT_FOUND, STR("$"), "source %.*s not found", STR_ARG(name));
		err->status = 400;
		return false;
	}
	if (!find_source(c, name, &src, err)) return false;
	*out = candidate_link(c, src->md);
	return *out || error_set(err, ERR_UNEXPECTED, STR("$"), "the source has just been added: try again");
}

static bool run(candidate *c, const dump_args *d, db_link *link, buf *out, error *err)
{
	const admin_config *g = &c->adm->config;
	pg_sync *pg = link_connect(link, err);
	if (!pg) return false;
	pg_dump_job job = {.a = c->a,
		.params = link->params,
		.server_version = pg_sync_server(pg)->version,
		.options = d->options,
		.deadline_ns = g->pg_dump_ms ? clock_mono_ns() + g->pg_dump_ms * UINT64_C(1000000) : 0,
		.max_bytes = g->pg_dump_bytes,
		.stop_fd = c->adm->stop_fd,
		.cancel = c->req->cancel};
	buf text = {0};
	if (!pg_dump_run(&job, &text, err)) return false;
	if (d->clean) {
		pg_dump_clean(buf_str(&text), out);
		buf_free(&text);
	} else {
		*out = text;
	}
	return true;
}

bool dump_run(candidate *c, buf *out, error *err)
{
	dump_args d;
	db_link *link;
	if (!read_args(c, &d, err) || !find_link(c, d.source, &link, err)) return false;
	bool ok = atomic_fetch_add(&c->adm->dumps, 1) < DUMPS_AT_ONCE;
	if (ok) {
		ok = run(c, &d, link, out, err);
	} else {
		ok = error_set(err, ERR_BUSY, STR("$"), "%d dumps are running already: try again later", DUMPS_AT_ONCE);
		err->status = 503;
	}
	atomic_fetch_sub(&c->adm->dumps, 1);
	return ok;
}
