/* deliver: results and failures to the subscriptions of a cohort, each if it differs from what that one saw last. */
#include "base/clock.h"
#include "live/live_internal.h"

live_payload *live_payload_of(const buf *b)
{
	live_payload *p = mem_alloc(size_add(sizeof *p, b->n));
	p->refs = 1;
	p->n = b->n;
	memcpy(p->bytes, b->p, b->n);
	return p;
}

void live_note_change(live_cohort *c, size_t bytes)
{
	c->shown.changed_ms = clock_wall_ms();
	c->shown.before = c->shown.bytes;
	c->shown.bytes = bytes;
	c->shown.failing = false;
}

static bool wants(const live_sub *s, hash128 h)
{
	return !s->paused && !s->ended && !hash128_eq(s->seen, h);
}

/* Callbacks may end any subscription, so that c may be gone afterwards; push_next is kept true by live_unsubscribe. */
void live_deliver(live_cohort *c)
{
	live_worker *w = c->group->w;
	live_payload *p = NULL;
	hash128 h = hash128_of(buf_str(&w->out));
	if (!hash128_eq(c->result, h)) live_note_change(c, w->out.n);
	c->result = h;
	for (live_sub *s = c->subs; s; s = w->push_next) {
		w->push_next = s->next;
		if (!wants(s, h)) continue;
		s->seen = h;
		if (!p) p = live_payload_of(&w->out);
		s->cohort->group->pushes++;
		w->stats.pushes++;
		s->on->next(s->data, p);
	}
	w->push_next = NULL;
	if (p) live_payload_release(p);
	else w->stats.unchanged++;
}

static hash128 error_hash(const error *err)
{
	buf b = {0};
	buf_puts(&b, "error ");
	buf_put(&b, error_code_text(err->code));
	buf_putc(&b, ' ');
	buf_put(&b, err->message);
	if (err->internal) json_write(&b, json_getz(err->internal, "error"));
	hash128 h = hash128_of(buf_str(&b));
	buf_free(&b);
	return h;
}

static void tell_error(live_cohort *c, const error *err, bool refuse)
{
	live_worker *w = c->group->w;
	hash128 h = error_hash(err);
	c->result = h;
	c->shown.failing = true;
	for (live_sub *s = c->subs; s; s = w->push_next) {
		w->push_next = s->next;
		if (!wants(s, h)) continue;
		s->seen = h;
		if (refuse && s->fresh) {
			s->ended = true;
			s->on->refused(s->data, err);
		} else {
			s->on->failed(s->data, err);
		}
	}
	w->push_next = NULL;
}

void live_deliver_error(live_cohort *c, const error *err)
{
	tell_error(c, err, false);
}

void live_deliver_refusal(live_cohort *c, const error *err)
{
	tell_error(c, err, true);
}

void live_proved(live_cohort *c)
{
	if (!c->nfresh) return;
	for (live_sub *s = c->subs; s; s = s->next)
		s->fresh = false;
	c->nfresh = 0;
}
