#include "metadata/unserved.h"

#include "metadata/model_impl.h"

#define NOT_SERVED " not served by this version of Weir"

/* Parts without a model, and how they are named. */
typedef struct unserved_kind {
	const char *part;
	const char *type;     /* Hasura's, or the part's name */
	const char *name_key; /* the part is a list, its elements have this name; NULL: the part is one object */
	const char *reason;
	md_unserved_class class_;
	bool (*inert)(const json *part); /* it changes nothing: not reported; NULL: never */
} unserved_kind;

static bool limits_off(const json *j)
{
	return json_bool_or(j, "disabled", false);
}

static bool telemetry_off(const json *j)
{
	str status = json_str_or(j, "status", STR("disabled"));
	return str_eqz(status, "disabled");
}

/* Kept as they were written, without a place in the model: collections do nothing by themselves, roles without
 * introspection are looked up (metadata_introspects). */
static bool is_served(str part)
{
	return str_eqz(part, "query_collections") || str_eqz(part, "graphql_schema_introspection");
}

/* Prefixes and names that are all absent, and the naming that is the default anyway. */
static bool customization_inert(const json *j)
{
	str naming = json_str_or(j, "naming_convention", STR("hasura-default"));
	return str_eqz(naming, "hasura-default") && shape_empty_value(json_getz(j, "root_fields")) &&
		shape_empty_value(json_getz(j, "type_names"));
}

