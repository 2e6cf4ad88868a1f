#include "auth/jwk.h"
#include "base/base64.h"
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>

enum { PEM_MAX = 1 << 20, BASE64_MAX = 1 << 16 };

static const struct {
	str name;
	jws_family family;
	unsigned digest;
} algorithms[] = {
#define X(name, text, family, digest) {STR_INIT(text), family, digest},
	JWS_ALGORITHMS(X)
#undef X
};

str jws_algorithm_name(jws_algorithm a)
{
	return algorithms[a].name;
}

jws_family jws_algorithm_family(jws_algorithm a)
{
	return algorithms[a].family;
}

unsigned jws_algorithm_digest(jws_algorithm a)
{
	return algorithms[a].digest;
}

jws_algorithm jws_algorithm_from(str name)
{
	for (unsigned i = 0; i < JWS_ALGORITHM_COUNT; i++)
		if (str_eq(algorithms[i].name, name)) return (jws_algorithm)i;
	return JWS_ALGORITHM_COUNT;
}

/* ---- which algorithms suit a key ---- */

static uint32_t family_bits(jws_family family, unsigned max_digest, unsigned only_digest)
{
	uint32_t bits = 0;
	for (unsigned i = 0; i < JWS_ALGORITHM_COUNT; i++) {
		if (algorithms[i].family != family || algorithms[i].digest > max_digest) continue;
		if (!only_digest || algorithms[i].digest == only_digest) bits |= 1u << i;
	}
	return bits;
}

/* RFC 7518 §3.2: a key at least as long as the digest. */
static uint32_t hmac_bits(size_t key_bytes)
{
	return family_bits(JWS_HMAC, key_bytes > 64 ? 512 : (unsigned)key_bytes * 8, 0);
}

static uint32_t pkey_bits(EVP_PKEY *pkey, const char **why)
{
	int id = EVP_PKEY_get_base_id(pkey), bits = EVP_PKEY_get_bits(pkey);
	*why = "This key type is not supported";
	if (id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448) return 1u << JWS_EDDSA;
	if (id == EVP_PKEY_RSA) {
		BIGNUM *e = NULL;
		EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e);
		bool odd = e && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 64;
		BN_free(e);
		*why = "RSA keys need 2048 to 16384 bits and an odd exponent above 1";
		return odd && bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS
			? family_bits(JWS_RSA, 512, 0) | family_bits(JWS_PSS, 512, 0)
			: 0;
	}
	if (id != EVP_PKEY_EC) return 0;
	char curve[32] = "";
	size_t n = 0;
	if (EVP_PKEY_get_group_name(pkey, curve, sizeof curve, &n) != 1) return 0;
	*why = "the curve is not P-256, P-384 or P-521";
	if (!strcmp(curve, "prime256v1")) return 1u << JWS_ES256;
	if (!strcmp(curve, "secp384r1")) return 1u << JWS_ES384;
	return strcmp(curve, "secp521r1") ? 0 : 1u << JWS_ES512;
}

/* ---- sets ---- */

static key_set *set_new(size_t n)
{
	arena *a = arena_new(512);
	key_set *s = NEW(a, key_set);
	s->a = a;
	s->keys = NEW_ARRAY(a, jwk, n);
	atomic_init(&s->refs, 1);
	return s;
}

key_set *key_set_ref(key_set *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void key_set_unref(key_set *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
	for (size_t i = 0; i < s->n; i++) {
		EVP_PKEY_free(s->keys[i].pkey);
		/* Made by str_copy in set's arena, so the bytes are ours to write. */
		if (s->keys[i].secret.n) mem_wipe((void *)(uintptr_t)s->keys[i].secret.p, s->keys[i].secret.n);
	}
	arena_free(s->a);
}

/* ---- from a configuration ---- */

/* X(text, algorithm). Hasura v2: JWT.hs parseKey; the PS types are ours. */
static const struct {
	const char *type;
	jws_algorithm algorithm;
} config_types[] = {{"HS256", JWS_HS256}, {"HS384", JWS_HS384}, {"HS512", JWS_HS512}, {"RS256", JWS_RS256},
	{"RS384", JWS_RS384}, {"RS512", JWS_RS512}, {"PS256", JWS_PS256}, {"PS384", JWS_PS384}, {"PS512", JWS_PS512},
	{"Ed25519", JWS_EDDSA}, {"ES256", JWS_ES256}, {"ES384", JWS_ES384}, {"ES512", JWS_ES512}};

static bool bad_key(error *err, const char *text)
{
	return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "Invalid JWK: %s", text);
}

