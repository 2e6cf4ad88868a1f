#include "fixture.h"
#include "catalog/types.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct words {
	str v[128];
	size_t n;
} words;

typedef VEC(cat_type) type_vec;
typedef VEC(cat_table *) table_vec;

typedef struct building {
	arena *a; /* scratch */
	catalog *c;
	type_vec types;
	table_vec tables;
	pg_oid next;
} building;

static _Noreturn void bad(const char *what, str where)
{
	fprintf(stderr, "fixture: %s: %.*s\n", what, STR_ARG(where));
	abort();
}

static words split(str line)
{
	words w = {0};
	for (size_t i = 0; i < line.n;) {
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
		size_t from = i;
		while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
			i++;
		if (i == from) continue;
		if (w.n == 128) bad("too many words", line);
		w.v[w.n++] = str_sub(line, from, i - from);
	}
	return w;
}

/* Next line of *text, which is shortened; false at the end. */
static bool next_line(str *text, str *line)
{
	while (text->n) {
		size_t end = str_find_char(*text, '\n');
		*line = str_trim(str_sub(*text, 0, end));
		*text = end == SIZE_MAX ? STR("") : str_from_at(*text, end + 1);
		if (line->n) return true;
	}
	return false;
}

static qname name_of(str word)
{
	size_t dot = str_find_char(word, '.');
	if (dot == SIZE_MAX) return (qname){.schema = STR("public"), .name = word};
	return (qname){.schema = str_sub(word, 0, dot), .name = str_from_at(word, dot + 1)};
}

/* ---- types ---- */

static const struct {
	const char *name;
	pg_oid oid, array;
	char category;
	bool extension;
} builtin[] = {
	{"bool", 16, 1000, 'B', false},
	{"bytea", 17, 1001, 'U', false},
	{"char", 18, 1002, 'Z', false},
	{"name", 19, 1003, 'S', false},
	{"int8", 20, 1016, 'N', false},
	{"int2", 21, 1005, 'N', false},
	{"int4", 23, 1007, 'N', false},
	{"text", 25, 1009, 'S', false},
	{"json", 114, 199, 'U', false},
	{"float4", 700, 1021, 'N', false},
	{"float8", 701, 1022, 'N', false},
	{"money", 790, 791, 'N', false},
	{"inet", 869, 1041, 'I', false},
	{"bpchar", 1042, 1014, 'S', false},
	{"varchar", 1043, 1015, 'S', false},
	{"date", 1082, 1182, 'D', false},
	{"time", 1083, 1183, 'D', false},
	{"timestamp", 1114, 1115, 'D', false},
	{"timestamptz", 1184, 1185, 'D', false},
	{"interval", 1186, 1187, 'T', false},
	{"timetz", 1266, 1270, 'D', false},
	{"numeric", 1700, 1231, 'N', false},
	{"uuid", 2950, 2951, 'U', false},
	{"jsonb", 3802, 3807, 'U', false},
	{"citext", 30001, 30002, 'S', true},
	{"geometry", 30003, 30004, 'U', true},
	{"geography", 30005, 30006, 'U', true},
	{"raster", 30007, 30008, 'U', true},
	{"ltree", 30009, 30010, 'U', true},
	{"lquery", 30011, 30012, 'U', true},
	{"ltxtquery", 30013, 30014, 'U', true},
};

static void add_type(building *b, pg_oid oid, pg_oid array, qname name, char kind, char category)
{
	cat_type t = {.oid = oid, .array = array, .name = name, .kind = kind, .category = category, .delim = ','};
	vec_push(b->a, &b->types, t);
	qname arr = {.schema = name.schema, .name = str_cat(b->a, 2, STR("_"), name.name)};
	cat_type at = {.oid = array, .elem = oid, .name = arr, .kind = 'b', .category = 'A', .delim = ','};
	vec_push(b->a, &b->types, at);
}