static const unserved_kind top_kinds[] = {
	{"remote_schemas", "remote_schema", "name", "remote schemas are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"allowlist", "allowlist", "collection", "allow lists are" NOT_SERVED, MD_CLASS_SECURITY, NULL},
	{"actions", "action", "name", "actions are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"custom_types", "custom_types", NULL, "custom types are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"cron_triggers", "cron_trigger", "name", "cron triggers are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"rest_endpoints", "rest_endpoint", "name", "REST endpoints are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"api_limits", "api_limits", NULL, "API limits are" NOT_SERVED, MD_CLASS_SECURITY, limits_off},
	{"metrics_config", "metrics_config", NULL, "metrics settings are" NOT_SERVED, MD_CLASS_OPERATIONS, NULL},
	{"network", "network", NULL, "TLS allow lists are" NOT_SERVED, MD_CLASS_OPERATIONS, NULL},
	{"backend_configs", "backend_configs", NULL, "data connector agents are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"opentelemetry", "open_telemetry", NULL, "OpenTelemetry exports are" NOT_SERVED, MD_CLASS_OPERATIONS,
		telemetry_off},
};

static const unserved_kind source_kinds[] = {
	{"native_queries", "native_query", "root_field_name", "native queries are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"stored_procedures", "stored_procedure", "stored_procedure", "stored procedures are" NOT_SERVED,
		MD_CLASS_FEATURE, NULL},
	{"logical_models", "logical_model", "name", "logical models are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"query_tags", "query_tags", NULL, "query tags are" NOT_SERVED, MD_CLASS_OPERATIONS, limits_off},
	{"customization", "customization", NULL, "customizations of sources are" NOT_SERVED, MD_CLASS_FEATURE,
		customization_inert},
	{"health_check", "health_check", NULL, "health checks of sources are" NOT_SERVED, MD_CLASS_OPERATIONS, NULL},
};

/* Members of a source's configuration. A template decides which database answers whom. */
static const unserved_kind configuration_kinds[] = {
	{"read_replicas", "read_replicas", NULL, "read replicas are" NOT_SERVED, MD_CLASS_OPERATIONS, NULL},
	{"connection_template", "connection_template", NULL, "connection templates are" NOT_SERVED, MD_CLASS_SECURITY,
		NULL},
	{"connection_set", "connection_set", NULL, "connection sets are" NOT_SERVED, MD_CLASS_OPERATIONS, NULL},
};

static const unserved_kind table_kinds[] = {
	{"remote_relationships", "remote_relationship", "name", "remote relationships are" NOT_SERVED, MD_CLASS_FEATURE,
		NULL},
	{"event_triggers", "event_trigger", "name", "event triggers are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
	{"apollo_federation_config", "apollo_federation_config", NULL, "Apollo federation is" NOT_SERVED,
		MD_CLASS_FEATURE, NULL},
	{"logical_model", "logical_model", NULL, "logical models of tables are" NOT_SERVED, MD_CLASS_FEATURE, NULL},
};

#define COUNT(kinds) (sizeof(kinds) / sizeof(*(kinds)))

static const unserved_kind *kind_of(const unserved_kind *kinds, size_t n, str part)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(part, kinds[i].part)) return &kinds[i];
	return NULL;
}

typedef struct walk {
	arena *a;
	md_unserved_fn *fn;
	void *data;
	str source;
	qname table;
} walk;

/* " in table t in source s", or what of it applies. */
static str place_of(const walk *w)
{
	if (!w->source.p) return STR("");
	if (!w->table.name.p) return str_cat(w->a, 2, STR(" in source "), w->source);
	return str_cat(w->a, 4, STR(" in table "), qname_display(w->a, w->table), STR(" in source "), w->source);
}

/* Hasura v2: the definitions its inconsistent objects show (RQL/DDL/Schema/Cache.hs, Cache/Fields.hs). */
static const json *definition_of(const walk *w, const unserved_kind *k, const json *object)
{
	if (str_eqz(STR("event_trigger"), k->type)) {
		json *o = json_new_object(w->a);
		json_setz(o, "configuration", json_copy(w->a, object));
		json_setz(o, "table", md_qname_json(w->a, w->table));
		return o;
	}
	if (str_eqz(STR("remote_relationship"), k->type)) return md_with_table_json(w->a, w->source, w->table, object);
	if (!str_eqz(STR("action"), k->type)) return object;
	json *action = json_copy(w->a, object);
	json_remove(action, STR("permissions"));
	return action;
}

static void report(const walk *w, const unserved_kind *k, const json *object, str sub)
{
	/* Hasura v2: moiName: the type, a blank, the name. Parts Hasura has no objects for go by their type alone. */
	str name = sub.p ? sub : STR_NULL;
	if (str_eqz(STR("custom_types"), k->type)) name = STR("custom_types");
	if (str_eqz(STR("open_telemetry"), k->type)) name = STR("all");
	md_unserved u = {
		.type = k->type,
		.name = name.p ? str_cat(w->a, 4, str_from(k->type), STR(" "), name, place_of(w))
			       : str_cat(w->a, 2, str_from(k->type), place_of(w)),
		.definition = definition_of(w, k, object),
		.reason = str_from(k->reason),
		.class_ = k->class_,
		.part = str_from(k->part),
		.source = w->source,
		.table = w->table,
		.sub = sub,
	};
	w->fn(w->data, &u);
}

static str element_name(arena *a, const json *e, const char *key)
{
	const json *v = json_getz(e, key);
	if (json_is(v, JSON_STRING)) return v->text;
	return v ? json_to_str(a, v) : STR("");
}

static void report_part(const walk *w, const unserved_kind *kinds, size_t n, str part, const json *value)
{
	const unserved_kind *k = kind_of(kinds, n, part);
	if (!k) {
		unserved_kind unknown = {
			.part = str_z(w->a, part),
			.type = str_z(w->a, part),
			.reason = str_z(
				w->a, str_printf(w->a, "\"%.*s\" is not known to this version of Weir", STR_ARG(part))),
			.class_ = MD_CLASS_FEATURE,
		};
		report(w, &unknown, value, STR_NULL);
		return;
	}
	if (k->inert && k->inert(value)) return;
	if (!k->name_key || !json_is(value, JSON_ARRAY)) {
		report(w, k, value, STR_NULL);
		return;
	}
	JSON_EACH (e, value)
		report(w, k, e, element_name(w->a, e, k->name_key));
}

static void walk_table(walk *w, const md_table *t)
{
	w->table = t->name;
	for (size_t i = 0; i < t->unserved.n; i++)
		report_part(w, table_kinds, COUNT(table_kinds), t->unserved.items[i].key, t->unserved.items[i].value);
	w->table = (qname){0};
}

bool md_kind_served(str kind)
{
	/* Citus and CockroachDB speak PostgreSQL, but their join rules and catalogs have not been tried. */
	return str_eqz(kind, "postgres") || str_eqz(kind, "alloy");
}

static void report_kind(const walk *w, const md_source *s)
{
	md_unserved u = {
		.type = "source",
		.name = str_cat(w->a, 2, STR("source "), s->name),
		.definition = json_new_str(w->a, s->name),
		.reason = str_printf(w->a, "sources of kind \"%.*s\" are" NOT_SERVED, STR_ARG(s->kind)),
		.class_ = MD_CLASS_FEATURE,
		.part = STR("sources"),
		.source = s->name,
	};
	w->fn(w->data, &u);
}

static void walk_tables(walk *w, const md_source *s)
{
	arena *scratch = arena_new(0);
	const md_table **v = md_source_tables_sorted(scratch, s);
	for (size_t i = 0; i < s->tables.n; i++)
		if (v[i]->unserved.n) walk_table(w, v[i]);
	arena_free(scratch);
}

static void walk_source(walk *w, const md_source *s)
{
	if (!md_kind_served(s->kind)) {
		report_kind(w, s);
		return;
	}
	w->source = s->name;
	if (s->nunserved_tables) walk_tables(w, s);
	for (size_t i = 0; i < s->unserved.n; i++)
		report_part(w, source_kinds, COUNT(source_kinds), s->unserved.items[i].key, s->unserved.items[i].value);
	for (size_t i = 0; i < COUNT(configuration_kinds); i++) {
		const json *v = json_getz(s->configuration, configuration_kinds[i].part);
		if (!json_is_null(v)) report(w, &configuration_kinds[i], v, STR_NULL);
	}
	w->source = STR_NULL;
}

void md_source_unserved(arena *a, const md_source *s, md_unserved_fn *fn, void *data)
{
	walk w = {.a = a, .fn = fn, .data = data};
	walk_source(&w, s);
}

void md_unserved_walk(arena *a, const metadata *m, md_unserved_fn *fn, void *data)
{
	walk w = {.a = a, .fn = fn, .data = data};
	arena *scratch = arena_new(0);
	const md_source **v = metadata_sources_sorted(scratch, m);
	for (size_t i = 0; i < m->sources.n; i++)
		walk_source(&w, v[i]);
	for (const shape_part *p = shape_parts; p->key; p++) {
		const json *value = map_get(&m->unserved, str_from(p->key));
		if (value && !is_served(str_from(p->key)))
			report_part(&w, top_kinds, COUNT(top_kinds), str_from(p->key), value);
	}
	for (size_t i = 0; i < m->unserved.n; i++)
		if (!shape_part_of(m->unserved.items[i].key).key)
			report_part(
				&w, top_kinds, COUNT(top_kinds), m->unserved.items[i].key, m->unserved.items[i].value);
	arena_free(scratch);
}

/* ---- removing one ---- */

/* A copy of value without the element of that name; NULL when nothing is left or the whole part goes. */
static json *without_element(arena *a, const unserved_kind *k, const json *value, str sub)
{
	if (!sub.p || !k || !k->name_key || !json_is(value, JSON_ARRAY)) return NULL;
	json *made = json_new_array(a);
	JSON_EACH (e, value) {
		if (!str_eq(element_name(a, e, k->name_key), sub)) json_push(made, json_copy(a, e));
	}
	return made->first ? made : NULL;
}

static void edit_member(arena *a, json *object, const unserved_kind *kinds, size_t n, const md_unserved *u)
{
	const json *value = json_get(object, u->part);
	json *rest = without_element(a, kind_of(kinds, n, u->part), value, u->sub);
	if (rest) json_set(object, str_copy(a, u->part), rest);
	else json_remove(object, u->part);
}

static bool without_in_table(arena *a, const metadata *m, const md_unserved *u, metadata **out, error *err)
{
	const md_source *s = metadata_source(m, u->source);
	const md_table *t = s ? md_source_table(s, u->table) : NULL;
	if (!t) {
		*out = metadata_ref((metadata *)(uintptr_t)m);
		return true;
	}
	json *j = md_table_json(a, t);
	md_table *made;
	edit_member(a, j, table_kinds, COUNT(table_kinds), u);
	if (!md_table_parse(j, &made, err)) return false;
	*out = metadata_with_table(m, u->source, made);
	md_table_unref(made);
	return true;
}

static bool without_in_source(arena *a, const metadata *m, const md_unserved *u, metadata **out, error *err)
{
	const md_source *s = metadata_source(m, u->source);
	if (!s || str_eqz(u->part, "sources")) {
		*out = metadata_without_source(m, u->source);
		return true;
	}
	json *j = md_source_json(a, s);
	md_source *made;
	bool in_configuration = kind_of(configuration_kinds, COUNT(configuration_kinds), u->part) != NULL;
	if (in_configuration) json_remove(json_getz(j, "configuration"), u->part);
	else edit_member(a, j, source_kinds, COUNT(source_kinds), u);
	if (!md_source_with_own(s, j, &made, err)) return false;
	*out = metadata_with_source(m, made);
	md_source_unref(made);
	return true;
}

bool metadata_without_unserved(const metadata *m, const md_unserved *u, metadata **out, error *err)
{
	arena *a = arena_new(0);
	bool ok;
	if (u->table.name.p) {
		ok = without_in_table(a, m, u, out, err);
	} else if (u->source.p) {
		ok = without_in_source(a, m, u, out, err);
	} else {
		const json *value = map_get(&m->unserved, u->part);
		const unserved_kind *k = kind_of(top_kinds, COUNT(top_kinds), u->part);
		ok = metadata_with_part(m, u->part, without_element(a, k, value, u->sub), out, err);
	}
	arena_free(a);
	return ok;
}
