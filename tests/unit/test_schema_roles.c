/* Inherited roles: what is combined, what is refused, cycles, chains, many roles. */
#include "base/clock.h"
#include "fixture.h"
#include "schema/role.h"
#include <stdio.h>
// clang-format off
#include "suite.h"
// clang-format on

#define TABLES "table author id:int4! name:text age:int4 | pk id\n"

static snapshot *make(const char *inside)
{
	return fixture_snapshot(TABLES, inside, NULL);
}

static const snap_perms *perms(const snapshot *s, const char *role)
{
	const snap_source *src = snapshot_source(s, STR("default"));
	const snap_table *t = snap_source_table(src, (qname){STR("public"), STR("author")});
	return role_perms(s, src, t, str_from(role));
}

static size_t column(const snapshot *s, const char *name)
{
	const snap_table *t =
		snap_source_table(snapshot_source(s, STR("default")), (qname){STR("public"), STR("author")});
	return snap_table_field(t, str_from(name))->index;
}

static bool has_issue(const snapshot *s, const char *type, const char *reason)
{
	for (size_t i = 0; i < s->ninconsistencies; i++)
		if (str_eqz(s->inconsistencies[i].type, type) &&
			str_find(s->inconsistencies[i].reason, str_from(reason)) != SIZE_MAX)
			return true;
	return false;
}

#define SELECT(role, columns, filter) \
	"{\"role\": \"" role "\", \"permission\": {\"columns\": " columns ", \"filter\": " filter "}}"
#define ROLES(list) "\"inherited_roles\": [" list "]"
#define ROLE(name, set) "{\"role_name\": \"" name "\", \"role_set\": [" set "]}"

static void test_select_is_a_union(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT(
		"a", "[\"id\", \"name\"]", "{\"id\": {\"_eq\": 1}}") "," SELECT("b", "[\"id\", \"age\"]",
		"{\"id\": {\"_eq\": 2}}") "]}], " ROLES(ROLE("ab", "\"a\", \"b\"")) "}");
	assert_int_equal(s->ninconsistencies, 0);
	const snap_select_perm *p = perms(s, "ab")->select;
	assert_non_null(p);
	assert_int_equal(p->filter->kind, BEXP_OR);
	assert_true(p->cols[column(s, "id")] && p->cols[column(s, "name")] && p->cols[column(s, "age")]);
	assert_null(p->col_filter[column(s, "id")]);
	assert_non_null(p->col_filter[column(s, "name")]); /* only in a's rows */
	assert_non_null(p->col_filter[column(s, "age")]);
	assert_ptr_equal(p, perms(s, "ab")->select); /* made once */
	snapshot_unref(s);
}

static void test_all_rows_win(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT(
		"a", "[\"id\"]", "{}") "," SELECT("b", "[\"id\", \"age\"]",
		"{\"id\": {\"_eq\": 2}}") "]}], " ROLES(ROLE("ab", "\"a\", \"b\"")) "}");
	const snap_select_perm *p = perms(s, "ab")->select;
	assert_null(p->filter);
	assert_null(p->col_filter[column(s, "id")]);
	assert_non_null(p->col_filter[column(s, "age")]);
	snapshot_unref(s);
}

static void test_own_permission_wins(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT("a", "\"*\"",
		"{}") "," SELECT("ab", "[\"id\"]", "{\"id\": {\"_eq\": 1}}") "]}], " ROLES(ROLE("ab", "\"a\"")) "}");
	const snap_select_perm *p = perms(s, "ab")->select;
	assert_non_null(p->filter);
	assert_false(p->cols[column(s, "name")]);
	snapshot_unref(s);
}

#define INSERT(role, check) "{\"role\": \"" role "\", \"permission\": {\"check\": " check ", \"columns\": [\"name\"]}}"

static void test_writes_must_agree(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"insert_permissions\": [" INSERT(
		"a", "{}") "," INSERT("b", "{}") "," INSERT("c", "{\"age\": {\"_gt\": 3}}") "]}], " ROLES(ROLE("ab",
		"\"a\", \"b\"") "," ROLE("ac", "\"a\", \"c\"") "," ROLE("a_only", "\"a\"")) "}");
	assert_non_null(perms(s, "ab")->insert);
	assert_null(perms(s, "ac")->insert);
	assert_non_null(perms(s, "a_only")->insert);
	assert_int_equal(s->ninconsistencies, 1);
	const snap_inconsistency *i = &s->inconsistencies[0];
	assert_true(str_eqz(i->type, "inherited role permission inconsistency"));
	assert_true(str_eqz(i->reason,
		"Could not inherit permission for the role 'ac' for the entity: 'insert permission, "
		"table: author, source: 'default''"));
	assert_false(i->blocks);
	assert_true(str_eqz(json_str_or(i->entity, "permission_type", STR("")), "insert"));
	snapshot_unref(s);
}

