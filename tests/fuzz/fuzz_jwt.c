/*
 * Whatever a client, a provider or a hook sends: it is refused or understood, and only what was signed is believed. The
 * first byte says what the rest is: a token; claims that get a right signature; a configuration; a JWK set; a path; a
 * Cache-Control or Expires; a hook's answer.
 */
#include "auth/hook.h"
#include "auth/jwt_verify.h"
#include "auth/lifetime.h"
#include "base/base64.h"
#include "base/log.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define KEY "0123456789abcdef0123456789abcdef"

static const char *const configs[] = {
	"{\"type\":\"HS256\",\"key\":\"" KEY "\"}",
	"{\"type\":\"HS256\",\"key\":\"" KEY "\",\"claims_format\":\"stringified_json\",\"claims_namespace\":\"n\"}",
	"{\"type\":\"HS256\",\"key\":\"" KEY
	"\",\"claims_namespace_path\":\"$\",\"audience\":[\"a\"],\"issuer\":\"i\",\"allowed_skew\":9}",
	"{\"type\":\"HS256\",\"key\":\"" KEY
	"\",\"claims_map\":{\"x-hasura-allowed-roles\":{\"path\":\"$.r\",\"default\":[\"u\"]},"
	"\"x-hasura-default-role\":{\"path\":\"$.d\",\"default\":\"u\"},\"x-hasura-a\":{\"path\":\"$.a[0]['b']\"}}}",
};

static bool config_of(arena *a, str text, jwt_config *out)
{
	json *j;
	error err;
	error_init(&err, a);
	if (json_parse(a, text, &j, &err) && jwt_config_parse(a, j, false, out, &err)) return true;
	if (!err.set || !err.message.n) abort();
	return false;
}

/* True when the token was believed. */
static bool verify(arena *a, const jwt_config *c, str token)
{
	jwt_check check = {c, c->keys, false, 1700000000000};
	verified v;
	bool unknown_kid;
	error err;
	error_init(&err, a);
	(void)jwt_peek_issuer(a, token);
	if (!jwt_verify(a, a, &check, token, &v, &unknown_kid, &err)) {
		if (!err.set || !err.message.n) abort();
		return false;
	}
	if (!v.default_role.n || v.until_ms <= check.now_ms) abort();
	for (size_t i = 0; i < v.nvars; i++) {
		if (!str_starts(v.vars[i].name, STR("x-hasura-")) || str_eqz(v.vars[i].name, "x-hasura-role")) abort();
		if (i && str_cmp(v.vars[i - 1].name, v.vars[i].name) >= 0) abort();
	}
	return true;
}

static str sign(arena *a, str claims)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len;
	str text =
		str_cat(a, 3, base64url_encode(a, STR("{\"alg\":\"HS256\"}")), STR("."), base64url_encode(a, claims));
	HMAC(EVP_sha256(), KEY, 32, (const unsigned char *)text.p, text.n, mac, &len);
	return str_cat(a, 3, text, STR("."), base64url_encode(a, str_make((char *)mac, len)));
}

static void fuzz_token(arena *a, unsigned which, str rest, bool signs)
{
	jwt_config c;
	if (!config_of(a, str_from(configs[which % 4]), &c)) abort();
	bool believed = verify(a, &c, signs ? sign(a, rest) : rest);
	/* The key is not in the corpus: a raw token is believed only if it is one that was signed here. */
	if (believed && !signs) {
		str payload;
		if (!jws_peek(a, rest, &payload) || !verify(a, &c, sign(a, payload))) abort();
	}
	key_set_unref(c.keys);
}

static void fuzz_config(arena *a, str rest)
{
	jwt_config c;
	if (!config_of(a, rest, &c)) return;
	if (c.keys) verify(a, &c, sign(a, STR("{\"https://hasura.io/jwt/claims\":{}}")));
	key_set_unref(c.keys);
}

static void fuzz_set(arena *a, str rest)
{
	key_set *s;
	error err;
	error_init(&err, a);
	if (!key_set_from_json(a, rest, &s, &err)) return;
	if (!s->n || s->n > KEY_SET_MAX) abort();
	key_set_unref(s);
}

static void fuzz_path(arena *a, str rest)
{
	claims_path p, again;
	error err;
	error_init(&err, a);
	if (!claims_path_parse(a, rest, &p, &err)) return;
	str text = claims_path_text(a, &p);
	if (!str_is_utf8(text)) return; /* such a configuration is no JSON */
	if (!claims_path_parse(a, text, &again, &err) || !str_eq(claims_path_text(a, &again), text)) abort();
}

static void fuzz_lifetime(str rest)
{
	cache_control c;
	uint64_t ms;
	(void)cache_control_parse(rest, &c);
	(void)expires_parse(rest, &ms);
}

static void fuzz_hook(arena *a, str rest)
{
	hook_config h = {.url = STR("http://h/")};
	http_call_result answer = {.status = 200, .body = rest};
	auth_request r = {.a = a};
	session *s = NULL;
	error err;
	error_init(&err, a);
	if (hook_read_answer(&h, &r, &answer, 1000, &s, &err)) {
		if (!s->role.n || s->admin_secret || s->backend) abort();
	} else if (!err.set) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const log_config quiet = {.level = LOG_ERROR};
	if (!n) return 0;
	log_configure(&quiet);
	arena *a = arena_new(0);
	str rest = str_make((const char *)data + 1, n - 1);
	switch (data[0] % 16) {
	case 0: fuzz_config(a, rest); break;
	case 1: fuzz_set(a, rest); break;
	case 2: fuzz_path(a, rest); break;
	case 3: fuzz_lifetime(rest); break;
	case 4: fuzz_hook(a, rest); break;
	default: fuzz_token(a, data[0] / 16, rest, data[0] % 2); break;
	}
	arena_free(a);
	return 0;
}
