#include "auth/lifetime.h"
#include "base/arena.h"
#include <time.h>

typedef struct cursor {
	str s;
	size_t i;
} cursor;

static bool at_token(const cursor *c)
{
	if (c->i >= c->s.n) return false;
	char b = c->s.p[c->i];
	return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
		(b && strchr("!#$%&'*+-.^_`|~", b));
}

static str token(cursor *c)
{
	size_t from = c->i;
	while (at_token(c))
		c->i++;
	return str_sub(c->s, from, c->i - from);
}

static bool take(cursor *c, char want)
{
	if (c->i >= c->s.n || c->s.p[c->i] != want) return false;
	c->i++;
	return true;
}

static void blanks(cursor *c)
{
	while (c->i < c->s.n && (c->s.p[c->i] == ' ' || c->s.p[c->i] == '\t'))
		c->i++;
}

/* A quoted string without its quotes, escapes left in; false: it does not end. */
static bool quoted(cursor *c, str *out)
{
	size_t from = ++c->i;
	while (c->i < c->s.n && c->s.p[c->i] != '"')
		c->i += c->s.p[c->i] == '\\' ? 2 : 1;
	if (c->i >= c->s.n) return false;
	*out = str_sub(c->s, from, c->i - from);
	c->i++;
	return true;
}

/* Leading digits, as Hasura reads them. */
static bool seconds(str s, uint64_t *out)
{
	size_t n = 0;
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	if (!n) return false;
	if (!str_to_u64(str_sub(s, 0, n), out)) *out = UINT64_MAX;
	return true;
}

static bool directive(cursor *c, cache_control *out)
{
	str name = token(c), value = STR_NULL;
	if (!name.n) return false;
	if (take(c, '=')) {
		if (c->i < c->s.n && c->s.p[c->i] == '"') {
			if (!quoted(c, &value)) return false;
		} else {
			value = token(c);
			if (!value.n) return false;
		}
	}
	if (!value.p) {
		out->no_cache |= str_eqz(name, "no-cache");
		out->no_store |= str_eqz(name, "no-store");
		out->must_revalidate |= str_eqz(name, "must-revalidate");
	} else if (!out->has_max_age && (str_eqz(name, "max-age") || str_eqz(name, "s-maxage"))) {
		out->has_max_age = true;
		return seconds(value, &out->max_age);
	}
	return true;
}

bool cache_control_parse(str text, cache_control *out)
{
	cursor c = {text, 0};
	*out = (cache_control){0};
	do {
		blanks(&c);
	} while (take(&c, ','));
	if (!directive(&c, out)) return false;
	for (;;) {
		blanks(&c);
		if (!take(&c, ',')) return true; /* what follows is nobody's */
		blanks(&c);
		if (at_token(&c) && !directive(&c, out)) return false;
	}
}

bool expires_parse(str text, uint64_t *wall_ms)
{
	char z[64];
	struct tm tm = {0};
	str s = str_trim(text);
	if (s.n >= sizeof z) return false;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	const char *end = strptime(z, "%a, %d %b %Y %T GMT", &tm);
	if (!end || *end) return false;
	time_t t = timegm(&tm);
	if (t < 0) return false;
	*wall_ms = (uint64_t)t * 1000;
	return true;
}
