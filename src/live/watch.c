#include "exec/step.h"
#include "live/live_internal.h"

/* The last ones of live_why are those of changes.h, in their order. */
static live_why why_of(changes_why w)
{
	return (live_why)((int)LIVE_BY_WAL + (int)w);
}

static void on_dirty(changes_group *watch, changes_member *m, changes_why why)
{
	live_group *g = watch->data;
	if (m) live_mark(m->data, why_of(why));
	else live_mark_group(g, why_of(why));
}

static void set_polled(live_group *g)
{
	bool polled = g->watch.polled || g->clocks;
	if (polled != g->polled) live_group_polled(g, polled);
}

static void on_mode(changes_group *watch)
{
	set_polled(watch->data);
}

void live_watch_group(live_group *g)
{
	const plan *p = g->shape->entry->plan;
	g->watch_arena = arena_new(1024);
	g->watch_recipe = g->shape->recipe;
	g->watch = (changes_group){
		.deps = changes_deps_of_plan(g->watch_arena, p), .dirty = on_dirty, .mode = on_mode, .data = g};
	changes_group_add(g->w->changes, p->roots[0].select->source, &g->watch);
	set_polled(g);
}

void live_unwatch_group(live_group *g)
{
	changes_group_remove(&g->watch);
	arena_free(g->watch_arena);
}

void live_watch_cohort(live_cohort *c, const live_shape *shape, const session *s, const json *variables)
{
	live_group *g = c->group;
	arena *a = arena_new(0);
	/* Its own plan may take its values from other places than the group's first one. */
	const changes_deps *d =
		hash128_eq(shape->recipe, g->watch_recipe) ? NULL : changes_deps_of_plan(a, shape->entry->plan);
	c->watch.data = c;
	changes_member_add(&g->watch, &c->watch, d, s, variables);
	g->clocks += c->watch.polled;
	set_polled(g);
	arena_free(a);
}

void live_unwatch_cohort(live_cohort *c)
{
	if (!c->watch.group) return;
	c->group->clocks -= c->watch.polled;
	changes_member_remove(&c->watch);
	set_polled(c->group);
}

void live_watch_info(const live_group *g, arena *a, json *o)
{
	const char *why = g->watch.polled ? g->watch.polled_why : g->clocks ? "a variable says now, today …" : NULL;
	json_setz(o, "level", json_new_str(a, changes_level_name(g->watch.level)));
	json_setz(o, "polled_why", why ? json_new_strf(a, "%s", why) : json_new_null(a));
}

json *live_sources_info(live_shared *s, arena *a)
{
	return changes_hub_info(s->changes, a);
}
