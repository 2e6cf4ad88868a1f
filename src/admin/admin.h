/*
 * admin: the metadata and schema API. One builder thread owns the model: it takes requests from a queue, edits the metadata,
 * builds and checks the snapshot, stores, swaps, and tells other instances. Requests of clients never wait for it.
 * What leaves the metadata alone (reading and writing data, run_sql without a look at it) runs beside it, on threads of its own.
 * Threads: admin_submit from any thread; callbacks come on the builder thread or one of those beside it.
 */
#pragma once
#include "auth/session.h"
#include "base/buf.h"
#include "metadata/connection.h"
#include "metadata/store.h"
#include "schema/snapshot.h"
#include <stdatomic.h>

typedef struct admin admin;

typedef struct admin_config {
	str metadata_url;     /* connection string of the metadata database */
	str database_url;     /* of the source made on the first start; p NULL: none is made */
	str database_url_env; /* the variable it came from (stored as from_env); p NULL: stored as text */
	md_source_defaults source_defaults;
	md_env env; /* must be thread-safe */
	schema_options options;
	int64_t retries;           /* connecting to the metadata database at start */
	uint64_t sync_interval_ms; /* poll of resource_version; 0: never */
	bool read_only;            /* read-only mode */
	bool maintenance;          /* metadata cannot be modified */
	size_t max_result_bytes;   /* of an answer with rows; 0: any */
	str server_version;        /* "v2.48.0-weir.0.1.0" */
	uint64_t pg_dump_ms;       /* time a dump may take; 0: any */
	size_t pg_dump_bytes;      /* size it may have; 0: any */
	/* A new snapshot; the callee takes the reference given. */
	void (*on_snapshot)(void *data, snapshot *s);
	void *data;
} admin_config;

/* Opens the store (with retries), loads, reads all sources' catalogs, builds the first snapshot and calls on_snapshot before it
   returns; starts the builder thread. Error: the metadata database cannot be reached, or holds what cannot be read. */
MUST_CHECK bool admin_start(arena *a, const admin_config *c, admin **out, error *err);
/* Lets the running request end, stops the thread, frees. */
void admin_stop(admin *a);

/* ADMIN_PG_DUMP: the body is {source, opts, clean_output}, the answer is SQL text. */
typedef enum admin_path { ADMIN_V1_METADATA, ADMIN_V2_QUERY, ADMIN_V1_QUERY, ADMIN_PG_DUMP } admin_path;

/* Caller-owned; must live until done. */
typedef struct admin_request {
	admin_path path;
	arena *a;               /* for the error and details; admin's until done */
	const json *body;       /* {type, args, version?, resource_version?} */
	const session *session; /* checked here: admin only, but for the CRUD of /v1/query */
	str request_id;
	const atomic_bool
		*cancel; /* set by others: the answer is wanted no more (heeded by dumps); NULL: it always is */
	void (*done)(struct admin_request *r); /* on a thread of admin's */
	void *data;
	/* Answer. */
	bool ok;
	buf out;                    /* ok: JSON, or SQL; the caller frees it */
	error err;                  /* !ok: the flat envelope */
	str operation;              /* type of the operation, for logs */
	struct admin_request *next; /* private */
} admin_request;

void admin_submit(admin *a, admin_request *r);

/* For health checks; any thread, does not wait: the metadata database answered lately. */
bool admin_metadata_ok(const admin *a);
/* The newest snapshot, one reference for the caller. */
snapshot *admin_snapshot(admin *a);
