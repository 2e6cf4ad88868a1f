/* guards: what ties a cached plan to the variables it was made with. */
#include "base/map.h"
#include "plan/input.h"
#include "schema/number.h"

static uint64_t mix(uint64_t h, uint64_t x)
{
	h ^= x + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
	return h * 0xff51afd7ed558ccdu;
}

static bool is_container(const json *j)
{
	return j->kind == JSON_ARRAY || j->kind == JSON_OBJECT;
}

static bool has_containers(const json *list)
{
	JSON_EACH (e, list)
		if (is_container(e)) return true;
	return false;
}

static bool alike(const json *x, const json *y)
{
	if (y->kind != JSON_OBJECT || x->count != y->count) return false;
	const json *m = x->first;
	JSON_EACH (n, y) {
		if (is_container(n) || !str_eq(m->key, n->key)) return false;
		m = m->next;
	}
	return true;
}

bool plan_list_is_uniform(const json *list)
{
	if (list->kind != JSON_ARRAY || list->count <= SKELETON_LIST_MAX || list->first->kind != JSON_OBJECT)
		return false;
	JSON_EACH (e, list)
		if (!alike(list->first, e)) return false;
	return true;
}

/* Depth: JSON_MAX_DEPTH. Integers and other numbers differ: only the former are parameters of integer columns. */
static uint64_t hash(const json *j, uint64_t h)
{
	h = mix(h, (uint64_t)j->kind + 1);
	if (j->kind == JSON_NUMBER) return mix(h, number_plain(j->text));
	if (j->kind == JSON_OBJECT) {
		JSON_EACH (m, j)
			h = hash(m, str_hash(m->key, h));
		return mix(h, j->count);
	}
	if (j->kind != JSON_ARRAY) return h;
	if (j->count > SKELETON_LIST_MAX && !has_containers(j)) return mix(h, SIZE_MAX);
	if (plan_list_is_uniform(j)) {
		JSON_EACH (m, j->first)
			h = str_hash(m->key, h);
		return mix(h, SIZE_MAX - 1);
	}
	JSON_EACH (e, j)
		h = hash(e, h);
	return mix(h, j->count);
}

uint64_t plan_variables_skeleton(const json *variables)
{
	return variables ? hash(variables, hash_seed()) : 0;
}

const json *plan_value_at(const json *variables, const val_step *path, size_t n)
{
	const json *j = variables;
	for (size_t i = 0; j && i < n; i++)
		j = path[i].key.p ? json_get(j, path[i].key) : json_at(j, path[i].index);
	return j;
}

static bool guard_holds(const plan_guard *g, const json *j)
{
	if (!j) return g->text.n == 0;
	if (j->kind == JSON_NUMBER) return str_eq(j->text, g->text);
	if (j->kind == JSON_BOOL) return str_eqz(g->text, j->boolean ? "true" : "false");
	buf b = {0};
	json_write(&b, j);
	bool same = str_eq(buf_str(&b), g->text);
	buf_free(&b);
	return same;
}

bool plan_guards_hold(const plan *p, const json *variables)
{
	for (size_t i = 0; i < p->nguards; i++)
		if (!guard_holds(&p->guards[i], plan_value_at(variables, p->guards[i].path, p->guards[i].npath)))
			return false;
	return true;
}
