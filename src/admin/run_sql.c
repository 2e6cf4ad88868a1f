#include "admin/run_sql.h"
#include "admin/depends.h"
#include "admin/rename.h"

/* ---- the words ---- */

static bool word_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
}

static bool has_word(str sql, const char *word)
{
	str w = str_from(word);
	for (size_t i = 0; i + w.n <= sql.n; i++) {
		if (!str_eq_nocase(str_sub(sql, i, w.n), w)) continue;
		bool before = i == 0 || !word_char(sql.p[i - 1]);
		bool after = i + w.n == sql.n || !word_char(sql.p[i + w.n]);
		if (before && after) return true;
	}
	return false;
}

bool run_sql_has_ddl(str sql)
{
	static const char *const WORDS[] = {"alter", "drop", "replace", "create function", "comment on"};
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
		if (has_word(sql, WORDS[i])) return true;
	return false;
}

/* ---- following a difference ---- */

typedef struct following {
	candidate *c;
	str source;
	const snap_source *src; /* as it was */
	const cat_diff *d;
	const catalog *after;
	dep_list deps;
	rename_set renames;
	metadata *md;
	error *err;
} following;

static const snap_table *tracked(const following *f, qname table)
{
	return snap_source_table(f->src, table);
}

static bool is_tracked_function(const following *f, qname fn)
{
	return map_has(&f->src->functions, catalog_key(f->c->a, fn));
}

static bool was_dropped(const following *f, qname table)
{
	for (size_t i = 0; i < f->d->tables_dropped.n; i++)
		if (qname_eq(f->d->tables_dropped.v[i]->name, table)) return true;
	return false;
}

/* ---- functions ---- */

static bool no_overloads(following *f)
{
	str list = STR("");
	for (size_t i = 0; i < f->d->overloaded.n; i++) {
		qname fn = f->d->overloaded.v[i].name;
		if (!is_tracked_function(f, fn)) continue;
		list = str_cat(f->c->a, 3, list, list.n ? STR(", ") : STR(""), qname_display(f->c->a, fn));
	}
	if (!list.n) return true;
	return error_set(f->err, ERR_NOT_SUPPORTED, STR(""),
		"the following tracked function(s) cannot be overloaded: %.*s", STR_ARG(list));
}

static bool no_new_volatile(following *f)
{
	for (size_t i = 0; i < f->d->functions_changed.n; i++) {
		const cat_function_change *x = &f->d->functions_changed.v[i];
		if (!x->volatility || x->after->volatility != 'v' || !is_tracked_function(f, x->before->name)) continue;
		str fn = qname_display(f->c->a, x->before->name);
		return error_set(f->err, ERR_NOT_SUPPORTED, STR(""),
			"type of function \"%.*s\" is altered to \"VOLATILE\" which is not supported now", STR_ARG(fn));
	}
	return true;
}

static const cat_function_change *function_change(const following *f, const cat_function *fn)
{
	for (size_t i = 0; i < f->d->functions_changed.n; i++)
		if (f->d->functions_changed.v[i].before->oid == fn->oid) return &f->d->functions_changed.v[i];
	return NULL;
}

static bool was_overloaded(const following *f, qname fn)
{
	for (size_t i = 0; i < f->d->overloaded.n; i++)
		if (qname_eq(f->d->overloaded.v[i].name, fn)) return true;
	return false;
}

static bool check_computed(following *f, const snap_table *t, const snap_computed *cf)
{
	str table = qname_display(f->c->a, t->name), fn = qname_display(f->c->a, cf->fn->name);
	if (was_overloaded(f, cf->fn->name))
		return error_set(f->err, ERR_NOT_SUPPORTED, STR(""),
			"The function \"%.*s\" associated with computed field\"%.*s\" of table \"%.*s\" is being overloaded",
			STR_ARG(fn), STR_ARG(cf->name), STR_ARG(table));
	const cat_function_change *x = function_change(f, cf->fn);
	if (!x || !x->volatility || x->after->volatility != 'v') return true;
	return error_set(f->err, ERR_NOT_SUPPORTED, STR(""),
		"The type of function \"%.*s\" associated with computed field \"%.*s\" of table \"%.*s\" is being altered to "
		"\"VOLATILE\"",
		STR_ARG(fn), STR_ARG(cf->name), STR_ARG(table));
}

static bool check_all_computed(following *f)
{
	for (size_t i = 0; i < f->src->tables.n; i++) {
		const snap_table *t = f->src->tables.items[i].value;
		for (size_t k = 0; k < t->ncomputed; k++)
			if (!was_dropped(f, t->name) && !check_computed(f, t, &t->computed[k])) return false;
	}
	return true;
}

/* ---- what hangs on what is gone ---- */

