/* issues: inconsistent objects as the API shows them, and which of them are new. */
#include "admin/admin_in.h"

/* A copy: the snapshot may go before the answer. */
json *issue_json(arena *a, const snap_inconsistency *i)
{
	json *o = json_new_object(a);
	if (i->definition) json_setz(o, "definition", json_copy(a, i->definition));
	if (i->entity) json_setz(o, "entity", json_copy(a, i->entity));
	if (i->internal) json_setz(o, "message", json_copy(a, i->internal));
	json_setz(o, "name", json_new_str(a, str_copy(a, i->name)));
	json_setz(o, "reason", json_new_str(a, str_copy(a, i->reason)));
	json_setz(o, "type", json_new_str(a, str_copy(a, i->type)));
	return o;
}

json *issues_json(arena *a, const issue_list *l)
{
	json *list = json_new_array(a);
	for (size_t i = 0; i < l->n; i++)
		json_push(list, issue_json(a, l->v[i]));
	return list;
}

json *snapshot_issues_json(arena *a, const snapshot *s)
{
	json *list = json_new_array(a);
	for (size_t i = 0; i < s->ninconsistencies; i++)
		json_push(list, issue_json(a, &s->inconsistencies[i]));
	return list;
}

bool issues_cycle(const issue_list *l, error *err)
{
	str mark = STR("found cycle(s) in roles: ");
	for (size_t i = 0; i < l->n; i++) {
		size_t at = str_find(l->v[i]->reason, mark);
		if (!str_eqz(l->v[i]->type, "inherited_role") || at == SIZE_MAX) continue;
		str why = str_from_at(l->v[i]->reason, at);
		return !error_set(err, ERR_CYCLIC_DEPENDENCY, STR(""), "%.*s", STR_ARG(why));
	}
	return false;
}

static const snap_inconsistency *clash_in(const issue_list *l, size_t i, str type)
{
	return str_eq(l->v[i]->clash_type, type) ? l->v[i] : NULL;
}

/* 'author' defined in [table author in source default, table x in source default] */
static str clash_text(arena *a, const snap_inconsistency *i)
{
	bool swap = str_cmp(i->clash_between[0], i->clash_between[1]) > 0;
	return str_printf(a, "'%.*s' defined in [%.*s, %.*s]", STR_ARG(i->clash_field), STR_ARG(i->clash_between[swap]),
		STR_ARG(i->clash_between[!swap]));
}

/* Hasura v2: schema-parsers, safeSelectionSet; mutations are built first. */
bool issues_clash(arena *a, const issue_list *l, error *err)
{
	const str types[] = {STR("mutation_root"), STR("subscription_root")};
	size_t n = 0, t = 0;
	str texts = STR("");
	for (; t < 2 && !n; t++)
		for (size_t i = 0; i < l->n; i++) {
			const snap_inconsistency *clash = clash_in(l, i, types[t]);
			if (clash) texts = str_cat(a, 3, texts, n++ ? STR(", ") : STR(""), clash_text(a, clash));
		}
	if (!n) return false;
	return !error_set(err, ERR_UNEXPECTED, STR(""),
		"Encountered conflicting definitions in the selection set for '%.*s' for field%s%.*s%s. "
		"Fields must not be defined more than once across all sources.",
		STR_ARG(types[t - 1]), n > 1 ? "s: [" : " ", STR_ARG(texts), n > 1 ? "]" : "");
}

issue_list candidate_new_issues(arena *a, const snapshot *old, const snapshot *fresh)
{
	issue_list found = {0};
	map known = {0};
	for (size_t i = 0; old && i < old->ninconsistencies; i++)
		map_put(a, &known, old->inconsistencies[i].name, a);
	for (size_t i = 0; i < fresh->ninconsistencies; i++) {
		const snap_inconsistency *x = &fresh->inconsistencies[i];
		if (x->blocks && !map_has(&known, x->name)) vec_push(a, &found, x);
	}
	return found;
}
