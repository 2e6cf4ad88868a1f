/*
 * admin_in: what the files of admin/ share; nobody else includes it.
 * Everything here belongs to the builder thread, but for the mailbox and the parts of struct admin under its lock.
 */
#pragma once
#include "admin/admin.h"
#include "base/vec.h"
#include "metadata/unserved.h"
#include "pg/pg_sync.h"
#include <pthread.h>

/* ---- links: one database as a source's configuration reaches it ---- */

/* Sources with equal configurations share one; a changed configuration is another link. */
typedef struct db_link {
	int refs;
	arena *a; /* of this struct, the key and why */
	str key;  /* kind and configuration as JSON text (env names, no secrets resolved) */
	uint64_t id;
	uint64_t connection; /* source_catalog.connection; another one when the style of dates is another */
	uint64_t *ids;       /* where both come from */
	pg_params *params;   /* NULL: the configuration cannot be resolved: why */
	pg_sync *pg;         /* NULL: not connected */
	uint64_t pg_used_ns; /* to close it when idle */
	catalog *cat;        /* NULL: not read: why */
	arena *why_a;
	str why;
	json *internal;
	arena *enums_a;
	map enums;         /* catalog_key → enum_rows * */
	bool reading;      /* a thread is at it */
	uint64_t retry_ns; /* when to try again; 0: not waiting */
	unsigned tries;
} db_link;

/* Result of a reading thread. */
typedef struct link_read link_read;
struct link_read {
	link_read *next;
	uint64_t link;
	arena *a;
	pg_sync *pg;
	catalog *cat; /* NULL: err */
	error err;
};

/* Where other threads leave work; refcounted, since a hung reader may outlive admin. */
typedef struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t reads_changed;
	int refs;
	bool closed;
	int fd; /* eventfd: something came */
	admin_request *requests, **requests_end;
	link_read *reads;
} mailbox;

typedef struct aside aside;

struct admin {
	arena *a;
	aside *aside;
	admin_config config;
	metadata_store *store;
	str instance_id;
	mailbox *box;
	pthread_t thread;
	bool threaded;
	atomic_bool stop;
	int stop_fd;      /* eventfd, readable when stopping: ends waits on databases */
	atomic_int dumps; /* running now */
	atomic_bool metadata_ok;
	pthread_mutex_t lock; /* of snap, as seen by others */
	snapshot *snap;       /* the published one */
	metadata *md;         /* the stored one */
	int64_t version;      /* of md */
	VEC(db_link *) links;
	uint64_t next_link;
	uint64_t poll_ns;   /* next poll of the store */
	uint64_t listen_ns; /* not before: LISTEN again */
};

/* links.c */
str link_key(arena *a, const md_source *s);
/* The link of a source, made and read when it is new (waits for the read until its deadline). Never NULL. Borrowed. */
db_link *link_of(admin *adm, const md_source *s);
/* All links of m at once, each new one read by its own thread; waits for the last or a deadline. */
void links_open(admin *adm, const metadata *m);
/* Drops links no source of m has. */
void links_keep(admin *adm, const metadata *m);
/* A live connection with a fresh deadline; NULL with err: the source's database is away. */
pg_sync *link_connect(db_link *l, error *err);
void link_hang_up(db_link *l);
/* Reads the whole catalog again (only == NULL), or these names only. The old one stays when it fails. */
MUST_CHECK bool link_refresh(db_link *l, const qname *only, size_t n, error *err);
/* Reads the rows of enum tables that were not read yet. */
void enums_ensure(db_link *l, const md_source *s);
/* Forces a link to be read anew, connection included (reload). */
void link_reload(admin *adm, db_link *l);
void link_forget_enums(db_link *l);
/* Takes in what reading threads have found; true when a catalog came or went. */
bool links_collect(admin *adm);
/* Starts retries that are due, closes idle connections; the time of the next retry (0: none). */
uint64_t links_tend(admin *adm, uint64_t now_ns);
void links_close(admin *adm);
void link_set_catalog(db_link *l, catalog *cat);

