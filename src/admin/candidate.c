/* candidate: a request's candidate for metadata and snapshot; accepted, it is stored and published. */
#include "admin/admin_in.h"
#include "base/clock.h"
#include "base/log.h"

/* ---- snapshots ---- */

static void fill_catalog(admin *adm, const md_source *s, source_catalog *out)
{
	db_link *l = link_of(adm, s);
	if (l->cat) enums_ensure(l, s);
	*out = (source_catalog){
		.source = s->name,
		.cat = l->cat,
		.why = l->why,
		.internal = l->internal,
		.enums = l->enums,
		.connection = l->connection,
	};
}

static snapshot *build(admin *adm, const metadata *md, int64_t version, const snapshot *previous)
{
	arena *scratch = arena_new(0);
	source_catalog *cats = NEW_ARRAY(scratch, source_catalog, md->sources.n);
	size_t n = 0;
	for (size_t i = 0; i < md->sources.n; i++) {
		const md_source *s = md->sources.items[i].value;
		if (md_kind_served(s->kind)) fill_catalog(adm, s, &cats[n++]);
	}
	snapshot *s = snapshot_build(md, cats, n, &adm->config.options, version, previous);
	arena_free(scratch);
	return s;
}

void admin_publish(admin *adm, snapshot *snap)
{
	pthread_mutex_lock(&adm->lock);
	snapshot *old = adm->snap;
	adm->snap = snap;
	pthread_mutex_unlock(&adm->lock);
	if (old) snapshot_unref(old);
	if (adm->config.on_snapshot) adm->config.on_snapshot(adm->config.data, snapshot_ref(snap));
}

void admin_rebuild(admin *adm)
{
	admin_publish(adm, build(adm, adm->md, adm->version, adm->snap));
}

/* ---- the candidate ---- */

void candidate_begin(candidate *c, admin *adm, admin_request *r)
{
	*c = (candidate){.adm = adm, .a = r->a, .req = r, .md = metadata_ref(adm->md), .snap = snapshot_ref(adm->snap)};
}

void candidate_end(candidate *c)
{
	metadata_unref(c->md);
	snapshot_unref(c->snap);
}

db_link *candidate_link(candidate *c, const md_source *s)
{
	if (!c->aside) return link_of(c->adm, s);
	str key = link_key(c->a, s);
	for (size_t i = 0; i < c->nlinks; i++)
		if (str_eq(c->links[i]->key, key)) return c->links[i];
	return NULL;
}

snapshot *candidate_build(candidate *c, const metadata *next)
{
	return build(c->adm, next, c->adm->version + 1, c->snap);
}

void candidate_adopt(candidate *c, metadata *next, snapshot *snap)
{
	metadata_unref(c->md);
	snapshot_unref(c->snap);
	c->md = next;
	c->snap = snap;
	c->built = true;
}

static void name_issues(candidate *c, const snapshot *s, str object, issue_list *own)
{
	for (size_t i = 0; object.n && i < s->ninconsistencies; i++)
		if (str_eq(s->inconsistencies[i].name, object)) vec_push(c->a, own, &s->inconsistencies[i]);
}

/* Hasura v2: buildSchemaCacheFor. */
static bool object_error(candidate *c, const issue_list *own, error *err)
{
	str reasons = STR("");
	for (size_t i = 0; i < own->n; i++)
		reasons = str_cat(c->a, 3, reasons, i ? STR(", ") : STR(""), own->v[i]->reason);
	(void)error_set(err, ERR_INVALID_CONFIGURATION, STR(""), "%.*s", STR_ARG(reasons));
	err->internal = issues_json(c->a, own);
	return false;
}

void candidate_batch_begin(candidate *c)
{
	c->batch = NEW(c->a, map);
}

bool candidate_batch_end(candidate *c, bool ok)
{
	map *objects = c->batch;
	c->batch = NULL;
	if (!ok) return false;
	snapshot *fresh = candidate_build(c, c->md);
	bool good = candidate_new_issues(c->a, c->snap, fresh).n == 0;
	for (size_t i = 0; good && i < fresh->ninconsistencies; i++)
		good = !map_has(objects, fresh->inconsistencies[i].name);
	if (good) candidate_adopt(c, metadata_ref(c->md), fresh);
	else snapshot_unref(fresh);
	return good;
}

static bool batch_add(candidate *c, metadata *next, str object)
{
	map_put(c->a, c->batch, object, c);
	metadata_unref(c->md);
	c->md = next;
	return true;
}

bool candidate_apply(candidate *c, metadata *next, str object, error *err)
{
	if (c->batch) return batch_add(c, next, object);
	snapshot *fresh = candidate_build(c, next);
	issue_list own = {0}, all = candidate_new_issues(c->a, c->snap, fresh);
	name_issues(c, fresh, object, &own);
	if (c->atomic || (!own.n && !all.n)) {
		candidate_adopt(c, next, fresh);
		return true;
	}
	bool said = issues_cycle(&all, err) || issues_clash(c->a, &all, err);
	if (!said && own.n) {
		(void)object_error(c, &own, err);
	} else if (!said) {
		(void)error_set(err, ERR_UNEXPECTED, STR(""), "cannot continue due to new inconsistent metadata");
		err->status = 400;
		err->internal = issues_json(c->a, &all);
	}
	snapshot_unref(fresh);
	metadata_unref(next);
	return false;
}

bool candidate_apply_fresh(
	candidate *c, metadata *next, str object, str source, const qname *tables, size_t n, error *err)
{
	error first;
	error_init(&first, c->a);
	if (candidate_apply(c, metadata_ref(next), object, &first)) {
		metadata_unref(next);
		return true;
	}
	const md_source *s = metadata_source(c->md, source);
	error_init(&first, c->a);
	/* When they cannot be read, the second attempt says what is wrong. */
	bool again = s && link_refresh(link_of(c->adm, s), tables, n, &first);
	(void)again;
	return candidate_apply(c, next, object, err);
}