static void add_builtins(building *b)
{
	for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++) {
		qname n = {.schema = builtin[i].extension ? STR("public") : STR("pg_catalog"),
			.name = str_from(builtin[i].name)};
		add_type(b, builtin[i].oid, builtin[i].array, n, 'b', builtin[i].category);
	}
	cat_type v = {.oid = 2278, .name = {STR_INIT("pg_catalog"), STR_INIT("void")}, .kind = 'p', .category = 'P'};
	vec_push(b->a, &b->types, v);
}

static void add_enum(building *b, const words *w)
{
	pg_oid oid = b->next;
	b->next += 2;
	add_type(b, oid, oid + 1, name_of(w->v[1]), 'e', 'E');
	cat_type *t = &b->types.v[b->types.n - 2];
	t->nlabels = w->n - 2;
	t->labels = NEW_ARRAY(b->a, str, t->nlabels);
	memcpy(t->labels, &w->v[2], t->nlabels * sizeof(str));
}

static pg_oid type_named(const building *b, str name)
{
	qname q = name_of(name);
	for (size_t i = 0; i < b->types.n; i++) {
		const cat_type *t = &b->types.v[i];
		if (str_eq(t->name.name, q.name) && (str_eqz(q.schema, "public") || str_eq(t->name.schema, q.schema)))
			return t->oid;
	}
	bad("no such type", name);
}

static cat_table *table_named(const building *b, str name)
{
	qname q = name_of(name);
	for (size_t i = 0; i < b->tables.n; i++)
		if (qname_eq(b->tables.v[i]->name, q)) return b->tables.v[i];
	bad("no such table", name);
}

/* ---- tables ---- */

/* First pass: the name and its row type, so that functions and foreign keys may come in any order. */
static void declare_table(building *b, const words *w)
{
	arena *a = arena_new(0);
	cat_table *t = NEW(a, cat_table);
	qname n = name_of(w->v[1]);
	t->a = a;
	atomic_init(&t->refs, 1);
	t->name = (qname){.schema = str_copy(a, n.schema), .name = str_copy(a, n.name)};
	t->key = catalog_key(a, t->name);
	t->kind = str_eqz(w->v[0], "view") ? 'v' : 'r';
	t->oid = b->next;
	t->row_type = b->next + 1;
	b->next += 3;
	t->insertable = t->updatable = t->deletable = true;
	add_type(b, t->row_type, t->row_type + 1, t->name, 'c', 'C');
	b->types.v[b->types.n - 2].relid = t->oid;
	vec_push(b->a, &b->tables, t);
}

static void add_column(building *b, cat_table *t, str word)
{
	size_t colon = str_find_char(word, ':');
	if (colon == SIZE_MAX) bad("a column without type", word);
	cat_column *c = &t->cols[t->ncols++];
	*c = (cat_column){.name = str_copy(t->a, str_sub(word, 0, colon)),
		.attnum = (int16_t)t->ncols,
		.typmod = -1,
		.updatable = true};
	str type = str_from_at(word, colon + 1);
	for (; type.n && (type.p[type.n - 1] == '!' || type.p[type.n - 1] == '='); type.n--) {
		if (type.p[type.n - 1] == '!') c->not_null = true;
		if (type.p[type.n - 1] == '=') c->has_default = true;
	}
	c->type = type_named(b, type);
}

static int16_t attnum(const cat_table *t, str name)
{
	const cat_column *c = cat_table_column(t, name);
	if (!c) bad("no such column", name);
	return c->attnum;
}

static void add_key(building *b, cat_table *t, const words *w, size_t from, size_t to, bool primary)
{
	cat_key *k = &t->keys[t->nkeys++];
	*k = (cat_key){.primary = primary, .constraint = true, .provable = true, .oid = b->next++};
	str name = t->name.name;
	k->cols = NEW_ARRAY(t->a, int16_t, to - from);
	for (size_t i = from; i < to; i++) {
		k->cols[k->ncols++] = attnum(t, w->v[i]);
		if (!primary) name = str_cat(t->a, 3, name, STR("_"), w->v[i]);
	}
	k->name = str_cat(t->a, 2, name, primary ? STR("_pkey") : STR("_key"));
}