/* Public key of the first PEM block: SPKI, PKCS#1 or certificate (the decoder of libcrypto knows all of them). */
static EVP_PKEY *pem_key(str pem)
{
	EVP_PKEY *pkey = NULL;
	const unsigned char *p = (const unsigned char *)pem.p;
	size_t left = pem.n;
	if (pem.n > PEM_MAX || str_find(pem, STR("PRIVATE KEY")) != SIZE_MAX) return NULL;
	OSSL_DECODER_CTX *d = OSSL_DECODER_CTX_new_for_pkey(&pkey, "PEM", NULL, NULL, EVP_PKEY_PUBLIC_KEY, NULL, NULL);
	if (!d) mem_fail("out of memory");
	if (OSSL_DECODER_from_data(d, &p, &left) != 1) pkey = NULL;
	OSSL_DECODER_CTX_free(d);
	if (!pkey) {
		BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
		X509 *cert = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
		pkey = cert ? X509_get_pubkey(cert) : NULL;
		X509_free(cert);
		BIO_free(b);
	}
	ERR_clear_error();
	return pkey;
}

bool key_set_from_config(str type, str key, bool lenient, key_set **out, error *err)
{
	jws_algorithm algorithm = JWS_ALGORITHM_COUNT;
	for (size_t i = 0; i < sizeof config_types / sizeof *config_types; i++)
		if (str_eqz(type, config_types[i].type)) algorithm = config_types[i].algorithm;
	if (algorithm == JWS_ALGORITHM_COUNT) {
		return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
			"Invalid JWK: Key type: %.*s is not supported", STR_ARG(type));
	}
	key_set *s = set_new(1);
	jwk *k = s->keys;
	const char *why = NULL;
	uint32_t suits;
	s->n = 1;
	if (algorithms[algorithm].family == JWS_HMAC) {
		k->secret = str_copy(s->a, key);
		suits = hmac_bits(key.n);
	} else {
		k->pkey = pem_key(key);
		suits = k->pkey ? pkey_bits(k->pkey, &why) : 0;
	}
	k->suits = suits;
	k->algorithms = lenient ? suits : suits & 1u << algorithm;
	*out = s;
	if (k->algorithms) return true;
	key_set_unref(s);
	if (algorithms[algorithm].family == JWS_HMAC) {
		return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
			"Invalid JWK: Key size too small; should be atleast %u characters",
			algorithms[algorithm].digest / 8);
	}
	if (!why) return bad_key(err, "Could not decode PEM: no public key or certificate found");
	if (!suits) return bad_key(err, why);
	return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
		"Invalid JWK: the key does not suit type %.*s (--jwt-lenient takes the algorithm from the key)",
		STR_ARG(type));
}

/* ---- from a JWK set ---- */

static bool octets(arena *a, const json *o, const char *key, str *out)
{
	str text = json_str_or(o, key, STR_NULL);
	return text.n && text.n <= BASE64_MAX && base64url_decode(a, text, out);
}

/* Some providers write plain base64 with padding and leading zeros. Hasura v2: JWT.hs canonicalizeJWKJson. */
static bool sloppy_octets(arena *a, const json *o, const char *key, str *out)
{
	str text = json_str_or(o, key, STR_NULL);
	if (!text.n || text.n > BASE64_MAX) return false;
	char *p = arena_bytes(a, text.n);
	size_t n = text.n;
	while (n && text.p[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		p[i] = text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i];
	if (!base64url_decode(a, str_make(p, n), out)) return false;
	while (out->n && !out->p[0])
		*out = str_from_at(*out, 1);
	return out->n > 0;
}

static EVP_PKEY *pkey_from_params(const char *type, OSSL_PARAM_BLD *b)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (!params || !c || EVP_PKEY_fromdata_init(c) != 1 ||
		EVP_PKEY_fromdata(c, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(c);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *rsa_key(arena *a, const json *j)
{
	str n, e;
	if (!sloppy_octets(a, j, "n", &n) || !sloppy_octets(a, j, "e", &e) || n.n > RSA_MAX_BITS / 8 || e.n > 8)
		return NULL;
	BIGNUM *bn = BN_bin2bn((const unsigned char *)n.p, (int)n.n, NULL);
	BIGNUM *be = BN_bin2bn((const unsigned char *)e.p, (int)e.n, NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;
	if (bn && be && b && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) &&
		OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be))
		pkey = pkey_from_params("RSA", b);
	OSSL_PARAM_BLD_free(b);
	BN_free(bn);
	BN_free(be);
	return pkey;
}

static EVP_PKEY *ec_key(arena *a, const json *j)
{
	static const struct {
		const char *crv, *group;
		size_t bytes;
	} curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};
	str crv = json_str_or(j, "crv", STR_NULL), x, y;
	size_t i = 0;
	while (i < 3 && !str_eqz(crv, curves[i].crv))
		i++;
	if (i == 3 || !octets(a, j, "x", &x) || !octets(a, j, "y", &y)) return NULL;
	if (x.n != curves[i].bytes || y.n != curves[i].bytes) return NULL; /* RFC 7518 §6.2.1.2 */
	str point = str_cat(a, 3, str_make("\x04", 1), x, y);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;
	/* fromdata checks that the point is on the curve. */
	if (b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0) &&
		OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n))
		pkey = pkey_from_params("EC", b);
	OSSL_PARAM_BLD_free(b);
	return pkey;
}

