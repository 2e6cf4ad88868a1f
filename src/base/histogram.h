/* histogram: how often a time was how long. One thread's; to be added up with others'. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_MAX = 12 };

typedef struct histogram {
	uint64_t n;
	uint64_t sum_ns;
	uint64_t by[HISTOGRAM_MAX]; /* not cumulative; what is above the last bound is in n only */
} histogram;

/* Upper bounds, growing. */
typedef struct histogram_bounds {
	size_t n;
	const char *text[HISTOGRAM_MAX]; /* in seconds, as they are shown */
	uint64_t ns[HISTOGRAM_MAX];
} histogram_bounds;

static inline void histogram_add(histogram *h, const histogram_bounds *b, uint64_t ns)
{
	h->n++;
	h->sum_ns += ns;
	for (size_t i = 0; i < b->n; i++) {
		if (ns > b->ns[i]) continue;
		h->by[i]++;
		return;
	}
}

static inline void histogram_sum(histogram *h, const histogram *more)
{
	h->n += more->n;
	h->sum_ns += more->sum_ns;
	for (size_t i = 0; i < HISTOGRAM_MAX; i++)
		h->by[i] += more->by[i];
}