static void add_fk(building *b, cat_table *t, const words *w, size_t from, size_t to)
{
	size_t arrow = from;
	while (arrow < to && !str_eqz(w->v[arrow], "->"))
		arrow++;
	if (arrow + 2 > to || to - arrow - 2 != arrow - from) bad("a foreign key", w->v[from]);
	const cat_table *ref = table_named(b, w->v[arrow + 1]);
	cat_fk *fk = &t->fks[t->nfks++];
	*fk = (cat_fk){
		.oid = b->next++, .ref_oid = ref->oid, .ncols = arrow - from, .on_update = 'a', .on_delete = 'a'};
	fk->ref = (qname){.schema = str_copy(t->a, ref->name.schema), .name = str_copy(t->a, ref->name.name)};
	fk->cols = NEW_ARRAY(t->a, int16_t, fk->ncols);
	fk->ref_nums = NEW_ARRAY(t->a, int16_t, fk->ncols);
	fk->ref_cols = NEW_ARRAY(t->a, str, fk->ncols);
	str name = t->name.name;
	for (size_t i = 0; i < fk->ncols; i++) {
		fk->cols[i] = attnum(t, w->v[from + i]);
		fk->ref_cols[i] = str_copy(t->a, w->v[arrow + 2 + i]);
		fk->ref_nums[i] = attnum(ref, fk->ref_cols[i]);
		name = str_cat(t->a, 3, name, STR("_"), w->v[from + i]);
	}
	fk->name = str_cat(t->a, 2, name, STR("_fkey"));
}

static size_t clause_end(const words *w, size_t from)
{
	while (from < w->n && !str_eqz(w->v[from], "|"))
		from++;
	return from;
}

static void fill_columns(building *b, const words *w)
{
	cat_table *t = table_named(b, w->v[1]);
	size_t end = clause_end(w, 2);
	t->cols = NEW_ARRAY(t->a, cat_column, end - 2);
	for (size_t i = 2; i < end; i++)
		add_column(b, t, w->v[i]);
}

static void fill_clauses(building *b, const words *w)
{
	cat_table *t = table_named(b, w->v[1]);
	t->keys = NEW_ARRAY(t->a, cat_key, w->n);
	t->fks = NEW_ARRAY(t->a, cat_fk, w->n);
	for (size_t i = clause_end(w, 2); i < w->n;) {
		size_t from = i + 1, to = clause_end(w, from);
		if (from == to) bad("an empty clause", w->v[1]);
		if (str_eqz(w->v[from], "pk")) {
			add_key(b, t, w, from + 1, to, true);
			for (size_t k = from + 1; k < to; k++)
				((cat_column *)cat_table_column(t, w->v[k]))->not_null = true;
		} else if (str_eqz(w->v[from], "unique")) {
			add_key(b, t, w, from + 1, to, false);
		} else if (str_eqz(w->v[from], "fk")) {
			add_fk(b, t, w, from + 1, to);
		} else {
			bad("an unknown clause", w->v[from]);
		}
		i = to;
	}
	/* Different shapes, different fingerprints. */
	t->fingerprint = str_hash(t->key, t->ncols * 1000003 + t->nkeys * 1009 + t->nfks);
}

/* ---- functions ---- */

static void add_arg(building *b, cat_function *f, str word)
{
	size_t colon = str_find_char(word, ':');
	if (colon == SIZE_MAX) bad("an argument without type", word);
	cat_arg *x = &f->args[f->nargs++];
	str type = str_from_at(word, colon + 1);
	*x = (cat_arg){
		.name = str_copy(f->a, str_sub(word, 0, colon)), .mode = 'i', .has_default = str_ends(type, STR("="))};
	x->type = type_named(b, x->has_default ? str_sub(type, 0, type.n - 1) : type);
}

