#include "live/live_internal.h"

void live_watch_group(live_group *g)
{
	live_group_polled(g, true);
}

void live_unwatch_group(live_group *g)
{
	(void)g;
}

void live_watch_cohort(live_cohort *c, const live_shape *shape, const session *s, const json *variables)
{
	(void)c;
	(void)shape;
	(void)s;
	(void)variables;
}

void live_unwatch_cohort(live_cohort *c)
{
	(void)c;
}

void live_watch_info(const live_group *g, arena *a, json *o)
{
	(void)g;
	(void)a;
	(void)o;
}

json *live_sources_info(live_shared *s, arena *a)
{
	(void)s;
	return json_new_array(a);
}
