/*
 * access_log: the http-log line of an answered request, in Hasura's shape. Hasura v2: Server/Logging.hs HttpLogContext.
 */
#pragma once
#include "base/log.h"
#include "server/http.h"

typedef struct access_log_facts {
	int status;
	size_t response_size; /* as sent */
	size_t uncompressed_size;
	bool gzipped;
	uint64_t now_ns;
} access_log_facts;

/* Writes the line if its type and level are on. Uses the request's arena. */
void access_log_write(http_request *req, const access_log_facts *f);
