/*
 * Hasura v2 says `complete` after each `error`. On the newer protocol an error is the end by itself, and the graphql-ws library
 * counts an operation as over twice when it reads both in one go: it then closes a socket that others still use. So the
 * `complete`, which older clients wait for, comes a moment later.
 */
#include "base/arena.h"
#include "server/ws_conn.h"

enum { LATE_MS = 250, LATE_MAX = 1000 };

static void say_first(ws_conn *c)
{
	ws_late *l = c->late;
	c->late = l->next;
	ws_operation_send_complete(c, str_make(l->id, l->id_n), STR_NULL);
	mem_free(l);
}

/* Those that were there at the last tick; the others at the next one. */
static void on_late(void *arg)
{
	ws_conn *c = arg;
	while (c->late && c->late->due)
		say_first(c);
	for (ws_late *l = c->late; l; l = l->next)
		l->due = true;
	if (c->late) return;
	timer_stop(c->late_timer);
	c->late_timer = NULL;
}

void ws_late_add(ws_conn *c, str id)
{
	ws_late *l = mem_alloc(size_add(sizeof *l, id.n)), **at = &c->late;
	size_t n = 0;
	l->id_n = (uint32_t)id.n;
	if (id.n) memcpy(l->id, id.p, id.n);
	for (; *at; at = &(*at)->next)
		n++;
	*at = l;
	if (n >= LATE_MAX) say_first(c);
	if (!c->late_timer && !c->sock.closing && !c->sock.dead)
		c->late_timer = timer_start(c->ww->sw->w, LATE_MS, LATE_MS, on_late, c);
}

void ws_late_drop(ws_conn *c, str id)
{
	for (ws_late **at = &c->late; *at; at = &(*at)->next) {
		ws_late *l = *at;
		if (!str_eq(str_make(l->id, l->id_n), id)) continue;
		*at = l->next;
		mem_free(l);
		return;
	}
}

void ws_late_end(ws_conn *c)
{
	timer_stop(c->late_timer);
	c->late_timer = NULL;
	while (c->late) {
		ws_late *l = c->late;
		c->late = l->next;
		mem_free(l);
	}
}
