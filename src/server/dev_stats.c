/*
 * dev_stats: GET /dev/ekg and /dev/plan_cache, for admins. Hasura v2: Server/App.hs; the first has the form of the library
 * that serves Hasura's (nested names, each leaf a type and a value), the second is null there too since plans left that cache.
 */
#include "base/clock.h"
#include "server/endpoints.h"

static bool admin_only(call *c)
{
	error err;
	error_init(&err, c->a);
	if (call_check_admin(c, &err)) return true;
	call_fail(c, &err);
	return false;
}

/* "c": it only grows, "g": it goes up and down. */
static void put(arena *a, json *group, const char *name, const char *type, uint64_t value)
{
	json *leaf = json_new_object(a);
	json_setz(leaf, "type", json_new_str(a, str_from(type)));
	json_setz(leaf, "val", json_new_i64(a, (int64_t)value));
	json_setz(group, name, leaf);
}

static uint64_t to_ms(uv_timeval_t t)
{
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_usec / 1000;
}

static json *process_stats(arena *a)
{
	json *o = json_new_object(a);
	uv_rusage_t u = {0};
	size_t rss = 0;
	if (!uv_getrusage(&u)) {
		put(a, o, "cpu_user_ms", "c", to_ms(u.ru_utime));
		put(a, o, "cpu_system_ms", "c", to_ms(u.ru_stime));
		put(a, o, "resident_peak_bytes", "g", u.ru_maxrss * 1024);
	}
	if (!uv_resident_set_memory(&rss)) put(a, o, "resident_bytes", "g", rss);
	return o;
}

void dev_ekg_get(call *c)
{
	buf b = {0};
	if (!admin_only(c)) return;
	json *o = json_new_object(c->a), *ekg = json_new_object(c->a);
	put(c->a, ekg, "server_timestamp_ms", "c", clock_wall_ms());
	json_setz(o, "ekg", ekg);
	json_setz(o, "process", process_stats(c->a));
	json_write(&b, o);
	call_reply(c, &b);
}

void dev_plan_cache_get(call *c)
{
	buf b = {0};
	if (!admin_only(c)) return;
	buf_puts(&b, "null");
	call_reply(c, &b);
}
