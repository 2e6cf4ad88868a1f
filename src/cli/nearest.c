#include "cli/nearest.h"

enum { NAME_MAX_N = 96, NEAR = 3 };

/* Edit distance, names cut at NAME_MAX_N. */
static size_t distance(str a, str b)
{
	size_t row[NAME_MAX_N + 1];

	if (a.n > NAME_MAX_N) a.n = NAME_MAX_N;
	if (b.n > NAME_MAX_N) b.n = NAME_MAX_N;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j];
			size_t best = diagonal + (a.p[i - 1] == b.p[j - 1] ? 0 : 1);
			if (above + 1 < best) best = above + 1;
			if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[b.n];
}

nearest nearest_of(str wrong)
{
	size_t half = wrong.n / 2;
	return (nearest){.wrong = wrong, .distance = (half < NEAR ? half : NEAR) + 1};
}

void nearest_look(nearest *n, str name)
{
	size_t d = distance(n->wrong, name);
	if (d >= n->distance) return;
	n->distance = d;
	n->name = name;
}