/* Hasura v2: isIndirectDep: objects of tables that are still there; functions fall silently. */
static void add_deps(following *f, dep_list found)
{
	dep_list kept = {0};
	for (size_t i = 0; i < found.n; i++) {
		const dep_object *x = &found.v[i];
		if (x->kind != DEP_FUNCTION && !was_dropped(f, x->table)) vec_push(f->c->a, &kept, *x);
	}
	depends_add(f->c->a, &f->deps, &kept);
}

static bool pairs_are_fk(const snap_table *t, const snap_rel *r, const cat_table *holder, const cat_fk *fk)
{
	bool forward = holder == t->cat;
	if (r->npairs != fk->ncols || !qname_eq(forward ? fk->ref : holder->name, r->target)) return false;
	size_t same = 0;
	for (size_t i = 0; i < fk->ncols; i++)
		for (size_t k = 0; k < r->npairs; k++)
			same += fk->cols[i] == (forward ? r->local_nums[k] : r->remote_nums[k]);
	return same == fk->ncols;
}

static bool fk_still_there(const cat_table *after, const cat_fk *fk)
{
	for (size_t i = 0; after && i < after->nfks; i++) {
		const cat_fk *x = &after->fks[i];
		if (x->oid == fk->oid) return true;
		bool same = x->ncols == fk->ncols && x->ref_oid == fk->ref_oid &&
			!memcmp(x->cols, fk->cols, fk->ncols * sizeof *fk->cols) &&
			!memcmp(x->ref_nums, fk->ref_nums, fk->ncols * sizeof *fk->ref_nums);
		if (same) return true;
	}
	return false;
}

static bool uses_fk(const snap_table *t, str rel)
{
	const md_relationship *md = md_table_relationship(t->md, rel);
	return md && md->using != MD_USING_MANUAL;
}

static void deps_of_fk(following *f, const cat_table *holder, const cat_fk *fk)
{
	dep_list found = {0};
	for (size_t i = 0; i < f->src->tables.n; i++) {
		const snap_table *t = f->src->tables.items[i].value;
		for (size_t k = 0; k < t->nrels; k++) {
			if (!uses_fk(t, t->rels[k].name) || !pairs_are_fk(t, &t->rels[k], holder, fk)) continue;
			dep_object d = {
				.kind = DEP_REL, .source = f->source, .table = t->name, .name = t->rels[k].name};
			vec_push(f->c->a, &found, d);
		}
	}
	add_deps(f, found);
}

/* Hasura v2: computed fields know their function by its name: a renamed one is gone for them. */
static void deps_of_functions(following *f)
{
	arena *a = f->c->a;
	for (size_t i = 0; i < f->d->functions_dropped.n; i++)
		add_deps(f, depends_on_function(a, f->c->snap, f->source, f->d->functions_dropped.v[i]->name));
	for (size_t i = 0; i < f->d->functions_changed.n; i++) {
		const cat_function_change *x = &f->d->functions_changed.v[i];
		if (x->renamed) add_deps(f, depends_on_function(a, f->c->snap, f->source, x->before->name));
	}
}

static void collect_deps(following *f)
{
	arena *a = f->c->a;
	const snapshot *s = f->c->snap;
	for (size_t i = 0; i < f->d->tables_dropped.n; i++) {
		qname t = f->d->tables_dropped.v[i]->name;
		if (tracked(f, t)) add_deps(f, depends_on_table(a, s, f->source, t));
	}
	for (size_t i = 0; i < f->d->tables_changed.n; i++) {
		const cat_table_change *x = &f->d->tables_changed.v[i];
		if (!tracked(f, x->before->name)) continue;
		for (size_t k = 0; k < x->before->nfks; k++)
			if (!fk_still_there(x->after, &x->before->fks[k])) deps_of_fk(f, x->before, &x->before->fks[k]);
		for (size_t k = 0; k < x->dropped.n; k++)
			add_deps(f, depends_on_column(a, s, f->source, x->before->name, x->dropped.v[k]->name));
	}
	deps_of_functions(f);
}

/* ---- tables ---- */

static bool check_retyped(following *f, const cat_table_change *x)
{
	for (size_t i = 0; i < x->retyped.n; i++) {
		const cat_column *before = x->retyped.v[i].before, *after = x->retyped.v[i].after;
		if (before->type == after->type || !str_eq(before->name, after->name)) continue;
		dep_list deps = depends_on_type(f->c->a, f->c->snap, f->source, x->before->name, before->name);
		if (!deps.n) continue;
		str list = depends_texts(f->c->a, &deps), table = qname_display(f->c->a, x->before->name);
		return error_set(f->err, ERR_DEPENDENCY_ERROR, STR(""),
			"cannot change type of column \"%.*s\" in table \"%.*s\" because of the following dependencies: %.*s",
			STR_ARG(before->name), STR_ARG(table), STR_ARG(list));
	}
	return true;
}

