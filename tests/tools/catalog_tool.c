/*
 * catalog_tool: shows what catalog/ reads, for the API tests. Commands are read from stdin, one a line, answers are one line
 * of JSON each:
 *   read                    everything, sharing with the catalog read before
 *   only NAME…              refreshes these tables and functions (schema.name)
 *   fresh                   everything, sharing nothing
 *   show                    the whole catalog
 *   table NAME              one table, or null
 *   diff                    the catalog before the last read against the one after
 *   time N                  N times a full read: milliseconds of each
 * The answer to a read: {"tables", "shared", "functions", "functions_shared", "types_shared"}.
 */
#include "base/clock.h"
#include "base/json.h"
#include "catalog/diff.h"
#include "catalog/read.h"
#include "catalog/type_info.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct tool {
	pg_sync *pg;
	catalog *before;
	catalog *now;
	arena *a; /* of one command */
	error err;
} tool;

static json *char_json(arena *a, char c)
{
	return c ? json_new_strf(a, "%c", c) : json_new_null(a);
}

static json *text_json(arena *a, str s)
{
	return s.p ? json_new_str(a, s) : json_new_null(a);
}

static json *name_json(arena *a, qname q)
{
	return json_new_str(a, str_cat(a, 3, q.schema, STR("."), q.name));
}

static json *type_json(arena *a, const catalog *c, pg_oid oid)
{
	json *j = json_new_object(a);
	const cat_type *t = catalog_type(c, oid);
	json_setz(j, "name", t ? name_json(a, t->name) : json_new_null(a));
	json_setz(j, "scalar", json_new_str(a, cat_graphql_scalar(a, c, oid)));
	json_setz(j, "list", json_new_bool(a, cat_array_element(c, oid) != 0));
	json_setz(j, "sql", json_new_str(a, cat_sql_type(a, c, oid)));
	json_setz(j, "flags", json_new_i64(a, cat_type_flags(c, oid)));
	json_setz(j, "codec", json_new_i64(a, cat_codec(c, oid, false)));
	json *labels = t && t->nlabels ? json_setz(j, "labels", json_new_array(a)) : NULL;
	for (size_t i = 0; labels && i < t->nlabels; i++)
		json_push(labels, json_new_str(a, t->labels[i]));
	return j;
}

static json *column_json(arena *a, const catalog *c, const cat_column *col)
{
	json *j = json_new_object(a);
	json_setz(j, "name", json_new_str(a, col->name));
	json_setz(j, "attnum", json_new_i64(a, col->attnum));
	json_setz(j, "type", type_json(a, c, col->type));
	json_setz(j, "typmod", json_new_i64(a, col->typmod));
	json_setz(j, "not_null", json_new_bool(a, col->not_null));
	json_setz(j, "has_default", json_new_bool(a, col->has_default));
	json_setz(j, "identity", char_json(a, col->identity));
	json_setz(j, "generated", char_json(a, col->generated));
	json_setz(j, "updatable", json_new_bool(a, col->updatable));
	json_setz(j, "comment", text_json(a, col->comment));
	return j;
}

static json *key_json(arena *a, const cat_table *t, const cat_key *k)
{
	json *j = json_new_object(a);
	json_setz(j, "name", json_new_str(a, k->name));
	json_setz(j, "primary", json_new_bool(a, k->primary));
	json_setz(j, "constraint", json_new_bool(a, k->constraint));
	json_setz(j, "partial", json_new_bool(a, k->partial));
	json_setz(j, "provable", json_new_bool(a, k->provable));
	json_setz(j, "unique_on", json_new_bool(a, cat_table_unique_on(t, k->cols, k->ncols)));
	json *cols = json_setz(j, "columns", json_new_array(a));
	for (size_t i = 0; i < k->ncols; i++) {
		const cat_column *c = cat_table_column_num(t, k->cols[i]);
		json_push(cols, c ? json_new_str(a, c->name) : json_new_null(a));
	}
	return j;
}

static json *fk_json(arena *a, const cat_table *t, const cat_fk *fk)
{
	json *j = json_new_object(a);
	json_setz(j, "name", json_new_str(a, fk->name));
	json_setz(j, "ref", name_json(a, fk->ref));
	json_setz(j, "on_update", char_json(a, fk->on_update));
	json_setz(j, "on_delete", char_json(a, fk->on_delete));
	json *cols = json_setz(j, "columns", json_new_array(a));
	json *refs = json_setz(j, "ref_columns", json_new_array(a));
	for (size_t i = 0; i < fk->ncols; i++) {
		json_push(cols, json_new_str(a, cat_table_column_num(t, fk->cols[i])->name));
		json_push(refs, json_new_str(a, fk->ref_cols[i]));
	}
	return j;
}

