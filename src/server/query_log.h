/* query_log: the query-log line of a GraphQL operation. Hasura v2: GraphQL/Logging/QueryLog.hs. */
#pragma once
#include "server/call.h"

/* Writes the line if the type is on. body: {query, variables, operationName} as sent. a: for the line. */
void query_log_write(const server *s, arena *a, str request_id, const exec_request *r, const json *body);
