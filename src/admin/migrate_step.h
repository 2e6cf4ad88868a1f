/*
 * migrate_step: one migration of `weir migrate`: a text is run on a source, and that it has run is written into the CLI's state,
 * once, whoever else tries at the same time. Where source and metadata are one database, both are one transaction; else the
 * entry is written as begun ("dirty") before, and as done after. Builder thread.
 */
#pragma once
#include "admin/admin_in.h"
#include "metadata/store_migrations.h"

typedef struct migrate_step {
	str source;
	str version;
	str checksum;
	bool down;
	bool keeps;   /* the text runs in a transaction that the entry may join */
	bool same;    /* source and metadata are one database */
	bool already; /* it is recorded (up) or not there (down): nothing is done */
	bool written; /* the entry is in the transaction */
	bool marked;  /* the entry is there as begun */
} migrate_step;

/* version, direction, checksum of the args. */
MUST_CHECK bool migrate_step_read(candidate *c, const json *args, migrate_step *m, error *err);
/* Waits for others, looks whether there is something to do, and marks it as begun where need be. */
MUST_CHECK bool migrate_step_begin(candidate *c, migrate_step *m, pg_sync *pg, error *err);
/* In the text's transaction, before it is committed. */
MUST_CHECK bool migrate_step_record(migrate_step *m, pg_sync *pg, error *err);
/* After the text has run. */
MUST_CHECK bool migrate_step_end(candidate *c, migrate_step *m, error *err);
/* After it has failed. */
void migrate_step_undo(candidate *c, migrate_step *m);
bool migrate_step_reply(candidate *c, const migrate_step *m, buf *out);