static json *table_json(arena *a, const catalog *c, const cat_table *t)
{
	json *j = json_new_object(a);
	json_setz(j, "name", name_json(a, t->name));
	json_setz(j, "kind", char_json(a, t->kind));
	json_setz(j, "comment", text_json(a, t->comment));
	json *cols = json_setz(j, "columns", json_new_array(a));
	for (size_t i = 0; i < t->ncols; i++)
		json_push(cols, column_json(a, c, &t->cols[i]));
	json *keys = json_setz(j, "keys", json_new_array(a));
	for (size_t i = 0; i < t->nkeys; i++)
		json_push(keys, key_json(a, t, &t->keys[i]));
	json *fks = json_setz(j, "fks", json_new_array(a));
	for (size_t i = 0; i < t->nfks; i++)
		json_push(fks, fk_json(a, t, &t->fks[i]));
	size_t n;
	const cat_fk_ref *refs = catalog_fks_to(c, t->oid, &n);
	json *to = json_setz(j, "referenced_by", json_new_array(a));
	for (size_t i = 0; i < n; i++)
		json_push(to, json_new_str(a, str_cat(a, 3, refs[i].table->name.name, STR("."), refs[i].fk->name)));
	json *checks = json_setz(j, "checks", json_new_object(a));
	for (size_t i = 0; i < t->nchecks; i++)
		json_set(checks, t->checks[i].name, json_new_str(a, t->checks[i].definition));
	json_setz(j, "row_type", type_json(a, c, t->row_type));
	json_setz(j, "has_children", json_new_bool(a, t->has_children));
	json_setz(j, "is_partition", json_new_bool(a, t->is_partition));
	json_setz(j, "insertable", json_new_bool(a, t->insertable));
	json_setz(j, "updatable", json_new_bool(a, t->updatable));
	json_setz(j, "deletable", json_new_bool(a, t->deletable));
	json_setz(j, "from_extension", json_new_bool(a, t->from_extension));
	json_setz(j, "by_oid", json_new_bool(a, catalog_table_by_oid(c, t->oid) == t));
	return j;
}

static json *function_json(arena *a, const catalog *c, const cat_function *f)
{
	json *j = json_new_object(a);
	json *args = json_setz(j, "args", json_new_array(a));
	for (size_t i = 0; i < f->nargs; i++) {
		json *arg = json_push(args, json_new_object(a));
		json_setz(arg, "name", json_new_str(a, f->args[i].name));
		json_setz(arg, "type", json_new_str(a, cat_sql_type(a, c, f->args[i].type)));
		json_setz(arg, "mode", char_json(a, f->args[i].mode));
		json_setz(arg, "has_default", json_new_bool(a, f->args[i].has_default));
	}
	const cat_table *rel = f->returns_rel ? catalog_table_by_oid(c, f->returns_rel) : NULL;
	json_setz(j, "returns", json_new_str(a, cat_sql_type(a, c, f->returns)));
	json_setz(j, "returns_rel", rel ? name_json(a, rel->name) : json_new_null(a));
	json_setz(j, "returns_set", json_new_bool(a, f->returns_set));
	json_setz(j, "returns_table", json_new_bool(a, f->returns_table));
	json_setz(j, "variadic", json_new_bool(a, f->variadic));
	json_setz(j, "volatility", char_json(a, f->volatility));
	json_setz(j, "kind", char_json(a, f->kind));
	json_setz(j, "language", json_new_str(a, f->language));
	json_setz(j, "comment", text_json(a, f->comment));
	json_setz(j, "from_extension", json_new_bool(a, f->from_extension));
	return j;
}

static json *show(arena *a, const catalog *c)
{
	json *j = json_new_object(a);
	json_setz(j, "version", json_new_i64(a, c->version));
	json_setz(j, "database", json_new_str(a, c->database));
	json_setz(j, "iso_dates", json_new_bool(a, c->iso_dates));
	json *schemas = json_setz(j, "schemas", json_new_array(a));
	for (size_t i = 0; i < c->schemas.n; i++)
		json_push(schemas, json_new_str(a, c->schemas.items[i].key));
	json *exts = json_setz(j, "extensions", json_new_object(a));
	for (size_t i = 0; i < c->extensions.n; i++)
		json_set(exts, c->extensions.items[i].key, json_new_str(a, str_from(c->extensions.items[i].value)));
	json *tables = json_setz(j, "tables", json_new_object(a));
	for (size_t i = 0; i < c->tables.n; i++) {
		const cat_table *t = c->tables.items[i].value;
		json_set(tables, name_json(a, t->name)->text, table_json(a, c, t));
	}
	json *functions = json_setz(j, "functions", json_new_object(a));
	for (size_t i = 0; i < c->functions.n; i++) {
		const fn_list *list = c->functions.items[i].value;
		json *v = json_set(functions, name_json(a, list->v[0]->name)->text, json_new_array(a));
		for (size_t k = 0; k < list->n; k++)
			json_push(v, function_json(a, c, list->v[k]));
	}
	return j;
}

