/* Typed views of canonical JSON. Everything points into the JSON; nothing can be missing that its shape requires. */
#include "metadata/model_impl.h"

static str text_of(const json *o, const char *key)
{
	return json_str_or(o, key, STR_NULL);
}

qname md_qname_view(const json *canonical)
{
	return (qname){.schema = json_str_or(canonical, "schema", STR("public")), .name = text_of(canonical, "name")};
}

static str *texts_of(arena *a, const json *list, size_t *n)
{
	*n = 0;
	if (!json_is(list, JSON_ARRAY)) return NULL;
	str *v = NEW_ARRAY(a, str, list->count);
	JSON_EACH (e, list)
		v[(*n)++] = e->text;
	return v;
}

/* A column, or a list of them. */
static str *columns_of(arena *a, const json *j, size_t *n)
{
	if (!json_is(j, JSON_STRING)) return texts_of(a, j, n);
	str *v = NEW_ARRAY(a, str, 1);
	v[0] = j->text;
	*n = 1;
	return v;
}

/* ---- relationships ---- */

static void view_foreign_key(arena *a, const json *fk, md_relationship *r)
{
	if (fk->kind != JSON_OBJECT) {
		r->using = MD_USING_FK;
		r->columns = columns_of(a, fk, &r->ncolumns);
		return;
	}
	const json *one = json_getz(fk, "column");
	r->using = MD_USING_FK_REMOTE;
	r->columns = columns_of(a, one ? one : json_getz(fk, "columns"), &r->ncolumns);
	r->remote_table = md_qname_view(json_getz(fk, "table"));
}

static void view_manual(arena *a, const json *manual, md_relationship *r)
{
	const json *mapping = json_getz(manual, "column_mapping"), *table = json_getz(manual, "remote_table");
	r->using = MD_USING_MANUAL;
	r->mapping = NEW_ARRAY(a, md_column_pair, mapping->count);
	JSON_EACH (m, mapping)
		r->mapping[r->nmapping++] = (md_column_pair){.local = m->key, .remote = m->text};
	r->insertion_order = text_of(manual, "insertion_order");
	if (table) r->remote_table = md_qname_view(table);
	else r->remote_native_query = text_of(manual, "remote_native_query");
}

static void view_relationships(arena *a, const json *list, bool array, md_table *t)
{
	JSON_EACH (e, list) {
		md_relationship *r = &t->rels[t->nrels++];
		const json *using = json_getz(e, "using"), *fk = json_getz(using, "foreign_key_constraint_on");
		*r = (md_relationship){
			.name = text_of(e, "name"), .array = array, .comment = text_of(e, "comment"), .raw = e};
		if (fk) view_foreign_key(a, fk, r);
		else view_manual(a, json_getz(using, "manual_configuration"), r);
	}
}

/* ---- permissions ---- */

/* seen: the first element of an array → its texts; arrays of one table share elements (shape_table.c). */
static md_columns view_columns(arena *a, const json *j, map *seen)
{
	md_columns c = {0};
	if (json_is(j, JSON_STRING)) {
		c.all = true;
	} else if (j && j->first) {
		const json **key = NEW(a, const json *);
		*key = j->first;
		str k = str_make((const char *)key, sizeof(*key));
		c.n = j->count;
		c.v = map_get(seen, k);
		if (!c.v) c.v = texts_of(a, j, &c.n);
		map_add(a, seen, k, c.v);
	}
	return c;
}

static void view_permission(arena *a, const json *entry, md_perm_kind kind, map *seen, md_permission *p)
{
	const json *perm = json_getz(entry, "permission"), *columns = json_getz(perm, "columns");
	const json *limit = json_getz(perm, "limit"), *check = json_getz(perm, "check");
	p->kind = kind;
	p->role = text_of(entry, "role");
	p->comment = text_of(entry, "comment");
	p->columns = view_columns(a, columns, seen);
	/* Hasura v2: InsPerm without columns allows all. */
	if (kind == MD_PERM_INSERT && !columns) p->columns.all = true;
	p->filter = json_getz(perm, "filter");
	p->check = json_is_null(check) ? NULL : json_getz(perm, "check");
	p->set = json_getz(perm, "set");
	p->has_limit = json_to_i64(limit, &p->limit);
	p->allow_aggregations = json_bool_or(perm, "allow_aggregations", false);
	p->computed_fields = texts_of(a, json_getz(perm, "computed_fields"), &p->ncomputed_fields);
	p->has_query_roots = json_getz(perm, "query_root_fields") != NULL;
	p->query_roots = texts_of(a, json_getz(perm, "query_root_fields"), &p->nquery_roots);
	p->has_subscription_roots = json_getz(perm, "subscription_root_fields") != NULL;
	p->subscription_roots = texts_of(a, json_getz(perm, "subscription_root_fields"), &p->nsubscription_roots);
	p->backend_only = json_bool_or(perm, "backend_only", false);
	p->validate_input = json_getz(perm, "validate_input");
}

