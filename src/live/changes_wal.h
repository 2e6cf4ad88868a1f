/*
 * changes_wal: one message of an output plugin, read: test_decoding's text and pgoutput's protocol 1. Everything points
 * into the message. No message, however broken, is read beyond its end. Private to live/changes*.
 */
#pragma once
#include "base/str.h"

typedef enum wal_kind {
	WAL_OTHER, /* nothing that counts */
	WAL_BROKEN,
	WAL_BEGIN,
	WAL_COMMIT,
	WAL_RELATION, /* pgoutput: describes a relation */
	WAL_INSERT,
	WAL_UPDATE,
	WAL_DELETE,
	WAL_TRUNCATE,
} wal_kind;

typedef struct wal_message {
	wal_kind kind;
	uint32_t xid; /* WAL_BEGIN; test_decoding: also WAL_COMMIT */
	/* test_decoding: names as SQL writes them (quoted where needed); TRUNCATE: several, with ", " between them. */
	str relation;
	uint32_t oid; /* pgoutput; WAL_TRUNCATE: by wal_pgoutput_truncated */
	str schema;   /* WAL_RELATION */
	str name;
	str rest; /* columns, or what follows */
	/* Of the tuple that is read. */
	bool old;
	size_t left;  /* columns (or relations) left in rest */
	size_t index; /* columns read */
} wal_message;

typedef enum wal_state { WAL_VALUE, WAL_NULL, WAL_UNKNOWN /* unchanged and stored elsewhere, or not text */ } wal_state;

typedef struct wal_column {
	str name;     /* test_decoding: as SQL writes it; pgoutput: of WAL_RELATION only */
	str value;    /* as it is in the message: test_decoding's with its quotes inside doubled */
	bool quoted;  /* value stands between quotes in the message */
	bool old;     /* of the old key or row */
	bool key;     /* WAL_RELATION: part of the identity */
	size_t index; /* pgoutput: place in the relation */
	wal_state state;
} wal_column;

/* False: WAL_BROKEN. O(length of the head). */
bool wal_text_read(str message, wal_message *out);
/* Next column; false: there is none left, or what is left cannot be read (then kind becomes WAL_BROKEN). */
bool wal_text_column(wal_message *m, wal_column *out);
/* Takes the first name off `relation` of a TRUNCATE. */
bool wal_text_relation(wal_message *m, str *name);

bool wal_pgoutput_read(str message, wal_message *out);
/* Next column of the relation, or of the tuples (old ones first). */
bool wal_pgoutput_column(wal_message *m, wal_column *out);
bool wal_pgoutput_truncated(wal_message *m, uint32_t *oid);