/* ---- comparing ---- */

static json *pair_json(arena *a, qname before, qname after)
{
	json *j = json_new_array(a);
	json_push(j, name_json(a, before));
	json_push(j, name_json(a, after));
	return j;
}

static json *change_json(arena *a, const cat_table_change *ch)
{
	json *j = json_new_object(a);
	json_setz(j, "table", pair_json(a, ch->before->name, ch->after->name));
	json_setz(j, "renamed", json_new_bool(a, ch->renamed));
	json_setz(j, "keys_changed", json_new_bool(a, ch->keys_changed));
	json *v = json_setz(j, "dropped", json_new_array(a));
	for (size_t i = 0; i < ch->dropped.n; i++)
		json_push(v, json_new_str(a, ch->dropped.v[i]->name));
	v = json_setz(j, "added", json_new_array(a));
	for (size_t i = 0; i < ch->added.n; i++)
		json_push(v, json_new_str(a, ch->added.v[i]->name));
	v = json_setz(j, "col_renamed", json_new_array(a));
	for (size_t i = 0; i < ch->col_renamed.n; i++) {
		json *p = json_push(v, json_new_array(a));
		json_push(p, json_new_str(a, ch->col_renamed.v[i].before->name));
		json_push(p, json_new_str(a, ch->col_renamed.v[i].after->name));
	}
	v = json_setz(j, "retyped", json_new_array(a));
	for (size_t i = 0; i < ch->retyped.n; i++)
		json_push(v, json_new_str(a, ch->retyped.v[i].after->name));
	v = json_setz(j, "nullability", json_new_array(a));
	for (size_t i = 0; i < ch->nullability.n; i++)
		json_push(v, json_new_str(a, ch->nullability.v[i].after->name));
	return j;
}

static json *functions_diff(arena *a, json *j, const cat_diff *d)
{
	json *v = json_setz(j, "functions_dropped", json_new_array(a));
	for (size_t i = 0; i < d->functions_dropped.n; i++)
		json_push(v, name_json(a, d->functions_dropped.v[i]->name));
	v = json_setz(j, "functions_created", json_new_array(a));
	for (size_t i = 0; i < d->functions_created.n; i++)
		json_push(v, name_json(a, d->functions_created.v[i]->name));
	v = json_setz(j, "functions_changed", json_new_array(a));
	for (size_t i = 0; i < d->functions_changed.n; i++) {
		const cat_function_change *ch = &d->functions_changed.v[i];
		json *f = json_push(v, json_new_object(a));
		json_setz(f, "function", pair_json(a, ch->before->name, ch->after->name));
		json_setz(f, "renamed", json_new_bool(a, ch->renamed));
		json_setz(f, "signature", json_new_bool(a, ch->signature));
		json_setz(f, "volatility", json_new_bool(a, ch->volatility));
	}
	v = json_setz(j, "overloaded", json_new_array(a));
	for (size_t i = 0; i < d->overloaded.n; i++)
		json_push(v, name_json(a, d->overloaded.v[i].name));
	return j;
}

static json *diff_json(arena *a, const catalog *before, const catalog *after)
{
	const cat_diff *d = catalog_diff(a, before, after);
	json *j = json_new_object(a);
	json_setz(j, "empty", json_new_bool(a, cat_diff_empty(d)));
	json *v = json_setz(j, "dropped", json_new_array(a));
	for (size_t i = 0; i < d->tables_dropped.n; i++)
		json_push(v, name_json(a, d->tables_dropped.v[i]->name));
	v = json_setz(j, "created", json_new_array(a));
	for (size_t i = 0; i < d->tables_created.n; i++)
		json_push(v, name_json(a, d->tables_created.v[i]->name));
	v = json_setz(j, "changed", json_new_array(a));
	for (size_t i = 0; i < d->tables_changed.n; i++)
		json_push(v, change_json(a, &d->tables_changed.v[i]));
	return functions_diff(a, j, d);
}

/* ---- commands ---- */

