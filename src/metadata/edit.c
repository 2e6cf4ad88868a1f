/* Edits: a new root that shares what it did not touch. A map of pointers is copied, no object is. */
#include "metadata/model_impl.h"

/* A source with the maps and the own part of s. */
static md_source *source_copy(const md_source *s)
{
	md_source *made = md_source_around(md_part_ref(s->own));
	map_copy(made->a, &made->tables, &s->tables);
	map_copy(made->a, &made->functions, &s->functions);
	made->nunserved_tables = s->nunserved_tables;
	for (size_t i = 0; i < made->tables.n; i++)
		md_table_ref(made->tables.items[i].value);
	for (size_t i = 0; i < made->functions.n; i++)
		md_function_ref(made->functions.items[i].value);
	return made;
}

static metadata *root_copy(const metadata *m)
{
	metadata *made = md_root_new();
	for (size_t i = 0; i < m->sources.n; i++) {
		md_source *s = md_source_ref(m->sources.items[i].value);
		map_put(made->a, &made->sources, s->name, s);
	}
	for (size_t i = 0; i < m->parts.n; i++)
		md_root_put_part(made, m->parts.items[i].key, md_part_ref(m->parts.items[i].value));
	return made;
}

static metadata *same(const metadata *m)
{
	return metadata_ref((metadata *)(uintptr_t)m);
}

/* Sets the item that holds old: its key dies with old. */
static void replace_item(map *m, const void *old, str key, void *fresh)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->items[i].value != old) continue;
		m->items[i] = (map_item){.key = key, .value = fresh};
		return;
	}
}

/* Takes over s. */
static metadata *with_source(const metadata *m, md_source *s)
{
	metadata *made = root_copy(m);
	md_source *old = map_get(&made->sources, s->name);
	if (old) replace_item(&made->sources, old, s->name, s);
	else map_put(made->a, &made->sources, s->name, s);
	md_source_unref(old);
	md_root_finish(made);
	return made;
}

metadata *metadata_with_source(const metadata *m, md_source *s)
{
	return with_source(m, md_source_ref(s));
}

metadata *metadata_without_source(const metadata *m, str name)
{
	if (!metadata_source(m, name)) return same(m);
	metadata *made = root_copy(m);
	md_source *old = map_get(&made->sources, name);
	map_remove(&made->sources, name);
	md_source_unref(old);
	md_root_finish(made);
	return made;
}

static void put_table(md_source *s, md_table *t)
{
	md_table *old = map_get(&s->tables, t->key);
	md_table_ref(t);
	if (old) {
		replace_item(&s->tables, old, t->key, t);
		s->nunserved_tables += (size_t)(t->unserved.n != 0);
		s->nunserved_tables -= (size_t)(old->unserved.n != 0);
	} else {
		md_source_add_table(s, t);
	}
	md_table_unref(old);
}

metadata *metadata_with_tables(const metadata *m, str source, md_table *const *tables, size_t n)
{
	const md_source *s = metadata_source(m, source);
	if (!s) return same(m);
	md_source *made = source_copy(s);
	for (size_t i = 0; i < n; i++)
		put_table(made, tables[i]);
	return with_source(m, made);
}

metadata *metadata_with_table(const metadata *m, str source, md_table *t)
{
	return metadata_with_tables(m, source, &t, 1);
}

metadata *metadata_without_table(const metadata *m, str source, qname name)
{
	const md_source *s = metadata_source(m, source);
	const md_table *t = s ? md_source_table(s, name) : NULL;
	if (!t) return same(m);
	md_source *made = source_copy(s);
	map_remove(&made->tables, t->key);
	if (t->unserved.n) made->nunserved_tables--;
	md_table_unref((md_table *)(uintptr_t)t);
	return with_source(m, made);
}

metadata *metadata_with_function(const metadata *m, str source, md_function *f)
{
	const md_source *s = metadata_source(m, source);
	if (!s) return same(m);
	md_source *made = source_copy(s);
	md_function *old = map_get(&made->functions, f->key);
	md_function_ref(f);
	if (old) replace_item(&made->functions, old, f->key, f);
	else md_source_add_function(made, f);
	md_function_unref(old);
	return with_source(m, made);
}

metadata *metadata_without_function(const metadata *m, str source, qname name)
{
	const md_source *s = metadata_source(m, source);
	const md_function *f = s ? md_source_function(s, name) : NULL;
	if (!f) return same(m);
	md_source *made = source_copy(s);
	map_remove(&made->functions, f->key);
	md_function_unref((md_function *)(uintptr_t)f);
	return with_source(m, made);
}

