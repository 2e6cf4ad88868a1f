#include "auth/jwt_explain.h"
#include "auth/jws.h"
#include "auth/make.h"
#include "base/clock.h"

enum { SHOWN_MAX = 200, CLAIMS_MAX = 40 };

void jwt_explain_places(auth_request *r, const jwt_config *configs, size_t n)
{
	if (!r->steps) return;
	str places = STR("");
	for (size_t i = 0; i < n; i++) {
		const jwt_config *c = &configs[i];
		str one = c->place == JWT_AUTHORIZATION ? STR("the header Authorization")
			: c->place == JWT_COOKIE        ? str_cat(r->a, 2, STR("the cookie "), c->name)
							: str_cat(r->a, 2, STR("the header "), c->name);
		if (str_find(places, one) == SIZE_MAX)
			places = str_cat(r->a, 3, places, places.n ? STR(", ") : STR(""), one);
	}
	auth_step(r, "token found", false, "no token; looked for in %.*s", STR_ARG(places));
}

static void add(arena *a, str *to, str what, str text)
{
	*to = str_cat(a, 4, *to, to->n ? STR(", ") : STR(""), what, str_sub(text, 0, SHOWN_MAX));
}

static void add_text(arena *a, str *to, const char *what, const json *claim)
{
	if (json_is_null(claim)) return;
	add(a, to, str_from(what), json_is(claim, JSON_STRING) ? claim->text : json_to_str(a, claim));
}

/* "expires 2026-01-31T10:00:00.000Z (in 60 s)" */
static void add_date(arena *a, str *to, const char *what, const json *claim, uint64_t now_ms)
{
	int64_t s, now = (int64_t)(now_ms / 1000);
	char when[32];
	if (!json_to_i64(claim, &s) || s < 0 || s > UINT32_MAX) {
		add_text(a, to, what, claim);
		return;
	}
	clock_format((uint64_t)s * 1000, when);
	add(a, to, str_from(what),
		str_printf(a, "%s (%s%lld s%s)", when, s > now ? "in " : "", (long long)(s > now ? s - now : now - s),
			s > now ? "" : " ago"));
}

static str claim_names(arena *a, const json *claims)
{
	str names = STR("");
	size_t n = 0;
	JSON_EACH (c, claims)
		if (n++ < CLAIMS_MAX) add(a, &names, STR(""), c->key);
	return names;
}

void jwt_explain_token(auth_request *r, arena *scratch, str token, uint64_t now_ms)
{
	jws t;
	json *claims;
	error ignored;
	if (!r->steps) return;
	error_init(&ignored, scratch);
	if (!jws_parse(scratch, token, &t, &ignored)) return;
	str text = STR("");
	add(scratch, &text, STR("algorithm "), t.algorithm_text);
	if (t.kid.n) add(scratch, &text, STR("key "), t.kid);
	if (json_parse(scratch, t.payload, &claims, &ignored) && json_is(claims, JSON_OBJECT)) {
		add_text(scratch, &text, "issuer ", json_getz(claims, "iss"));
		add_text(scratch, &text, "audience ", json_getz(claims, "aud"));
		add_date(scratch, &text, "issued ", json_getz(claims, "iat"), now_ms);
		add_date(scratch, &text, "not before ", json_getz(claims, "nbf"), now_ms);
		add_date(scratch, &text, "expires ", json_getz(claims, "exp"), now_ms);
		text = str_cat(scratch, 3, text, STR("; its claims: "), claim_names(scratch, claims));
	}
	auth_step(r, "token read", true, "%.*s", STR_ARG(text));
}