mailbox *mailbox_new(void);
mailbox *mailbox_ref(mailbox *b);
void mailbox_unref(mailbox *b);
void mailbox_wake(mailbox *b);

/* ---- candidate: one request's view of metadata and snapshot, published when it is accepted ---- */

typedef struct candidate {
	admin *adm;
	arena *a;
	admin_request *req;
	metadata *md;    /* candidate */
	snapshot *snap;  /* built from md */
	bool modifies;   /* the operation is one that stores */
	bool built;      /* snap differs from the published one */
	bool version2;   /* the command says version 2 */
	str args_at;     /* path of the command's args */
	bool arg_error;  /* the error at hand is about the form of args */
	bool atomic;     /* inside bulk_atomic: inconsistencies are looked at when all is done */
	map *batch;      /* in a batch: names of the objects so far; snap is of before it */
	bool aside;      /* not on the builder thread: links are its own */
	db_link **links; /* aside: one for each of the builder's */
	size_t nlinks;
	bool concurrent;    /* inside concurrent_bulk */
	bool ran_sql;       /* a run_sql was committed: if the rest fails, the published snapshot must be built again */
	bool reload_all;    /* for other instances */
	json *reloaded;     /* sources other instances must read again: array, or NULL */
	json *warnings;     /* array, or NULL */
	struct crud_tx *tx; /* inside bulk_atomic of /v2/query */
} candidate;

void candidate_begin(candidate *c, admin *adm, admin_request *r);
void candidate_end(candidate *c);
/* The link of a source, as link_of; never waits when aside. NULL: aside, and the source is newer than the request. */
db_link *candidate_link(candidate *c, const md_source *s);
/* A snapshot of next as it would be; a new reference. */
snapshot *candidate_build(candidate *c, const metadata *next);
/* Makes next (reference taken over) and its snapshot (likewise) the candidate. */
void candidate_adopt(candidate *c, metadata *next, snapshot *snap);
/*
 * buildSchemaCacheFor: next (reference taken over in any case) becomes the candidate unless it has new inconsistencies;
 * object: name of the object it is about ("table t in source s"): refused even when it was inconsistent before, with its
 * own reason.
 */
MUST_CHECK bool candidate_apply(candidate *c, metadata *next, str object, error *err);
/* Begins a batch: until its end every next is taken as it is. */
void candidate_batch_begin(candidate *c);
/* ok: its operations succeeded so far. False: they did not, or what they made does not fit; c is to be set back. */
MUST_CHECK bool candidate_batch_end(candidate *c, bool ok);
/* The same; when it does not fit, these tables of the source are read again first, and it is tried once more: they may have been
   changed behind the server. */
MUST_CHECK bool candidate_apply_fresh(
	candidate *c, metadata *next, str object, str source, const qname *tables, size_t n, error *err);
/* withNewInconsistentObjsCheck. */
MUST_CHECK bool candidate_apply_drop(candidate *c, metadata *next, error *err);
/* Issues of fresh that old does not have, by name. */
typedef VEC(const snap_inconsistency *) issue_list;
issue_list candidate_new_issues(arena *a, const snapshot *old, const snapshot *fresh);
/* Roles that form a cycle, which is an error even where inconsistencies are allowed: true with err filled. */
bool issues_cycle(const issue_list *l, error *err);
/* The same when root fields clash: Hasura's text, which names both sides. */
bool issues_clash(arena *a, const issue_list *l, error *err);
json *issue_json(arena *a, const snap_inconsistency *i);
json *issues_json(arena *a, const issue_list *l);
json *snapshot_issues_json(arena *a, const snapshot *s);
/* Stores and publishes what was accepted. */
MUST_CHECK bool candidate_commit(candidate *c, error *err);
/* Rebuilds the published snapshot from the stored metadata and the links' catalogs. */
void admin_rebuild(admin *adm);
void admin_publish(admin *adm, snapshot *snap);
/* Takes in what another instance has stored, if anything. */
MUST_CHECK bool admin_sync(admin *adm, error *err);
void candidate_source_reloaded(candidate *c, str source);
/* {type, object, message}: a warning of the answer. */
void candidate_warn(candidate *c, const char *code, str object, const char *type, str message);

