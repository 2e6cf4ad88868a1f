/*
 * pg_params: how to reach one database and how to behave there; immutable, reference-counted (any thread).
 * pg_limit: the hard cap on connections of one source, shared by its pools on all workers (any thread).
 * Passwords and keys are wiped on free and never appear in errors.
 * Hasura v2: metadata `connection_info` (Postgres/Connection/Settings.hs).
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef enum pg_isolation { PG_READ_COMMITTED, PG_REPEATABLE_READ, PG_SERIALIZABLE } pg_isolation;

/* "read-committed", …; error text of the engine: ERR_PARSE_FAILED at path. */
MUST_CHECK bool pg_isolation_parse(str text, str path, pg_isolation *out, error *err);
str pg_isolation_name(pg_isolation i);

typedef struct pg_pool_settings {
	size_t max_connections;         /* 50, over all workers */
	uint32_t idle_timeout_s;        /* 180 */
	uint32_t retries;               /* 1; at most 6 count */
	uint64_t pool_timeout_ms;       /* 0 = wait for ever */
	uint64_t connection_lifetime_s; /* 600; 0 = for ever */
} pg_pool_settings;

/* What the owner knows; all text is copied. Give url, dynamic_file or (host, user, database). */
typedef struct pg_params_spec {
	str url;          /* postgres://… or keyword=value … */
	str dynamic_file; /* path of a file with a url, read again at each connect */
	str host;
	int port;
	str user;
	str password;
	str database;
	/* ssl_configuration; certificates and key as PEM text or as a file name. Empty = not given. */
	str sslmode;
	str sslrootcert;
	str sslcert;
	str sslkey;
	str sslpassword;
	pg_isolation isolation;
	bool use_prepared_statements; /* true unless the source says false */
	pg_pool_settings pool;
	uint32_t statement_timeout_ms; /* 0 = the server's; sent at start-up of direct connections only */
	uint32_t connect_timeout_ms;   /* 10,000 */
	bool iso_dates; /* the statements take dates for ISO text, whatever the database's DateStyle is by now */
} pg_params_spec;

typedef struct pg_params pg_params;

/* Defaults of the engine in every field. */
void pg_params_spec_init(pg_params_spec *spec);
/*
 * NULL on a connection string libpq does not understand, an unknown sslmode or unreadable certificates:
 * ERR_POSTGRES "connection error" with a password-free reason in `internal`.
 */
pg_params *pg_params_new(const pg_params_spec *spec, error *err);
pg_params *pg_params_ref(pg_params *p);
void pg_params_unref(pg_params *p); /* NULL is fine */
/* Same database, same behaviour: pools of the one serve the other. */
bool pg_params_equal(const pg_params *a, const pg_params *b);
const pg_pool_settings *pg_params_pool(const pg_params *p);
pg_isolation pg_params_isolation(const pg_params *p);
bool pg_params_prepared(const pg_params *p);
/* Host for logs; "Unknown or invalid host" when there is none to tell. Lives as long as p. */
str pg_params_host(const pg_params *p);

typedef struct pg_limit pg_limit;

/* cap 0 counts as 1. */
pg_limit *pg_limit_new(size_t cap);
pg_limit *pg_limit_ref(pg_limit *l);
void pg_limit_unref(pg_limit *l);
void pg_limit_set_cap(pg_limit *l, size_t cap);
size_t pg_limit_used(const pg_limit *l);
bool pg_limit_has_room(const pg_limit *l);
/* One connection more, if the cap allows it. */
bool pg_limit_take(pg_limit *l);
void pg_limit_give(pg_limit *l);
/* Pools that have work, no connection, and met the cap: others give up a connection when there are any. */
void pg_limit_starve(pg_limit *l, bool starving);
/* self: the asker is one of them, and asks for others. */
bool pg_limit_starving(const pg_limit *l, bool self);
