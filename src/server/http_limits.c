#include "server/http_limits.h"

static const http_limit_row rows_table[] = {
#define X(field, dflt, setting, effect) {#field, dflt, setting, effect},
	HTTP_LIMITS(X)
#undef X
};

http_limits http_limits_default(void)
{
	http_limits l = {
#define X(field, dflt, setting, effect) .field = dflt,
		HTTP_LIMITS(X)
#undef X
	};

	return l;
}

size_t http_limits_rows(const http_limit_row **rows)
{
	*rows = rows_table;
	return sizeof(rows_table) / sizeof(rows_table[0]);
}