static void view_permissions(arena *a, const json *raw, md_table *t)
{
	static const char *const keys[MD_PERM_KINDS] = {
		[MD_PERM_SELECT] = "select_permissions",
		[MD_PERM_INSERT] = "insert_permissions",
		[MD_PERM_UPDATE] = "update_permissions",
		[MD_PERM_DELETE] = "delete_permissions",
	};
	map seen = {0};
	for (md_perm_kind k = 0; k < MD_PERM_KINDS; k++) {
		const json *list = json_getz(raw, keys[k]);
		if (!list) continue;
		t->perms[k] = NEW_ARRAY(a, md_permission, list->count);
		JSON_EACH (e, list) {
			md_permission *p = &t->perms[k][t->nperms[k]++];
			view_permission(a, e, k, &seen, p);
			p->raw = e;
		}
	}
}

/* ---- the rest of a table ---- */

static void view_computed(arena *a, const json *list, md_table *t)
{
	if (!list) return;
	t->computed = NEW_ARRAY(a, md_computed_field, list->count);
	JSON_EACH (e, list) {
		const json *def = json_getz(e, "definition");
		t->computed[t->ncomputed++] = (md_computed_field){
			.name = text_of(e, "name"),
			.function = md_qname_view(json_getz(def, "function")),
			.table_argument = text_of(def, "table_argument"),
			.session_argument = text_of(def, "session_argument"),
			.comment = text_of(e, "comment"),
			.raw = e,
		};
	}
}

static md_custom_root view_custom_root(const json *j)
{
	if (json_is(j, JSON_STRING)) return (md_custom_root){.name = j->text};
	return (md_custom_root){.name = text_of(j, "name"), .comment = text_of(j, "comment")};
}

static void view_configuration(arena *a, const json *config, md_table *t)
{
	static const char *const roots[ROOT_FIELD_COUNT] = {
#define X(name, text) [name] = text,
		MD_ROOT_FIELDS(X)
#undef X
	};
	const json *custom = json_getz(config, "custom_root_fields"), *columns = json_getz(config, "column_config");
	t->custom_name = text_of(config, "custom_name");
	t->comment = text_of(config, "comment");
	for (size_t i = 0; custom && i < ROOT_FIELD_COUNT; i++)
		t->roots[i] = view_custom_root(json_getz(custom, roots[i]));
	if (!columns) return;
	t->columns = NEW_ARRAY(a, md_column_config, columns->count);
	JSON_EACH (m, columns) {
		t->columns[t->ncolumns++] = (md_column_config){
			.column = m->key,
			.custom_name = text_of(m, "custom_name"),
			.comment = text_of(m, "comment"),
		};
	}
}

static void view_unserved(arena *a, const json *raw, md_table *t)
{
	static const char *const keys[] = {
		"remote_relationships",
		"event_triggers",
		"apollo_federation_config",
		"logical_model",
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json *v = json_getz(raw, keys[i]);
		if (v) map_put(a, &t->unserved, str_from(keys[i]), v);
	}
}

md_table *md_table_view(arena *a, json *raw)
{
	md_table *t = NEW(a, md_table);
	const json *objects = json_getz(raw, "object_relationships"), *arrays = json_getz(raw, "array_relationships");
	atomic_init(&t->refs, 1);
	t->a = a;
	t->raw = raw;
	t->name = md_qname_view(json_getz(raw, "table"));
	t->key = catalog_key(a, t->name);
	t->is_enum = json_bool_or(raw, "is_enum", false);
	view_configuration(a, json_getz(raw, "configuration"), t);
	t->rels = NEW_ARRAY(a, md_relationship, (objects ? objects->count : 0) + (arrays ? arrays->count : 0));
	view_relationships(a, objects, false, t);
	view_relationships(a, arrays, true, t);
	view_computed(a, json_getz(raw, "computed_fields"), t);
	view_permissions(a, raw, t);
	view_unserved(a, raw, t);
	return t;
}

md_function *md_function_view(arena *a, json *raw)
{
	md_function *f = NEW(a, md_function);
	const json *config = json_getz(raw, "configuration"), *permissions = json_getz(raw, "permissions");
	const json *roots = json_getz(config, "custom_root_fields"), *response = json_getz(config, "response");
	atomic_init(&f->refs, 1);
	f->a = a;
	f->raw = raw;
	f->name = md_qname_view(json_getz(raw, "function"));
	f->key = catalog_key(a, f->name);
	f->custom_name = text_of(config, "custom_name");
	f->custom_root_function = text_of(roots, "function");
	f->custom_root_aggregate = text_of(roots, "function_aggregate");
	f->session_argument = text_of(config, "session_argument");
	f->exposed_as = text_of(config, "exposed_as");
	f->comment = text_of(raw, "comment");
	f->has_response_table = json_getz(response, "table") != NULL;
	if (f->has_response_table) f->response_table = md_qname_view(json_getz(response, "table"));
	if (permissions) f->roles = NEW_ARRAY(a, str, permissions->count);
	JSON_EACH (p, permissions)
		f->roles[f->nroles++] = text_of(p, "role");
	return f;
}
