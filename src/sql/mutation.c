/* mutation: the statements of mutation roots. */
#include "sql/build.h"

bool sql_make_mutation(plan *p, const plan_root *root, sql_root *r, error *err)
{
	(void)p;
	(void)r;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""), "the mutation \"%.*s\" is not served by this version of Weir",
		STR_ARG(root->name));
}