static EVP_PKEY *okp_key(arena *a, const json *j)
{
	str crv = json_str_or(j, "crv", STR_NULL), x;
	int id = str_eqz(crv, "Ed25519") ? EVP_PKEY_ED25519 : str_eqz(crv, "Ed448") ? EVP_PKEY_ED448 : 0;
	if (!id || !octets(a, j, "x", &x)) return NULL;
	return EVP_PKEY_new_raw_public_key(id, NULL, (const unsigned char *)x.p, x.n);
}

/* use, key_ops: is it for verifying at all? */
static bool for_verifying(const json *j)
{
	const json *use = json_getz(j, "use"), *ops = json_getz(j, "key_ops");
	if (use && !(json_is(use, JSON_STRING) && str_eqz(use->text, "sig"))) return false;
	if (!ops) return true;
	JSON_EACH (o, ops)
		if (json_is(o, JSON_STRING) && str_eqz(o->text, "verify")) return true;
	return false;
}

static bool key_from_json(arena *scratch, arena *a, const json *j, jwk *k)
{
	str kty = json_str_or(j, "kty", STR_NULL), secret, alg = json_str_or(j, "alg", STR_NULL);
	const char *why;
	*k = (jwk){.kid = str_copy(a, json_str_or(j, "kid", STR_NULL))};
	if (!json_is(j, JSON_OBJECT) || !for_verifying(j)) return false;
	if (str_eqz(kty, "oct")) {
		if (!octets(scratch, j, "k", &secret)) return false;
		k->secret = str_copy(a, secret);
		k->algorithms = hmac_bits(secret.n);
	} else {
		k->pkey = str_eqz(kty, "RSA") ? rsa_key(scratch, j)
			: str_eqz(kty, "EC")  ? ec_key(scratch, j)
			: str_eqz(kty, "OKP") ? okp_key(scratch, j)
					      : NULL;
		if (k->pkey) k->algorithms = pkey_bits(k->pkey, &why);
	}
	k->suits = k->algorithms;
	if (alg.p) {
		jws_algorithm only = jws_algorithm_from(alg);
		k->algorithms &= only == JWS_ALGORITHM_COUNT ? 0 : 1u << only;
	}
	if (k->algorithms) return true;
	EVP_PKEY_free(k->pkey);
	if (k->secret.n) mem_wipe((void *)(uintptr_t)k->secret.p, k->secret.n);
	return false;
}

bool key_set_from_json(arena *scratch, str text, key_set **out, error *err)
{
	json *o, *keys;
	if (!json_parse(scratch, text, &o, err)) return false;
	keys = json_getz(o, "keys");
	if (!json_is(keys, JSON_ARRAY))
		return error_set(err, ERR_PARSE_FAILED, STR_NULL, "not a JWK set: no list \"keys\"");
	if (keys->count > KEY_SET_MAX)
		return error_set(err, ERR_PARSE_FAILED, STR_NULL, "the JWK set has more than %d keys", KEY_SET_MAX);
	key_set *s = set_new(keys->count);
	JSON_EACH (j, keys)
		if (key_from_json(scratch, s->a, j, &s->keys[s->n])) s->n++;
	ERR_clear_error();
	*out = s;
	if (s->n) return true;
	key_set_unref(s);
	return error_set(err, ERR_PARSE_FAILED, STR_NULL, "the JWK set has no key that can verify a token");
}
