/* ops_metadata: the document as a whole. Hasura v2: RQL/DDL/Metadata.hs. */
#include "admin/args.h"
#include "admin/purge.h"

/* ---- replies ---- */

static void put_consistency(candidate *c, json *o, bool always)
{
	bool good = c->snap->ninconsistencies == 0;
	json_setz(o, "is_consistent", json_new_bool(c->a, good));
	if (always || !good) json_setz(o, "inconsistent_objects", snapshot_issues_json(c->a, c->snap));
}

static bool reply_consistency(candidate *c, buf *out)
{
	json *o = json_new_object(c->a);
	put_consistency(c, o, true);
	if (c->warnings) json_setz(o, "warnings", c->warnings);
	return reply_json(out, o);
}

/* ---- export ---- */

static bool export_metadata(candidate *c, const json *args, buf *out, error *err)
{
	(void)args;
	(void)err;
	if (c->version2) buf_printf(out, "{\"resource_version\":%lld,\"metadata\":", (long long)c->adm->version);
	metadata_write_public(out, c->md);
	if (c->version2) buf_putc(out, '}');
	return true;
}

/* ---- replace, clear ---- */

/* What the databases have may have changed since it was read: a new document is checked against the present. */
static void read_sources(candidate *c, const metadata *next)
{
	links_open(c->adm, next);
	for (size_t i = 0; i < next->sources.n; i++) {
		const md_source *s = next->sources.items[i].value;
		if (!md_kind_served(s->kind)) continue;
		db_link *l = link_of(c->adm, s);
		error ignored;
		error_init(&ignored, c->a);
		link_forget_enums(l);
		if (!l->cat || !link_refresh(l, NULL, 0, &ignored)) link_reload(c->adm, l);
		candidate_source_reloaded(c, s->name);
	}
}

static bool replace(candidate *c, metadata *fresh, bool allow_inconsistent, error *err)
{
	metadata *next = metadata_with_hidden(fresh, c->md);
	metadata_unref(fresh);
	read_sources(c, next);
	snapshot *snap = candidate_build(c, next);
	issue_list bad = {0};
	for (size_t i = 0; i < snap->ninconsistencies; i++)
		if (snap->inconsistencies[i].blocks) vec_push(c->a, &bad, &snap->inconsistencies[i]);
	bool cycle = issues_cycle(&bad, err);
	if (!cycle && (allow_inconsistent || !bad.n)) {
		candidate_adopt(c, next, snap);
		return true;
	}
	if (!cycle) {
		(void)error_set(err, ERR_UNEXPECTED, STR(""), "cannot continue due to inconsistent metadata");
		err->status = 400;
		err->internal = snapshot_issues_json(c->a, snap);
	}
	snapshot_unref(snap);
	metadata_unref(next);
	return false;
}

typedef struct replace_args {
	bool v2; /* the form with "metadata" */
	bool allow_inconsistent;
	bool allow_warnings;
	metadata *md;
} replace_args;

static bool replace_read(candidate *c, const json *args, replace_args *r, error *err)
{
	*r = (replace_args){.allow_warnings = true};
	if (!arg_object(c, args, "ReplaceMetadata", err)) return false;
	const json *doc = json_getz(args, "metadata");
	r->v2 = doc || c->version2;
	if (!r->v2) doc = args;
	if (!doc) return arg_member(c, args, "metadata", &doc, err);
	if (r->v2 && !arg_opt_bool(c, args, "allow_inconsistent_metadata", &r->allow_inconsistent, err)) return false;
	if (r->v2 && !arg_opt_bool(c, args, "allow_warnings", &r->allow_warnings, err)) return false;
	if (metadata_parse(doc, c->md, &r->md, err)) return true;
	if (r->v2) error_prepend_path(err, STR("$.metadata"));
	if (err->code == ERR_PARSE_FAILED) c->arg_error = true;
	return false;
}

