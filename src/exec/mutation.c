/* mutation: the step that runs the mutations of one source in one transaction. */
#include "exec/step.h"

static void mutation_start(exec_step *s)
{
	exec_step_done(s,
		error_set(
			&s->run->err, ERR_NOT_SUPPORTED, STR(""), "mutations are not served by this version of Weir"));
}

static void mutation_cancel(exec_step *s)
{
	s->data = NULL;
}

static bool mutation_write(exec_step *s, size_t i, buf *b, error *err)
{
	(void)s;
	(void)i;
	(void)b;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""), "mutations are not served by this version of Weir");
}

const exec_step_kind exec_mutation_step = {
	.name = "mutation", .start = mutation_start, .cancel = mutation_cancel, .write = mutation_write};