static void add_function(building *b, const words *w)
{
	arena *a = arena_new(0);
	cat_function *f = NEW(a, cat_function);
	qname n = name_of(w->v[1]);
	f->a = a;
	atomic_init(&f->refs, 1);
	f->name = (qname){.schema = str_copy(a, n.schema), .name = str_copy(a, n.name)};
	f->key = catalog_key(a, f->name);
	f->oid = b->next++;
	f->kind = 'f';
	f->language = STR("sql");
	f->args = NEW_ARRAY(a, cat_arg, w->n);
	size_t i = 2;
	for (; i < w->n && !str_eqz(w->v[i], "->"); i++)
		add_arg(b, f, w->v[i]);
	if (i + 2 >= w->n) bad("a function without result and volatility", w->v[1]);
	str returns = w->v[i + 1];
	f->returns_set = str_starts(returns, STR("setof:"));
	if (f->returns_set) returns = str_from_at(returns, 6);
	f->returns = type_named(b, returns);
	for (size_t k = 0; k < b->tables.n; k++)
		if (b->tables.v[k]->row_type == f->returns) f->returns_rel = b->tables.v[k]->oid;
	f->volatility = w->v[i + 2].p[0];
	f->fingerprint = str_hash(f->key, f->nargs);
	catalog *c = b->c;
	fn_list *list = map_get(&c->functions, f->key);
	if (!list) {
		list = NEW(c->a, fn_list);
		map_put(c->a, &c->functions, f->key, list);
	}
	vec_push(c->a, list, f);
}

/* ---- the catalog ---- */

static void each_line(building *b, const char *text, bool (*wanted)(str kind), void (*fn)(building *, const words *))
{
	str rest = str_from(text), line;
	while (next_line(&rest, &line)) {
		words w = split(line);
		if (wanted(w.v[0])) fn(b, &w);
	}
}

static bool is_table(str kind)
{
	return str_eqz(kind, "table") || str_eqz(kind, "view");
}

static bool is_type(str kind)
{
	return str_eqz(kind, "type");
}

static bool is_function(str kind)
{
	return str_eqz(kind, "function");
}

static int by_oid_cmp(const void *x, const void *y)
{
	const cat_table *a = *(const cat_table *const *)x, *b = *(const cat_table *const *)y;
	return a->oid < b->oid ? -1 : a->oid > b->oid;
}

static int fk_ref_cmp(const void *x, const void *y)
{
	const cat_fk_ref *a = x, *b = y;
	return a->fk->ref_oid < b->fk->ref_oid ? -1 : a->fk->ref_oid > b->fk->ref_oid;
}

static void index_tables(building *b)
{
	catalog *c = b->c;
	size_t nfks = 0;
	c->by_oid = NEW_ARRAY(c->a, const cat_table *, b->tables.n);
	for (size_t i = 0; i < b->tables.n; i++) {
		c->by_oid[i] = b->tables.v[i];
		nfks += b->tables.v[i]->nfks;
		map_put(c->a, &c->tables, b->tables.v[i]->key, b->tables.v[i]);
	}
	qsort(c->by_oid, b->tables.n, sizeof *c->by_oid, by_oid_cmp);
	map_sort(&c->tables);
	map_sort(&c->functions);
	c->fk_refs = NEW_ARRAY(c->a, cat_fk_ref, nfks);
	for (size_t i = 0; i < b->tables.n; i++)
		for (size_t k = 0; k < b->tables.v[i]->nfks; k++)
			c->fk_refs[c->nfk_refs++] =
				(cat_fk_ref){.table = b->tables.v[i], .fk = &b->tables.v[i]->fks[k]};
	qsort(c->fk_refs, c->nfk_refs, sizeof *c->fk_refs, fk_ref_cmp);
}