bool metadata_with_part(const metadata *m, str part, const json *value, metadata **out, error *err)
{
	if (str_eqz(part, "version") || str_eqz(part, "sources")) {
		return error_set(err, ERR_UNEXPECTED, STR(""), "%.*s is not a part that can be set", STR_ARG(part));
	}
	md_part *made;
	parse_place at = {.scratch = arena_new(0), .err = err};
	bool ok = md_part_parse_at(&at, part, value, map_get(&m->parts, part), &made);
	arena_free(at.scratch);
	if (!ok) return false;
	metadata *root = root_copy(m);
	if (made) {
		md_root_put_part(root, part, made);
	} else {
		md_part *old = map_get(&root->parts, part);
		map_remove(&root->parts, part);
		md_part_unref(old);
	}
	md_root_finish(root);
	*out = root;
	return true;
}

static bool declares(const json *list, str name)
{
	JSON_EACH (e, list) {
		if (str_eq(json_str_or(e, "name", STR("")), name)) return true;
	}
	return false;
}

metadata *metadata_with_hidden(const metadata *fresh, const metadata *previous)
{
	const json *old = map_get(&previous->unserved, STR("cron_triggers"));
	const json *given = map_get(&fresh->unserved, STR("cron_triggers"));
	arena *a = arena_new(0);
	json *all = given ? json_copy(a, given) : json_new_array(a);
	bool more = false;
	JSON_EACH (e, old) {
		bool hidden = !json_bool_or(e, "include_in_metadata", true);
		if (!hidden || declares(given, json_str_or(e, "name", STR("")))) continue;
		json_push(all, json_copy(a, e));
		more = true;
	}
	metadata *made = same(fresh);
	error err;
	error_init(&err, a);
	metadata *with = NULL;
	if (more && metadata_with_part(fresh, STR("cron_triggers"), all, &with, &err)) {
		metadata_unref(made);
		made = with;
	}
	arena_free(a);
	return made;
}

/* ---- new sources ---- */

bool md_source_new(
	str name, str kind, const json *configuration, const json *customization, md_source **out, error *err)
{
	arena *a = arena_new(0);
	json *o = json_new_object(a);
	json_setz(o, "name", json_new_str(a, name));
	json_setz(o, "kind", json_new_str(a, kind));
	json_setz(o, "tables", json_new_array(a));
	if (configuration) json_setz(o, "configuration", json_copy(a, configuration));
	if (customization) json_setz(o, "customization", json_copy(a, customization));
	bool ok = md_source_parse(o, out, err);
	arena_free(a);
	return ok;
}

/* Hasura v2: defaultPostgresPoolSettings, and prepared statements on for the source of the server's own flags. */
md_source_defaults md_source_defaults_hasura(str url_env)
{
	return (md_source_defaults){
		.url_env = url_env,
		.max_connections = 50,
		.idle_timeout = 180,
		.retries = 1,
		.connection_lifetime = 600,
		.use_prepared_statements = true,
		.isolation_level = STR("read-committed"),
	};
}

static json *default_pool(arena *a, const md_source_defaults *d)
{
	json *pool = json_new_object(a);
	json_setz(pool, "connection_lifetime", json_new_i64(a, d->connection_lifetime));
	json_setz(pool, "idle_timeout", json_new_i64(a, d->idle_timeout));
	json_setz(pool, "max_connections", json_new_i64(a, d->max_connections));
	json_setz(pool, "retries", json_new_i64(a, d->retries));
	return pool;
}

md_source *md_source_default(const md_source_defaults *d)
{
	arena *a = arena_new(0);
	json *config = json_new_object(a), *info = json_new_object(a), *url = json_new_object(a);
	md_source *s = NULL;
	error err;
	error_init(&err, a);
	json_setz(url, "from_env", json_new_str(a, d->url_env));
	json_setz(info, "database_url", d->url.p ? json_new_str(a, d->url) : url);
	json_setz(info, "isolation_level", json_new_str(a, d->isolation_level));
	json_setz(info, "pool_settings", default_pool(a, d));
	json_setz(info, "use_prepared_statements", json_new_bool(a, d->use_prepared_statements));
	json_setz(config, "connection_info", info);
	if (!md_source_new(STR("default"), STR("postgres"), config, NULL, &s, &err)) s = NULL;
	arena_free(a);
	return s;
}
