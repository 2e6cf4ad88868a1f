#include "auth/jwt_config.h"

static bool bad(error *err, const char *what)
{
	return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "%s", what);
}

static bool parse_key(const json *j, bool lenient, jwt_config *out, arena *a, error *err)
{
	const json *key = json_getz(j, "key"), *url = json_getz(j, "jwk_url"), *type = json_getz(j, "type");
	bool has_key = !json_is_null(key), has_url = !json_is_null(url);
	if (!has_key && !has_url) return bad(err, "key and jwk_url both cannot be empty");
	if (has_key && has_url) return bad(err, "key, jwk_url both cannot be present");
	if (has_url) {
		if (!json_is(url, JSON_STRING) ||
			!(str_starts_nocase(url->text, STR("http://")) ||
				str_starts_nocase(url->text, STR("https://"))))
			return bad(err, "jwk_url: expected a URL that begins with http:// or https://");
		out->jwk_url = str_copy(a, url->text);
		return true;
	}
	if (!json_is(type, JSON_STRING)) return bad(err, "key \"type\" not found");
	if (!json_is(key, JSON_STRING)) return bad(err, "key: expected a text");
	return key_set_from_config(type->text, key->text, lenient, &out->keys, err);
}

static bool parse_audience(const json *j, jwt_config *out, arena *a, error *err)
{
	const json *aud = json_getz(j, "audience");
	if (json_is_null(aud)) return true;
	out->has_audience = true;
	if (json_is(aud, JSON_STRING)) {
		vec_push(a, &out->audience, str_copy(a, aud->text));
		return true;
	}
	if (!json_is(aud, JSON_ARRAY)) return bad(err, "audience: expected a text or a list of texts");
	JSON_EACH (one, aud) {
		if (!json_is(one, JSON_STRING)) return bad(err, "audience: expected a text or a list of texts");
		vec_push(a, &out->audience, str_copy(a, one->text));
	}
	return true;
}

static bool parse_place(const json *j, jwt_config *out, arena *a, error *err)
{
	const json *h = json_getz(j, "header");
	str type = json_str_or(h, "type", STR_NULL), name = json_str_or(h, "name", STR_NULL);
	if (json_is_null(h) || str_eq_nocase(type, STR("Authorization"))) return true;
	if (str_eq_nocase(type, STR("Cookie"))) {
		out->place = JWT_COOKIE;
		out->name = str_copy(a, name);
	} else if (str_eq_nocase(type, STR("CustomHeader"))) {
		out->place = JWT_CUSTOM_HEADER;
		out->name = str_lower(a, name);
	} else {
		return bad(err, "expected 'type' is 'Authorization' or 'Cookie' or 'CustomHeader'");
	}
	return name.n || bad(err, "header: key \"name\" not found");
}

static bool parse_skew(const json *j, jwt_config *out, error *err)
{
	const json *skew = json_getz(j, "allowed_skew");
	int64_t s;
	if (json_is_null(skew)) return true;
	if (!json_to_i64(skew, &s) || s < 0 || s > INT32_MAX)
		return bad(err, "allowed_skew: expected a number of seconds");
	out->skew_ms = (uint64_t)s * 1000;
	return true;
}

bool jwt_config_parse(arena *a, const json *j, bool lenient, jwt_config *out, error *err)
{
	const json *issuer = json_getz(j, "issuer");
	*out = (jwt_config){0};
	if (!json_is(j, JSON_OBJECT)) return bad(err, "expected an object");
	if (!json_is_null(issuer)) {
		if (!json_is(issuer, JSON_STRING)) return bad(err, "issuer: expected a text");
		out->issuer = str_cat(a, 2, issuer->text, STR(""));
		if (!out->issuer.p) out->issuer = STR("");
	}
	/* The key last: what is allocated for it has an owner only when all else is right. */
	return claims_rule_parse(a, j, &out->claims, err) && parse_audience(j, out, a, err) &&
		parse_place(j, out, a, err) && parse_skew(j, out, err) && parse_key(j, lenient, out, a, err);
}