static void test_chains(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT(
		"a", "[\"id\"]", "{\"id\": {\"_eq\": 1}}") "]}], " ROLES(ROLE("r1", "\"r2\"") "," ROLE("r2",
		"\"r3\"") "," ROLE("r3", "\"a\"")) "}");
	assert_int_equal(s->ninconsistencies, 0);
	assert_non_null(perms(s, "r1")->select);
	assert_non_null(perms(s, "r1")->select->filter);
	snapshot_unref(s);
}

static void test_cycles_grant_nothing(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT(
		"a", "\"*\"", "{}") "]}], " ROLES(ROLE("r1", "\"r2\", \"a\"") "," ROLE("r2",
		"\"r1\", \"a\"") "," ROLE("r3", "\"r1\"") "," ROLE("self", "\"self\", \"a\"")) "}");
	assert_true(has_issue(s, "inherited_role", "found cycle(s) in roles: [\"r1\",\"r2\",\"r1\"]"));
	assert_true(has_issue(s, "inherited_role", "found cycle(s) in roles: [\"self\",\"self\"]"));
	assert_null(perms(s, "r1")->select);
	assert_null(perms(s, "r2")->select);
	assert_null(perms(s, "r3")->select);
	assert_null(perms(s, "self")->select);
	snapshot_unref(s);
}

static void test_missing_parents_grant_nothing(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT(
		"a", "\"*\"", "{}") "]}], " ROLES(ROLE("r", "\"a\", \"x\", \"y\"")) "}");
	assert_true(has_issue(s, "inherited_role",
		"in inherited role r: the following parent role(s) are not found: x, y which are required to construct the "
		"inherited role: \"r\""));
	assert_null(perms(s, "r")->select);
	snapshot_unref(s);
}

static void test_admin_cannot_be_limited(void **state)
{
	(void)state;
	snapshot *s = make("{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT(
		"admin", "[\"id\"]", "{}") "]}]}");
	assert_true(has_issue(s, "select_permission",
		"in table \"author\": in permission for role \"admin\": cannot define permission for admin role"));
	assert_null(perms(s, "admin")->select->filter);
	assert_true(perms(s, "admin")->select->cols[column(s, "name")]);
	snapshot_unref(s);
}

/* Every role has all those before it as parents: exponentially many ways, one computation each. */
static void test_a_dense_hierarchy_is_quick(void **state)
{
	(void)state;
	enum { N = 60 };
	buf b = {0};
	buf_puts(&b,
		"{\"tables\": [{\"table\": \"author\", \"select_permissions\": [" SELECT(
			"r0", "\"*\"", "{\"id\": {\"_eq\": 1}}") "]}], \"inherited_roles\": [");
	for (int i = 1; i < N; i++) {
		buf_printf(&b, "%s{\"role_name\": \"r%d\", \"role_set\": [", i > 1 ? "," : "", i);
		for (int k = 0; k < i; k++)
			buf_printf(&b, "%s\"r%d\"", k ? "," : "", k);
		buf_puts(&b, "]}");
	}
	buf_puts(&b, "]}");
	buf_putc(&b, '\0');
	uint64_t start = clock_thread_cpu_ns();
	snapshot *s = make(b.p);
	assert_int_equal(s->ninconsistencies, 0);
	const snap_select_perm *top = perms(s, "r59")->select;
	assert_non_null(top);
	assert_int_equal(top->filter->kind, BEXP_CMP); /* not said over and over */
	uint64_t ms = (clock_thread_cpu_ns() - start) / 1000000;
	printf("dense hierarchy of %d roles: %d ms\n", N, (int)ms);
	assert_true(ms < 2000);
	snapshot_unref(s);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select_is_a_union),
		cmocka_unit_test(test_all_rows_win),
		cmocka_unit_test(test_own_permission_wins),
		cmocka_unit_test(test_writes_must_agree),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_cycles_grant_nothing),
		cmocka_unit_test(test_missing_parents_grant_nothing),
		cmocka_unit_test(test_admin_cannot_be_limited),
		cmocka_unit_test(test_a_dense_hierarchy_is_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
