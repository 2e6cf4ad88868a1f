#include "server/cors.h"

static bool scheme_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '.' ||
		c == '-';
}

/* scheme "://" rest. Hasura v2: Cors.hs schemeParser (any scheme, for browser extensions). */
static bool split_scheme(str s, str *scheme, str *rest)
{
	size_t i = 0;

	while (i < s.n && scheme_char(s.p[i]))
		i++;
	if (i == 0 || !str_starts(str_from_at(s, i), STR("://"))) return false;
	*scheme = str_sub(s, 0, i + 3);
	*rest = str_from_at(s, i + 3);
	return true;
}

static str digits_of(str s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	while (i > 1 && s.p[0] == '0') {
		s = str_from_at(s, 1);
		i--;
	}
	return str_sub(s, 0, i);
}

/* host[:port]; the port is a number and the end, else it does not match (stricter than Hasura's, which ignores what
 * follows). */
static bool split_port(str s, str *host, str *port)
{
	size_t colon = str_find_char(s, ':');

	/* an IPv6 literal keeps its colons */
	if (s.n > 0 && s.p[0] == '[') {
		size_t end = str_find_char(s, ']');
		if (end == SIZE_MAX) return false;
		*host = str_sub(s, 0, end + 1);
		s = str_from_at(s, end + 1);
		colon = str_find_char(s, ':');
		if (s.n > 0 && colon != 0) return false;
	} else {
		*host = str_sub(s, 0, colon);
	}
	*port = STR_NULL;
	if (colon == SIZE_MAX) return host->n > 0;
	s = str_from_at(s, colon + 1);
	*port = digits_of(s);
	return host->n > 0 && s.n > 0 && port->p + port->n == s.p + s.n;
}

static bool host_ok(str host)
{
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];
		if (c <= ' ' || c == 0x7f || c == '/' || c == '*' || c == '"' || c == '\\' || c == '@' || c == '?' ||
			c == '#')
			return false;
	}
	return host.n > 0;
}

static bool parse_domain(str text, cors_domain *d)
{
	str rest;

	if (!split_scheme(text, &d->scheme, &rest)) return false;
	d->wildcard = str_starts(rest, STR("*."));
	if (d->wildcard) rest = str_from_at(rest, 2);
	return split_port(rest, &d->host, &d->port) && host_ok(d->host);
}

bool cors_parse(arena *a, str list, cors_policy *out, error *err)
{
	size_t n = 1;

	*out = (cors_policy){.mode = CORS_ALLOW_ALL};
	if (str_eqz(list, "*")) return true;
	list = str_copy(a, list);
	for (size_t i = 0; i < list.n; i++)
		n += list.p[i] == ',';
	out->mode = CORS_LIST;
	out->domains = NEW_ARRAY(a, cors_domain, n);
	for (;;) {
		size_t comma = str_find_char(list, ',');
		str one = str_trim(str_sub(list, 0, comma));
		if (!parse_domain(one, &out->domains[out->n])) {
			/* Hasura v2: Cors.hs errMsg. */
			return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
				"invalid domain: '%.*s'. All domains should have scheme + (optional wildcard) host + (optional port)",
				STR_ARG(one));
		}
		out->n++;
		if (comma == SIZE_MAX) return true;
		list = str_from_at(list, comma + 1);
	}
}

static bool domain_matches(const cors_domain *d, str scheme, str host, str port)
{
	size_t dot;

	if (!str_eq(d->scheme, scheme) || !str_eq(d->port, port)) return false;
	if (!d->wildcard) return str_eq(d->host, host);
	/* one label deep: the wildcard of foo.com is a.foo.com, neither foo.com nor a.b.foo.com */
	dot = str_find_char(host, '.');
	return dot != SIZE_MAX && dot > 0 && str_eq(d->host, str_from_at(host, dot + 1));
}

bool cors_allows(const cors_policy *p, str origin)
{
	str scheme, rest, host, port;

	if (p->mode != CORS_LIST) return p->mode == CORS_ALLOW_ALL;
	if (!split_scheme(origin, &scheme, &rest) || !split_port(rest, &host, &port)) return false;
	for (size_t i = 0; i < p->n; i++) {
		if (domain_matches(&p->domains[i], scheme, host, port)) return true;
	}
	return false;
}

void cors_put_headers(buf *b, str origin)
{
	buf_put(b, STR("Access-Control-Allow-Origin: "));
	buf_put(b, origin);
	buf_put(b,
		STR("\r\nAccess-Control-Allow-Credentials: true\r\n"
		    "Access-Control-Allow-Methods: GET,POST,PUT,PATCH,DELETE,OPTIONS\r\n"
		    "Access-Control-Expose-Headers: X-Hasura-Query-Cache-Key,X-Hasura-Query-Family-Cache-Key,Warning\r\n"));
}

void cors_put_preflight(buf *b, str requested)
{
	buf_put(b, STR("Access-Control-Max-Age: 1728000\r\nAccess-Control-Allow-Headers: "));
	buf_put(b, requested);
	buf_put(b, STR("\r\nContent-Type: text/plain charset=UTF-8\r\n"));
}
