#include "server/endpoints.h"

void not_found(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!error_set(&err, ERR_NOT_FOUND, STR_NULL, "resource does not exist")) call_fail(c, &err);
}
