#include "auth/jwt_verify.h"

#include <stdlib.h>

static bool bad(error *err, const char *what)
{
	return error_set(err, ERR_INVALID_JWT, STR_NULL, "Could not verify JWT: %s", what);
}

static bool bad_member(error *err, const char *key, const char *want)
{
	return error_set(err, ERR_INVALID_JWT, STR_NULL,
		"Could not verify JWT: JWTClaimsSetDecodeError \"Error in $.%s: expected %s\"", key, want);
}

/* ---- NumericDate ---- */

/* Milliseconds of a JSON number of seconds, cut to what fits. Fractions and exponents are allowed (RFC 7519 §2). */
static int64_t to_ms(arena *scratch, str number)
{
	double ms = strtod(str_z(scratch, number), NULL) * 1000;
	if (!(ms < 9e18)) return INT64_MAX;
	return ms < -9e18 ? INT64_MIN : (int64_t)ms;
}

typedef struct date {
	bool set;
	int64_t ms;
} date;

static bool read_date(arena *scratch, const json *claims, const char *key, date *out, error *err)
{
	const json *j = json_getz(claims, key);
	*out = (date){0};
	if (json_is_null(j)) return true;
	if (!json_is(j, JSON_NUMBER)) return bad_member(err, key, "a number");
	*out = (date){true, to_ms(scratch, j->text)};
	return true;
}

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;
	if (!__builtin_add_overflow(a, b, &sum)) return sum;
	return b > 0 ? INT64_MAX : INT64_MIN;
}

static uint64_t as_wall(int64_t ms)
{
	return ms < 0 ? 0 : (uint64_t)ms;
}

/* In the order of the library Hasura uses: exp, iat, nbf. */
static bool check_dates(arena *scratch, const jwt_check *c, const json *claims, verified *out, error *err)
{
	int64_t now = (int64_t)c->now_ms, skew = (int64_t)c->config->skew_ms;
	date exp, iat, nbf;
	if (!read_date(scratch, claims, "exp", &exp, err) || !read_date(scratch, claims, "iat", &iat, err) ||
		!read_date(scratch, claims, "nbf", &nbf, err))
		return false;
	if (exp.set && now >= add(exp.ms, skew)) return bad(err, "JWTExpired");
	if (iat.set && iat.ms > add(now, skew)) return bad(err, "JWTIssuedAtFuture");
	if (nbf.set && now < add(nbf.ms, -skew)) return bad(err, "JWTNotYetValid");
	out->expires_ms = exp.set ? as_wall(exp.ms) : 0;
	out->until_ms = exp.set ? as_wall(add(exp.ms, skew)) : UINT64_MAX;
	return true;
}

/* ---- issuer and audience ---- */

static bool check_issuer(const jwt_check *c, const json *claims, error *err)
{
	const json *iss = json_getz(claims, "iss");
	if (!json_is_null(iss) && !json_is(iss, JSON_STRING)) return bad_member(err, "iss", "a text");
	if (!c->config->issuer.p) return true;
	if (json_is_null(iss)) return c->lenient || bad(err, "JWTNotInIssuer");
	return str_eq(iss->text, c->config->issuer) || bad(err, "JWTNotInIssuer");
}

static bool wanted(const jwt_config *config, const json *aud)
{
	for (size_t i = 0; i < config->audience.n; i++)
		if (str_eq(config->audience.v[i], aud->text)) return true;
	return false;
}

static bool check_audience(const jwt_check *c, const json *claims, error *err)
{
	const json *aud = json_getz(claims, "aud");
	bool found = false;
	if (json_is_null(aud)) return !c->config->has_audience || c->lenient || bad(err, "JWTNotInAudience");
	if (json_is(aud, JSON_STRING)) {
		found = wanted(c->config, aud);
	} else if (json_is(aud, JSON_ARRAY)) {
		JSON_EACH (one, aud) {
			if (!json_is(one, JSON_STRING)) return bad_member(err, "aud", "a text or a list of texts");
			found |= wanted(c->config, one);
		}
	} else {
		return bad_member(err, "aud", "a text or a list of texts");
	}
	return found || !c->config->has_audience || bad(err, "JWTNotInAudience");
}

/* ---- all of it ---- */

static bool read_claims(arena *scratch, str payload, json **out, error *err)
{
	error why;
	error_init(&why, scratch);
	if (!json_parse(scratch, payload, out, &why)) return bad(err, "JWTClaimsSetDecodeError \"invalid JSON\"");
	return json_is(*out, JSON_OBJECT) || bad(err, "JWTClaimsSetDecodeError \"expected an object\"");
}

bool jwt_verify(arena *scratch, arena *a, const jwt_check *c, str token, verified *out, bool *unknown_kid, error *err)
{
	jws t;
	json *claims;
	*out = (verified){0};
	*unknown_kid = false;
	return jws_parse(scratch, token, &t, err) && jws_verify(&t, c->keys, unknown_kid, err) &&
		read_claims(scratch, t.payload, &claims, err) && check_dates(scratch, c, claims, out, err) &&
		check_issuer(c, claims, err) && check_audience(c, claims, err) &&
		claims_read(a, &c->config->claims, claims, out, err);
}

str jwt_peek_issuer(arena *scratch, str token)
{
	str payload;
	json *claims;
	error ignored;
	error_init(&ignored, scratch);
	if (!jws_peek(scratch, token, &payload) || !json_parse(scratch, payload, &claims, &ignored)) return STR_NULL;
	return json_str_or(claims, "iss", STR_NULL);
}
