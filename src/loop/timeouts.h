/*
 * timeouts: thousands of deadlines at the price of a linked list. All entries of a list wait equally long, so the list
 * is in order of deadlines by construction: arming and disarming are O(1), a sweep looks at the head only. Ownership:
 * the links are inside the caller's structures. Threads: one thread per list.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct timeout_link {
	struct timeout_link *prev;
	struct timeout_link *next;
	uint64_t deadline; /* ms, on the loop's clock */
} timeout_link;

typedef struct timeout_list {
	timeout_link head;
	uint64_t after; /* ms; 0 = never */
} timeout_list;

void timeout_list_init(timeout_list *l, uint64_t after_ms);
/* (Re)arms: deadline now + after, at the end of l. The link may be in any list or in none (zeroed). A list of 0 ms only
 * removes. */
void timeout_arm(timeout_list *l, timeout_link *link, uint64_t now_ms);
/* Removes from the list it is in; fine when in none. */
void timeout_disarm(timeout_link *link);
/* Takes out and returns the first entry whose deadline has passed, or NULL. */
timeout_link *timeout_expired(timeout_list *l, uint64_t now_ms);
static inline bool timeout_armed(const timeout_link *link)
{
	return link->next != 0;
}