static bool replace_metadata(candidate *c, const json *args, buf *out, error *err)
{
	replace_args r;
	if (!replace_read(c, args, &r, err) || !replace(c, r.md, r.allow_inconsistent, err)) return false;
	return r.v2 ? reply_consistency(c, out) : reply_success_warnings(c, out);
}

/* What stays of the default source (Hasura v2: its kind and configuration). */
static metadata *cleared(candidate *c, error *err)
{
	metadata *m = metadata_empty();
	const md_source *old = metadata_source(c->md, STR("default"));
	md_source *s;
	if (!old) return m;
	if (!md_source_new(old->name, old->kind, old->configuration, NULL, &s, err)) {
		metadata_unref(m);
		return NULL;
	}
	metadata *with = metadata_with_source(m, s);
	md_source_unref(s);
	metadata_unref(m);
	return with;
}

static bool clear_metadata(candidate *c, const json *args, buf *out, error *err)
{
	(void)args;
	metadata *m = cleared(c, err);
	return m && replace(c, m, true, err) && reply_success_warnings(c, out);
}

/* ---- reload ---- */

static bool reload_source(candidate *c, str name, error *err)
{
	const md_source *s = metadata_source(c->md, name);
	if (!s)
		return error_set(
			err, ERR_NOT_EXISTS, STR(""), "Source with name \"%.*s\" not found in metadata", STR_ARG(name));
	if (!md_kind_served(s->kind)) return true;
	link_reload(c->adm, link_of(c->adm, s));
	candidate_source_reloaded(c, name);
	return true;
}

static bool reload_sources(candidate *c, const json *which, error *err)
{
	if (json_is(which, JSON_ARRAY)) {
		JSON_EACH (e, which) {
			if (e->kind != JSON_STRING) return arg_mismatch(c, "reload_sources", "Text", "String", e, err);
			if (!reload_source(c, e->text, err)) return false;
		}
		return true;
	}
	if (!json_is_null(which) && which->kind != JSON_BOOL)
		return arg_mismatch(c, "reload_sources", "HashSet", "Array", which, err);
	if (json_is(which, JSON_BOOL) && !which->boolean) return true;
	for (size_t i = 0; i < c->md->sources.n; i++)
		if (!reload_source(c, c->md->sources.items[i].key, err)) return false;
	return true;
}

static bool reload_named(
	candidate *c, const json *args, const char *key, const map *there, const char *what, error *err)
{
	const json *which = json_getz(args, key);
	if (json_is_null(which) || which->kind == JSON_BOOL) return true;
	if (which->kind != JSON_ARRAY) return arg_mismatch(c, key, "HashSet", "Array", which, err);
	JSON_EACH (name, which) {
		if (name->kind == JSON_STRING && map_has(there, name->text)) continue;
		return error_set(err, ERR_NOT_EXISTS, STR(""), "%s with name \"%.*s\" not found in metadata", what,
			STR_ARG(name->kind == JSON_STRING ? name->text : STR("")));
	}
	return true;
}

/* Remote schemas and agents are not served; a name that is none is a mistake all the same. */
static bool reload_others(candidate *c, const json *args, error *err)
{
	map schemas = {0}, agents = {0};
	const json *backends = map_get(&c->md->unserved, STR("backend_configs"));
	JSON_EACH (s, (const json *)map_get(&c->md->unserved, STR("remote_schemas")))
		map_put(c->a, &schemas, json_str_or(s, "name", STR("")), c);
	JSON_EACH (agent, backends ? json_getz(backends, "dataconnector") : NULL)
		map_put(c->a, &agents, agent->key, c);
	return reload_named(c, args, "reload_remote_schemas", &schemas, "Remote schema", err) &&
		reload_named(c, args, "reload_data_connectors", &agents, "Data connector", err);
}