/* ---- dispatch ---- */

enum {
	OP_PG = 1 << 0,       /* has the backend's prefix on /v1/metadata */
	OP_METADATA = 1 << 1, /* /v1/metadata */
	OP_V2 = 1 << 2,       /* /v2/query */
	OP_V1 = 1 << 3,       /* /v1/query */
	OP_MODIFIES = 1 << 4,
	OP_VERSION_2 = 1 << 5, /* only with "version": 2 */
	OP_ANY_ROLE = 1 << 6,  /* not for admins only, on /v1/query */
	OP_ATOMIC = 1 << 7,    /* may be in bulk_atomic */
	OP_NO_ARGS = 1 << 8,   /* args may be left out */
	OP_ASIDE = 1 << 9,     /* leaves the metadata alone (run_sql: when it is plain) */
	OP_BATCH = 1 << 10,    /* reads what it changes from c->md: many in a row need one snapshot */
	OP_ROWS = 1 << 11      /* may be in bulk_atomic of /v2/query */
};

typedef bool op_fn(candidate *c, const json *args, buf *out, error *err);

typedef struct op {
	const char *name;
	op_fn *run;
	unsigned flags;
} op;

/* ops_*.c; tables end with a NULL name. */
extern const op ops_table[], ops_relationship[], ops_permission[], ops_function[], ops_metadata[], ops_source[],
	ops_role[], ops_info[], ops_sql[], ops_crud[], ops_collection[];

/* May the request run beside the builder thread? It neither reads nor changes metadata. */
bool dispatch_is_aside(const admin_request *r);
/* ---- one transaction for several of select, count, insert, update, delete (crud.c): bulk_atomic of /v2/query ---- */

typedef struct crud_tx {
	str source;
	pg_sync *pg; /* NULL: nothing was sent yet */
} crud_tx;

MUST_CHECK bool crud_commit(candidate *c, error *err);
void crud_rollback(candidate *c);

/* Runs the request's body. */
MUST_CHECK bool dispatch_run(candidate *c, error *err);

/* ops_dump.c: the request of ADMIN_PG_DUMP. Aside. */
MUST_CHECK bool dump_run(candidate *c, buf *out, error *err);

/* ---- finding things (find.c), with Hasura's errors ---- */

MUST_CHECK bool find_source(const candidate *c, str name, const snap_source **out, error *err);
MUST_CHECK bool find_table(const candidate *c, str source, qname name, const snap_table **out, error *err);
MUST_CHECK bool find_function(const candidate *c, str source, qname name, const snap_function **out, error *err);
/* run_sql that needs no look at the metadata. */
bool run_sql_is_plain(const json *args);
/* Names of objects as Hasura's inconsistencies have them. */
str object_source(arena *a, str source);
str object_table(arena *a, str source, qname table);
str object_in_table(arena *a, const char *type, str name, str source, qname table);
str object_function(arena *a, str source, qname fn);

/* ---- edits (edit.c) ---- */

/* metadata with table's JSON replaced by j (changed copy); errors: md_table_parse's. */
MUST_CHECK bool edit_put_table(const metadata *m, str source, const json *j, metadata **out, error *err);
MUST_CHECK bool edit_put_function(const metadata *m, str source, const json *j, metadata **out, error *err);
/* Element of a list member whose `by` is text; NULL. */
json *edit_find(const json *owner, const char *list, const char *by, str text);
/* Removes it; an empty list goes too. */
bool edit_remove(arena *a, json *owner, const char *list, const char *by, str text);
/* Appends, making the list when it is not there. */
void edit_append(arena *a, json *owner, const char *list, json *element);