static bool note_renames(following *f, const snap_table *t, const cat_table_change *x)
{
	for (size_t i = 0; i < x->col_renamed.n; i++) {
		str from = x->col_renamed.v[i].before->name, to = x->col_renamed.v[i].after->name;
		for (size_t k = 0; k < t->nrels; k++) {
			if (!str_eq(t->rels[k].name, to)) continue;
			str table = qname_display(f->c->a, t->name);
			return error_set(f->err, ERR_ALREADY_EXISTS, STR(""),
				"cannot rename column \"%.*s\" to \"%.*s\" in table \"%.*s\" as a relationship with the name already "
				"exists",
				STR_ARG(from), STR_ARG(to), STR_ARG(table));
		}
		rename_add_column(&f->renames, t->name, from, to);
	}
	if (x->renamed) rename_add_table(&f->renames, x->before->name, x->after->name);
	return true;
}

static bool replace_md(following *f, metadata *next)
{
	metadata_unref(f->md);
	f->md = next;
	return true;
}

/* Custom names and comments of columns that are gone. */
static bool drop_column_config(following *f, const snap_table *t, const cat_table_change *x)
{
	const md_table *md = md_source_table(metadata_source(f->md, f->source), t->name);
	if (!x->dropped.n || !md || !md->ncolumns) return true;
	json *doc = md_table_json(f->c->a, md), *conf = json_getz(doc, "configuration");
	bool any = false;
	for (size_t i = 0; i < x->dropped.n; i++) {
		any |= json_remove(json_getz(conf, "column_config"), x->dropped.v[i]->name);
		any |= json_remove(json_getz(conf, "custom_column_names"), x->dropped.v[i]->name);
	}
	metadata *next;
	if (!any) return true;
	return edit_put_table(f->md, f->source, doc, &next, f->err) && replace_md(f, next);
}

static bool follow_tables(following *f)
{
	for (size_t i = 0; i < f->d->tables_dropped.n; i++)
		(void)replace_md(f, metadata_without_table(f->md, f->source, f->d->tables_dropped.v[i]->name));
	for (size_t i = 0; i < f->d->tables_changed.n; i++) {
		const cat_table_change *x = &f->d->tables_changed.v[i];
		const snap_table *t = tracked(f, x->before->name);
		if (!t) continue;
		if (!drop_column_config(f, t, x) || !check_retyped(f, x) || !note_renames(f, t, x)) return false;
	}
	if (!f->renames.tables.n && !f->renames.columns.n) return true;
	metadata *next;
	return rename_apply(&f->renames, f->md, f->c->snap, f->source, &next, f->err) && replace_md(f, next);
}

/* A tracked function keeps its settings under its new name. */
static bool follow_functions(following *f)
{
	for (size_t i = 0; i < f->d->functions_changed.n; i++) {
		const cat_function_change *x = &f->d->functions_changed.v[i];
		const md_function *md = md_source_function(metadata_source(f->md, f->source), x->before->name);
		if (!x->renamed || !md) continue;
		json *doc = md_function_json(f->c->a, md);
		json_setz(doc, "function", md_qname_json(f->c->a, x->after->name));
		(void)replace_md(f, metadata_without_function(f->md, f->source, x->before->name));
		metadata *next;
		if (!edit_put_function(f->md, f->source, doc, &next, f->err)) return false;
		(void)replace_md(f, next);
	}
	return true;
}

static bool purge(following *f, bool cascade)
{
	collect_deps(f);
	if (f->deps.n && !cascade) return depends_error(&f->deps, f->err);
	depends_close(f->c->a, f->c->snap, &f->deps);
	metadata *next;
	if (!depends_purge(f->c->a, f->md, &f->deps, &next, f->err)) return false;
	(void)replace_md(f, next);
	for (size_t i = 0; i < f->d->functions_dropped.n; i++)
		(void)replace_md(f, metadata_without_function(f->md, f->source, f->d->functions_dropped.v[i]->name));
	return true;
}

bool run_sql_follow(
	candidate *c, str source, const cat_diff *d, const catalog *after, bool cascade, metadata **out, error *err)
{
	following f = {.c = c,
		.source = source,
		.src = snapshot_source(c->snap, source),
		.d = d,
		.after = after,
		.renames = {.a = c->a},
		.md = metadata_ref(c->md),
		.err = err};
	bool ok = no_overloads(&f) && purge(&f, cascade) && no_new_volatile(&f) && check_all_computed(&f) &&
		follow_functions(&f) && follow_tables(&f);
	if (ok) *out = f.md;
	else metadata_unref(f.md);
	return ok;
}
