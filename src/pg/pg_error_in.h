/* pg_error_in: how errors are filled from libpq; for this room only. */
#pragma once
#include "pg/pg_error.h"
#include <libpq-fe.h>

/* Fill e (cleared before) with copies on the heap. */
void pg_error_from_result(pg_error *e, const PGresult *res);
/* kind, with libpq's message of the connection, or `text` when there is none. */
void pg_error_from_conn(pg_error *e, pg_error_kind kind, const PGconn *c, const char *text);
void pg_error_text(pg_error *e, pg_error_kind kind, const char *text);
/* Moves: *from is empty afterwards. */
void pg_error_move(pg_error *to, pg_error *from);
