#include "admin/admin_in.h"

bool find_source(const candidate *c, str name, const snap_source **out, error *err)
{
	*out = snapshot_source(c->snap, name);
	if (*out && (*out)->cat) return true;
	if (!metadata_source(c->md, name))
		return error_set(
			err, ERR_NOT_EXISTS, STR(""), "source with name \"%.*s\" does not exist", STR_ARG(name));
	(void)error_set(err, ERR_UNEXPECTED, STR(""), "source with name \"%.*s\" is inconsistent", STR_ARG(name));
	err->status = 400;
	return false;
}

bool find_table(const candidate *c, str source, qname name, const snap_table **out, error *err)
{
	const snap_source *s = snapshot_source(c->snap, source);
	*out = s ? snap_source_table(s, name) : NULL;
	if (*out) return true;
	str t = qname_display(c->a, name);
	return error_set(err, ERR_NOT_EXISTS, STR(""), "table \"%.*s\" does not exist in source: %.*s", STR_ARG(t),
		STR_ARG(source));
}

bool find_function(const candidate *c, str source, qname name, const snap_function **out, error *err)
{
	const snap_source *s = snapshot_source(c->snap, source);
	*out = s ? map_get(&s->functions, catalog_key(c->a, name)) : NULL;
	if (*out) return true;
	str f = qname_display(c->a, name);
	return error_set(err, ERR_NOT_EXISTS, STR(""), "function \"%.*s\" does not exist in source: %.*s", STR_ARG(f),
		STR_ARG(source));
}

str object_source(arena *a, str source)
{
	return str_cat(a, 2, STR("source "), source);
}

str object_table(arena *a, str source, qname table)
{
	return str_cat(a, 4, STR("table "), qname_display(a, table), STR(" in source "), source);
}

str object_in_table(arena *a, const char *type, str name, str source, qname table)
{
	return str_cat(a, 5, str_from(type), STR(" "), name, STR(" in "), object_table(a, source, table));
}

str object_function(arena *a, str source, qname fn)
{
	return str_cat(a, 4, STR("function "), qname_display(a, fn), STR(" in source "), source);
}
