#include "loop/timeouts.h"
#include <stddef.h>

void timeout_list_init(timeout_list *l, uint64_t after_ms)
{
	l->head.prev = &l->head;
	l->head.next = &l->head;
	l->head.deadline = UINT64_MAX;
	l->after = after_ms;
}

void timeout_disarm(timeout_link *link)
{
	if (!link->next) return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->prev = NULL;
	link->next = NULL;
}

void timeout_arm(timeout_list *l, timeout_link *link, uint64_t now_ms)
{
	timeout_disarm(link);
	if (l->after == 0) return;
	link->deadline = now_ms > UINT64_MAX - 1 - l->after ? UINT64_MAX - 1 : now_ms + l->after;
	link->prev = l->head.prev;
	link->next = &l->head;
	l->head.prev->next = link;
	l->head.prev = link;
}

timeout_link *timeout_expired(timeout_list *l, uint64_t now_ms)
{
	timeout_link *first = l->head.next;

	if (first == &l->head || first->deadline > now_ms) return NULL;
	timeout_disarm(first);
	return first;
}
