#include "server/ws_limits.h"

static const http_limit_row rows_table[] = {
#define X(field, dflt, setting, effect) {#field, dflt, setting, effect},
	WS_LIMITS(X)
#undef X
};

ws_limits ws_limits_default(void)
{
	ws_limits l = {
#define X(field, dflt, setting, effect) .field = dflt,
		WS_LIMITS(X)
#undef X
	};

	return l;
}

size_t ws_limits_rows(const http_limit_row **rows)
{
	*rows = rows_table;
	return sizeof(rows_table) / sizeof(rows_table[0]);
}