static json *read_answer(arena *a, const catalog *before, const catalog *now)
{
	size_t shared = 0, functions = 0, functions_shared = 0;
	for (size_t i = 0; i < now->tables.n; i++)
		shared += before && map_get(&before->tables, now->tables.items[i].key) == now->tables.items[i].value;
	for (size_t i = 0; i < now->functions.n; i++) {
		const fn_list *list = now->functions.items[i].value;
		const fn_list *old = before ? map_get(&before->functions, now->functions.items[i].key) : NULL;
		functions += list->n;
		for (size_t k = 0; k < list->n; k++)
			functions_shared += old && k < old->n && old->v[k] == list->v[k];
	}
	json *j = json_new_object(a);
	json_setz(j, "tables", json_new_i64(a, (int64_t)now->tables.n));
	json_setz(j, "shared", json_new_i64(a, (int64_t)shared));
	json_setz(j, "functions", json_new_i64(a, (int64_t)functions));
	json_setz(j, "functions_shared", json_new_i64(a, (int64_t)functions_shared));
	json_setz(j, "types_shared", json_new_bool(a, before && before->types == now->types));
	return j;
}

static qname split_name(str text)
{
	size_t dot = str_find_char(text, '.');
	if (dot == SIZE_MAX) return (qname){.schema = STR("public"), .name = text};
	return (qname){.schema = str_sub(text, 0, dot), .name = str_from_at(text, dot + 1)};
}

static json *do_read(tool *t, str args, bool share)
{
	VEC(qname) names = {0};
	while (args.n) {
		size_t end = str_find_char(args, ' ');
		if (end == SIZE_MAX) end = args.n;
		const qname q = split_name(str_sub(args, 0, end));
		vec_push(t->a, &names, q);
		args = str_from_at(args, end + 1);
	}
	catalog *next = NULL;
	if (!catalog_read(t->pg, share ? t->now : NULL, names.v, names.n, &next, &t->err)) {
		json *j = json_new_object(t->a);
		json_setz(j, "error", json_new_str(t->a, t->err.message));
		return j;
	}
	json *j = read_answer(t->a, t->now, next);
	catalog_unref(t->before);
	t->before = t->now;
	t->now = next;
	return j;
}

static json *do_time(tool *t, str args)
{
	int64_t n = 1;
	if (!str_to_i64(args, &n)) n = 1;
	json *v = json_new_array(t->a);
	for (int64_t i = 0; i < n; i++) {
		uint64_t from = clock_mono_ns();
		catalog *c = NULL;
		if (!catalog_read(t->pg, NULL, NULL, 0, &c, &t->err)) return json_new_str(t->a, t->err.message);
		json_push(v, json_new_i64(t->a, (int64_t)((clock_mono_ns() - from) / 1000000)));
		catalog_unref(c);
	}
	return v;
}

static json *command(tool *t, str line)
{
	size_t blank = str_find_char(line, ' ');
	str verb = blank == SIZE_MAX ? line : str_sub(line, 0, blank);
	str args = blank == SIZE_MAX ? STR("") : str_from_at(line, blank + 1);
	if (str_eq(verb, STR("read"))) return do_read(t, STR(""), true);
	if (str_eq(verb, STR("fresh"))) return do_read(t, STR(""), false);
	if (str_eq(verb, STR("only"))) return do_read(t, args, true);
	if (str_eq(verb, STR("time"))) return do_time(t, args);
	if (!t->now) return json_new_null(t->a);
	if (str_eq(verb, STR("show"))) return show(t->a, t->now);
	if (str_eq(verb, STR("diff")) && t->before) return diff_json(t->a, t->before, t->now);
	if (str_eq(verb, STR("table"))) {
		const cat_table *found = catalog_table(t->now, split_name(args));
		return found ? table_json(t->a, t->now, found) : json_new_null(t->a);
	}
	return json_new_null(t->a);
}

static pg_sync *connect_to(const char *url, error *err)
{
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = str_from(url);
	pg_params *params = pg_params_new(&spec, err);
	pg_sync *pg = params ? pg_sync_connect(params, 0, err) : NULL;
	pg_params_unref(params);
	return pg;
}

int main(int argc, char **argv)
{
	tool t = {.a = arena_new(0)};
	error_init(&t.err, t.a);
	t.pg = connect_to(argc > 1 ? argv[1] : "", &t.err);
	if (!t.pg) {
		fprintf(stderr, "%.*s\n", STR_ARG(t.err.message));
		arena_free(t.a);
		return 1;
	}
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	while ((n = getline(&line, &cap, stdin)) > 0) {
		arena_reset(t.a);
		error_init(&t.err, t.a);
		str answer = json_to_str(t.a, command(&t, str_trim(str_make(line, (size_t)n))));
		printf("%.*s\n", STR_ARG(answer));
		fflush(stdout);
	}
	free(line);
	catalog_unref(t.before);
	catalog_unref(t.now);
	pg_sync_close(t.pg);
	arena_free(t.a);
	return 0;
}
