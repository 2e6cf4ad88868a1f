/* pg_params_in: the inside of pg_params, for this room only. */
#pragma once
#include "pg/pg_params.h"
#include <stdatomic.h>

enum { PG_PAIRS = 16, PG_PEMS = 3 };

typedef struct pg_pair {
	const char *key;
	char *value;
} pg_pair;

struct pg_params {
	atomic_uint refs;
	/* A direct connection refused start-up options: a pooler is in between; later connections do without. */
	atomic_bool plain;
	char *url;               /* or NULL */
	char *dynamic_file;      /* or NULL */
	char *host;              /* for logs */
	pg_pair pairs[PG_PAIRS]; /* they win over the url's */
	size_t npairs;
	char *pem[PG_PEMS]; /* as given, for pg_params_equal */
	int fds[PG_PEMS];   /* memory files of PEM texts; -1 = none */
	pg_isolation isolation;
	bool prepared;
	pg_pool_settings pool;
	uint32_t statement_timeout_ms;
	uint32_t connect_timeout_ms;
	bool iso_dates;
};
