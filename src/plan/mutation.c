/* mutation: root fields of tables in mutation_root. */
#include "plan/build.h"

bool mutation_root(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out)
{
	(void)r;
	(void)out;
	return plan_fail_code(c, ERR_NOT_SUPPORTED, at, "mutation field '%.*s' is not served by this version of Weir", STR_ARG(f->name));
}