static bool reload_metadata(candidate *c, const json *args, buf *out, error *err)
{
	if (!arg_object(c, args, "ReloadMetadata", err) || !reload_others(c, args, err) ||
		!reload_sources(c, json_getz(args, "reload_sources"), err))
		return false;
	for (size_t i = 0; i < c->adm->links.n; i++)
		link_forget_enums(c->adm->links.v[i]);
	c->reload_all = true;
	metadata *md = metadata_ref(c->md);
	candidate_adopt(c, md, candidate_build(c, md));
	json *o = json_new_object(c->a);
	json_setz(o, "message", json_new_str(c->a, STR("success")));
	put_consistency(c, o, false);
	return reply_json(out, o);
}

/* ---- inconsistencies ---- */

static bool get_inconsistent(candidate *c, const json *args, buf *out, error *err)
{
	(void)args;
	(void)err;
	json *o = json_new_object(c->a);
	put_consistency(c, o, true);
	return reply_json(out, o);
}

static bool drop_inconsistent(candidate *c, const json *args, buf *out, error *err)
{
	enum { ROUNDS = 8 };
	(void)args;
	/* What depended on a dropped object may become inconsistent in its turn. */
	for (int i = 0; i < ROUNDS && purge_droppable(c->snap); i++) {
		metadata *next;
		if (!purge_inconsistent(c->a, c->md, c->snap, &next, err)) return false;
		candidate_adopt(c, next, candidate_build(c, next));
	}
	if (!purge_droppable(c->snap)) return reply_success(out);
	(void)error_set(err, ERR_UNEXPECTED, STR(""), "cannot continue due to new inconsistent metadata");
	err->status = 400;
	err->internal = snapshot_issues_json(c->a, c->snap);
	return false;
}

/* ---- states of console and CLI ---- */

static bool get_state(candidate *c, const json *args, buf *out, error *err)
{
	store_state s;
	(void)args;
	if (!metadata_store_state(c->adm->store, c->a, &s, err)) return false;
	json *o = json_new_object(c->a);
	json_setz(o, "id", json_new_str(c->a, s.id));
	json_setz(o, "cli_state", json_raw(c->a, s.cli_state));
	json_setz(o, "console_state", json_raw(c->a, s.console_state));
	return reply_json(out, o);
}

static bool set_state(candidate *c, const json *args, buf *out, error *err)
{
	str type;
	const json *state;
	if (!arg_object(c, args, "SetCatalogState", err) || !arg_text(c, args, "type", &type, err)) return false;
	if (!arg_member(c, args, "state", &state, err)) return false;
	bool cli = str_eqz(type, "cli");
	if (!cli && !str_eqz(type, "console")) {
		c->arg_error = true;
		return error_set(err, ERR_PARSE_FAILED, STR("$.type"),
			"unexpected value for \"type\": expected one of \"cli\", \"console\"");
	}
	store_state_kind kind = cli ? STORE_STATE_CLI : STORE_STATE_CONSOLE;
	return metadata_store_set_state(c->adm->store, kind, json_to_str(c->a, state), err) && reply_success(out);
}

#define EVERY (OP_METADATA | OP_V1)

const op ops_metadata[] = {
	{"replace_metadata", replace_metadata, EVERY | OP_VERSION_2 | OP_MODIFIES},
	{"export_metadata", export_metadata, EVERY | OP_VERSION_2 | OP_NO_ARGS},
	{"clear_metadata", clear_metadata, EVERY | OP_MODIFIES | OP_NO_ARGS},
	{"reload_metadata", reload_metadata, EVERY | OP_MODIFIES | OP_NO_ARGS},
	{"get_inconsistent_metadata", get_inconsistent, EVERY | OP_NO_ARGS},
	{"drop_inconsistent_metadata", drop_inconsistent, EVERY | OP_MODIFIES | OP_NO_ARGS},
	{"get_catalog_state", get_state, OP_METADATA | OP_NO_ARGS},
	{"set_catalog_state", set_state, OP_METADATA},
	{0},
};
