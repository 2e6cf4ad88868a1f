/* metrics: what a worker counts of GraphQL operations, for GET /v1/metrics. Plain numbers: each worker has its own, and
 * they are added up when somebody asks. */
#pragma once
#include "base/histogram.h"
#include "exec/exec.h"

typedef enum metrics_kind { METRICS_QUERY, METRICS_MUTATION, METRICS_SUBSCRIPTION, METRICS_UNKNOWN } metrics_kind;
enum { METRICS_KINDS = 4, METRICS_TIMED = 2 /* queries and mutations */ };

typedef struct server_metrics {
	uint64_t requests[METRICS_KINDS][2]; /* failed, success */
	histogram execution[METRICS_TIMED];
} server_metrics;

/* A query or mutation is over. */
void metrics_count(server_metrics *m, const exec_request *r);
/* A subscription was begun, or refused. */
void metrics_count_subscription(server_metrics *m, bool ok);
/* What never became an operation: not authorised, not readable. */
void metrics_count_unknown(server_metrics *m);
