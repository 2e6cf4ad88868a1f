#include "admin/admin_in.h"

bool edit_put_table(const metadata *m, str source, const json *j, metadata **out, error *err)
{
	md_table *t;
	if (!md_table_parse(j, &t, err)) return false;
	*out = metadata_with_table(m, source, t);
	md_table_unref(t);
	return true;
}

bool edit_put_function(const metadata *m, str source, const json *j, metadata **out, error *err)
{
	md_function *f;
	if (!md_function_parse(j, &f, err)) return false;
	*out = metadata_with_function(m, source, f);
	md_function_unref(f);
	return true;
}

json *edit_find(const json *owner, const char *list, const char *by, str text)
{
	JSON_EACH (e, json_getz(owner, list)) {
		if (str_eq(json_str_or(e, by, STR("")), text)) return e;
	}
	return NULL;
}

bool edit_remove(arena *a, json *owner, const char *list, const char *by, str text)
{
	json *old = json_getz(owner, list), *fresh = json_new_array(a);
	bool found = false;
	JSON_EACH (e, old) {
		if (str_eq(json_str_or(e, by, STR("")), text)) found = true;
		else json_push(fresh, json_copy(a, e));
	}
	if (!found) return false;
	if (fresh->count) json_setz(owner, list, fresh);
	else json_remove(owner, str_from(list));
	return true;
}

void edit_append(arena *a, json *owner, const char *list, json *element)
{
	json *l = json_getz(owner, list);
	if (!json_is(l, JSON_ARRAY)) l = json_setz(owner, list, json_new_array(a));
	json_push(l, element);
}