catalog *fixture_catalog(const char *text)
{
	arena *a = arena_new(0), *scratch = arena_new(0);
	catalog *c = NEW(a, catalog);
	building b = {.a = scratch, .c = c, .next = 40000};
	c->a = a;
	atomic_init(&c->refs, 1);
	c->version = 150000;
	c->database = STR("fixture");
	c->iso_dates = true;
	map_put(a, &c->schemas, STR("public"), c);
	add_builtins(&b);
	each_line(&b, text, is_type, add_enum);
	each_line(&b, text, is_table, declare_table);
	each_line(&b, text, is_table, fill_columns);
	each_line(&b, text, is_table, fill_clauses);
	each_line(&b, text, is_function, add_function);
	index_tables(&b);
	c->types = cat_types_make(b.types.v, b.types.n, NULL, false);
	arena_free(scratch);
	return c;
}

/* ---- the snapshot ---- */

static void set_unless(json *o, const char *key, json *value)
{
	if (!json_getz(o, key)) json_setz(o, key, value);
}

static json *wrap(arena *a, json *inside)
{
	if (json_getz(inside, "sources")) return inside;
	json *doc = json_new_object(a), *sources = json_setz(doc, "sources", json_new_array(a));
	json_setz(doc, "version", json_new_i64(a, 3));
	json *source = json_push(sources, json_new_object(a));
	json_setz(source, "name", json_new_str(a, STR("default")));
	json_setz(source, "kind", json_new_str(a, STR("postgres")));
	json *roles = json_getz(inside, "inherited_roles");
	if (roles) json_setz(doc, "inherited_roles", json_copy(a, roles));
	static const char *const parts[] = {"tables", "functions"};
	for (size_t i = 0; i < 2; i++) {
		json *part = json_getz(inside, parts[i]);
		if (part) json_setz(source, parts[i], json_copy(a, part));
	}
	set_unless(source, "tables", json_new_array(a));
	error err;
	json *conf;
	error_init(&err, a);
	if (!json_parse(a, STR("{\"connection_info\":{\"database_url\":\"postgres://fixture\"}}"), &conf, &err))
		abort();
	json_setz(source, "configuration", conf);
	return doc;
}

static void read_values(arena *a, const char *text, map *enums)
{
	str rest = str_from(text), line;
	while (next_line(&rest, &line)) {
		words w = split(line);
		if (!str_eqz(w.v[0], "values")) continue;
		enum_rows *rows = NEW(a, enum_rows);
		rows->n = w.n - 2;
		rows->values = NEW_ARRAY(a, str, rows->n);
		rows->comments = NEW_ARRAY(a, str, rows->n);
		for (size_t i = 0; i < rows->n; i++)
			rows->values[i] = str_copy(a, w.v[i + 2]);
		map_put(a, enums, catalog_key(a, name_of(w.v[1])), rows);
	}
}

snapshot *fixture_snapshot_of(catalog *c, const char *catalog_text, const char *metadata_json,
	const schema_options *options, const snapshot *previous)
{
	static const schema_options plain = {.infer_function_permissions = true};
	arena *a = arena_new(0);
	error err;
	json *doc;
	metadata *md;
	error_init(&err, a);
	if (!json_parse(a, str_from(metadata_json), &doc, &err) || !metadata_parse(wrap(a, doc), NULL, &md, &err))
		bad("metadata", err.message);
	source_catalog sc = {.source = STR("default"), .cat = c, .connection = 1};
	read_values(a, catalog_text, &sc.enums);
	snapshot *s = snapshot_build(md, &sc, 1, options ? options : &plain, 1, previous);
	metadata_unref(md);
	arena_free(a);
	return s;
}

snapshot *fixture_snapshot(const char *catalog_text, const char *metadata_json, const schema_options *options)
{
	catalog *c = fixture_catalog(catalog_text);
	snapshot *s = fixture_snapshot_of(c, catalog_text, metadata_json, options, NULL);
	catalog_unref(c);
	return s;
}