bool candidate_apply_drop(candidate *c, metadata *next, error *err)
{
	if (c->batch) return batch_add(c, next, STR(""));
	snapshot *fresh = candidate_build(c, next);
	issue_list all = candidate_new_issues(c->a, c->snap, fresh);
	if (c->atomic || !all.n) {
		candidate_adopt(c, next, fresh);
		return true;
	}
	(void)error_set(err, ERR_UNEXPECTED, STR(""), "cannot continue due to newly found inconsistent metadata");
	err->internal = issues_json(c->a, &all);
	snapshot_unref(fresh);
	metadata_unref(next);
	return false;
}

void candidate_source_reloaded(candidate *c, str source)
{
	if (!c->reloaded) c->reloaded = json_new_array(c->a);
	json_push(c->reloaded, json_new_str(c->a, str_copy(c->a, source)));
}

void candidate_warn(candidate *c, const char *code, str object, const char *type, str message)
{
	if (!c->warnings) c->warnings = json_new_array(c->a);
	json *w = json_new_object(c->a);
	json_setz(w, "code", json_new_str(c->a, str_from(code)));
	json_setz(w, "message", json_new_str(c->a, message));
	json_setz(w, "name", json_new_str(c->a, object));
	json_setz(w, "type", json_new_str(c->a, str_from(type)));
	json_push(c->warnings, w);
}

/* ---- storing ---- */

/* Hasura v2: CacheInvalidations. */
static str notification(const candidate *c)
{
	json *o = json_new_object(c->a);
	json_setz(o, "metadata", json_new_bool(c->a, c->reload_all));
	json_setz(o, "remote_schemas", json_new_array(c->a));
	json_setz(o, "sources", c->reloaded ? c->reloaded : json_new_array(c->a));
	json_setz(o, "data_connectors", json_new_array(c->a));
	return json_to_str(c->a, o);
}

static bool may_modify(const candidate *c, error *err)
{
	if (c->adm->config.maintenance)
		return error_set(err, ERR_UNEXPECTED, STR(""), "metadata cannot be modified in maintenance mode");
	if (c->adm->config.read_only)
		return error_set(err, ERR_NOT_SUPPORTED, STR(""), "metadata cannot be modified in read-only mode");
	return true;
}

static bool expected_version(const candidate *c, int64_t *out, error *err)
{
	const json *given = json_getz(c->req->body, "resource_version");
	*out = c->adm->version;
	if (json_is_null(given) || c->req->path != ADMIN_V1_METADATA) return true;
	if (json_to_i64(given, out)) return true;
	return error_set(err, ERR_PARSE_FAILED, STR("$.resource_version"), "resource_version must be an integer");
}

bool candidate_commit(candidate *c, error *err)
{
	int64_t expected;
	if (!may_modify(c, err) || !expected_version(c, &expected, err)) return false;
	admin *adm = c->adm;
	buf doc = {0};
	metadata_write(&doc, c->md);
	int64_t version = 0;
	bool ok = metadata_store_save(
		adm->store, expected, buf_str(&doc), adm->instance_id, notification(c), &version, err);
	buf_free(&doc);
	if (!ok) return false;
	adm->version = version;
	metadata_unref(adm->md);
	adm->md = metadata_ref(c->md);
	if (!c->built) {
		admin_rebuild(adm);
		return true;
	}
	c->snap->resource_version = version;
	links_keep(adm, adm->md);
	admin_publish(adm, snapshot_ref(c->snap));
	return true;
}

/* ---- other instances ---- */

static void reload_named(admin *adm, const json *names)
{
	JSON_EACH (n, names) {
		const md_source *s = metadata_source(adm->md, n->text);
		if (s && md_kind_served(s->kind)) link_reload(adm, link_of(adm, s));
	}
}

static void reload_every(admin *adm)
{
	for (size_t i = 0; i < adm->md->sources.n; i++) {
		const md_source *s = adm->md->sources.items[i].value;
		if (md_kind_served(s->kind)) link_reload(adm, link_of(adm, s));
	}
}

static bool take_document(admin *adm, const store_change *news, arena *a, error *err)
{
	store_document doc;
	if (!metadata_store_load(adm->store, a, &doc, err)) return false;
	json *j, *note = NULL;
	metadata *md;
	if (!json_parse(a, doc.metadata, &j, err) || !metadata_parse(j, adm->md, &md, err)) return false;
	metadata_unref(adm->md);
	adm->md = md;
	adm->version = doc.resource_version;
	if (news->notification.p && !json_parse(a, news->notification, &note, err)) note = NULL;
	if (!note || json_bool_or(note, "metadata", false)) reload_every(adm);
	else reload_named(adm, json_getz(note, "sources"));
	links_open(adm, md);
	links_keep(adm, md);
	admin_rebuild(adm);
	log_text(LOG_SCHEMA_SYNC, LOG_INFO, "schema_sync", "took in metadata of resource version %lld",
		(long long)adm->version);
	return true;
}

bool admin_sync(admin *adm, error *err)
{
	arena *a = arena_new(0);
	store_change news;
	error own;
	error_init(&own, a);
	bool ok = metadata_store_poll(adm->store, a, adm->version, adm->instance_id, &news, &own);
	atomic_store(&adm->metadata_ok, ok);
	if (ok && news.foreign) ok = take_document(adm, &news, a, &own);
	if (!ok) {
		(void)error_set(err, own.code, own.path, "%.*s", STR_ARG(own.message));
		err->internal = own.internal ? json_copy(err->a, own.internal) : NULL;
	}
	arena_free(a);
	return ok;
}
