#include "schema/resolve.h"

static bool no_column(resolving *r, const cat_table *t, str column, error *err)
{
	str name = qname_display(r->a, t->name);
	return error_set(err, ERR_NOT_EXISTS, STR(""), "table \"%.*s\" has no field named \"%.*s\"", STR_ARG(name),
		STR_ARG(column));
}

static bool not_tracked(resolving *r, qname target, bool in_database, error *err)
{
	str name = qname_display(r->a, target);
	(void)in_database;
	return error_set(err, ERR_NOT_EXISTS, STR(""), "table \"%.*s\" is not tracked", STR_ARG(name));
}

/* The foreign keys of t over exactly these columns (any order), to `to` unless its name is empty. */
static const cat_fk *find_fk(const cat_table *t, const str *columns, size_t n, const cat_table *to, size_t *found)
{
	const cat_fk *hit = NULL;
	*found = 0;
	for (size_t i = 0; i < t->nfks; i++) {
		const cat_fk *fk = &t->fks[i];
		if (fk->ncols != n || (to && fk->ref_oid != to->oid)) continue;
		size_t same = 0;
		for (size_t c = 0; c < n; c++) {
			const cat_column *col = cat_table_column(t, columns[c]);
			for (size_t k = 0; col && k < fk->ncols; k++)
				same += fk->cols[k] == col->attnum;
		}
		if (same != n) continue;
		hit = fk;
		++*found;
	}
	return hit;
}

static bool one_fk(const cat_fk *fk, size_t found, error *err)
{
	if (found == 0)
		return error_set(
			err, ERR_CONSTRAINT_ERROR, STR(""), "no foreign constraint exists on the given column(s)");
	if (found > 1)
		return error_set(err, ERR_CONSTRAINT_ERROR, STR(""),
			"more than one foreign key constraint exists on the given column(s)");
	return fk != NULL;
}

static void alloc_pairs(resolving *r, snap_rel *out, size_t n)
{
	out->npairs = n;
	out->pairs = NEW_ARRAY(r->a, join_pair, n);
	out->local_nums = NEW_ARRAY(r->a, int16_t, n);
	out->remote_nums = NEW_ARRAY(r->a, int16_t, n);
}

static void set_pair(snap_rel *out, size_t i, const cat_column *local, const cat_column *remote)
{
	out->pairs[i] = (join_pair){.local = local->name, .remote = remote->name};
	out->local_nums[i] = local->attnum;
	out->remote_nums[i] = remote->attnum;
}

/* The foreign key is on this table. */
static bool forward(resolving *r, const cat_table *cat, const md_relationship *rel, snap_rel *out, error *err)
{
	for (size_t i = 0; i < rel->ncolumns; i++)
		if (!cat_table_column(cat, rel->columns[i])) return no_column(r, cat, rel->columns[i], err);
	size_t found;
	const cat_fk *fk = find_fk(cat, rel->columns, rel->ncolumns, NULL, &found);
	if (!one_fk(fk, found, err)) return false;
	const md_table *tmd;
	const cat_table *tcat;
	out->target = fk->ref;
	if (!resolve_target(r, fk->ref, &tmd, &tcat)) return not_tracked(r, fk->ref, tcat != NULL, err);
	alloc_pairs(r, out, fk->ncols);
	for (size_t i = 0; i < fk->ncols; i++) {
		const cat_column *local = cat_table_column_num(cat, fk->cols[i]);
		set_pair(out, i, local, cat_table_column(tcat, fk->ref_cols[i]));
		out->nullable |= !local->not_null;
	}
	out->insert_before = true;
	return true;
}

