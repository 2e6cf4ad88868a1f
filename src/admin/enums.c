/* enums: rows of the enum tables a source's metadata names, kept with the link until it is read anew. */
#include "admin/admin_in.h"

static enum_rows *unreadable(arena *a, const md_table *t, const error *err)
{
	enum_rows *rows = NEW(a, enum_rows);
	str name = qname_display(a, t->name);
	rows->error = str_printf(a, "the table \"%.*s\" cannot be used as an enum because postgres error: %.*s",
		STR_ARG(name), STR_ARG(err->message));
	return rows;
}

static void read_one(db_link *l, const md_table *t)
{
	const cat_table *cat = catalog_table(l->cat, t->name);
	if (!cat) return;
	if (!l->enums_a) l->enums_a = arena_new(0);
	error err;
	error_init(&err, l->enums_a);
	pg_sync *pg = link_connect(l, &err);
	enum_rows *rows = pg ? enum_rows_read(l->enums_a, pg, l->cat, cat) : unreadable(l->enums_a, t, &err);
	map_put(l->enums_a, &l->enums, str_copy(l->enums_a, t->key), rows);
}

void enums_ensure(db_link *l, const md_source *s)
{
	for (size_t i = 0; i < s->tables.n; i++) {
		const md_table *t = s->tables.items[i].value;
		if (t->is_enum && !map_has(&l->enums, t->key)) read_one(l, t);
	}
}