/* The foreign key is on the other table. */
static bool reverse(resolving *r, const cat_table *cat, const md_relationship *rel, snap_rel *out, error *err)
{
	const md_table *tmd;
	const cat_table *tcat;
	out->target = rel->remote_table;
	if (!resolve_target(r, rel->remote_table, &tmd, &tcat)) {
		str name = qname_display(r->a, rel->remote_table);
		if (!tcat)
			return error_set(err, ERR_NOT_FOUND, STR(""), "table \"%.*s\" does not exist in source: %.*s",
				STR_ARG(name), STR_ARG(r->source->name));
		return not_tracked(r, rel->remote_table, true, err);
	}
	for (size_t i = 0; i < rel->ncolumns; i++)
		if (!cat_table_column(tcat, rel->columns[i])) return no_column(r, tcat, rel->columns[i], err);
	size_t found;
	const cat_fk *fk = find_fk(tcat, rel->columns, rel->ncolumns, cat, &found);
	if (!one_fk(fk, found, err)) return false;
	alloc_pairs(r, out, fk->ncols);
	for (size_t i = 0; i < fk->ncols; i++)
		set_pair(out, i, cat_table_column(cat, fk->ref_cols[i]), cat_table_column_num(tcat, fk->cols[i]));
	out->nullable = true;
	return true;
}

static bool manual(resolving *r, const cat_table *cat, const md_relationship *rel, snap_rel *out, error *err)
{
	const md_table *tmd;
	const cat_table *tcat;
	if (!rel->remote_table.name.p)
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"relationships to native queries are not served by this version of Weir");
	out->target = rel->remote_table;
	if (!resolve_target(r, rel->remote_table, &tmd, &tcat))
		return not_tracked(r, rel->remote_table, tcat != NULL, err);
	alloc_pairs(r, out, rel->nmapping);
	for (size_t i = 0; i < rel->nmapping; i++) {
		const cat_column *local = cat_table_column(cat, rel->mapping[i].local);
		const cat_column *remote = cat_table_column(tcat, rel->mapping[i].remote);
		if (!local) return no_column(r, cat, rel->mapping[i].local, err);
		if (!remote) return no_column(r, tcat, rel->mapping[i].remote, err);
		set_pair(out, i, local, remote);
	}
	out->nullable = true;
	out->insert_before = !str_eqz(rel->insertion_order, "after_parent");
	return true;
}

bool relationship_resolve(
	resolving *r, const md_table *md, const cat_table *cat, const md_relationship *rel, snap_rel *out, error *err)
{
	(void)md;
	/* Hasura v2: textToName; a name GraphQL does not know would make the whole schema unreadable. */
	if (!str_is_name(rel->name))
		return error_set(err, ERR_VALIDATION_FAILED, STR(""),
			"cannot include \"%.*s\" in the GraphQL schema because  it is not a valid GraphQL identifier",
			STR_ARG(rel->name));
	*out = (snap_rel){.name = rel->name, .array = rel->array, .comment = rel->comment};
	bool ok = rel->using == MD_USING_FK        ? forward(r, cat, rel, out, err)
		: rel->using == MD_USING_FK_REMOTE ? reverse(r, cat, rel, out, err)
						   : manual(r, cat, rel, out, err);
	if (!ok) return false;
	const cat_table *tcat = catalog_table(r->sc->cat, out->target);
	out->target_unique = !rel->array && cat_table_unique_on(tcat, out->remote_nums, out->npairs);
	return true;
}

void resolve_relationships(resolving *r)
{
	snap_table *t = r->t;
	t->rels = NEW_ARRAY(r->a, snap_rel, r->md->nrels);
	for (size_t i = 0; i < r->md->nrels; i++) {
		const md_relationship *rel = &r->md->rels[i];
		error err;
		error_init(&err, r->a);
		if (relationship_resolve(r, r->md, r->cat, rel, &t->rels[t->nrels], &err)) {
			t->nrels++;
			continue;
		}
		/* Hasura v2: a target that is not tracked is found out later, without the context. */
		bool late = str_ends(err.message, STR(" is not tracked"));
		str why = late ? err.message : issue_context(r->a, r->md->name, "relationship", rel->name, err.message);
		resolve_issue(r, rel->array ? "array_relation" : "object_relation", rel->name, rel->raw, why);
	}
}
