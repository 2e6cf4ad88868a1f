#include "auth/jws.h"
#include "base/base64.h"
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

/* A token's head may name as many keys as it likes: only so many signatures are tried. */
enum { TRIES_MAX = 32 };

static const char prefix[] = "Could not verify JWT: ";

static bool bad(error *err, const char *what)
{
	return error_set(err, ERR_INVALID_JWT, STR_NULL, "%s%s", prefix, what);
}

static bool bad_json(error *err, const char *what)
{
	return error_set(
		err, ERR_INVALID_JWT, STR_NULL, "%sJWSError (JSONDecodeError \"Error in $: %s\")", prefix, what);
}

/* ---- parts ---- */

static size_t split(str token, str part[3])
{
	size_t n = 0;
	for (size_t from = 0;;) {
		size_t dot = str_find_char(str_from_at(token, from), '.');
		if (n < 3) part[n] = dot == SIZE_MAX ? str_from_at(token, from) : str_sub(token, from, dot);
		n++;
		if (dot == SIZE_MAX) return n;
		from += dot + 1;
	}
}

/* "crit" names extensions that must be understood: there are none (RFC 7515 §4.1.11). Keys in the header (jwk, jku, x5u,
 * x5c) are never looked at. */
static bool read_header(arena *a, str text, jws *out, error *err)
{
	json *h, *alg;
	error ignored;
	error_init(&ignored, a);
	if (!json_parse(a, text, &h, &ignored) || !json_is(h, JSON_OBJECT)) return bad_json(err, "invalid JWS header");
	alg = json_getz(h, "alg");
	if (!json_is(alg, JSON_STRING)) return bad_json(err, "key \\\"alg\\\" not found");
	if (json_getz(h, "crit")) return bad_json(err, "crit: extensions are not supported");
	out->algorithm = jws_algorithm_from(alg->text);
	out->algorithm_text = alg->text;
	out->kid = json_str_or(h, "kid", STR(""));
	return true;
}

bool jws_parse(arena *a, str token, jws *out, error *err)
{
	str part[3], header;
	size_t n = split(token, part);
	*out = (jws){.algorithm = JWS_ALGORITHM_COUNT};
	if (n != 3) {
		return error_set(err, ERR_INVALID_JWT, STR_NULL,
			"%sJWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got %zu)", prefix,
			n);
	}
	if (!base64url_decode(a, part[0], &header) || !base64url_decode(a, part[1], &out->payload) ||
		!base64url_decode(a, part[2], &out->signature))
		return bad_json(err, "invalid base64url");
	out->signed_part = str_sub(token, 0, part[0].n + 1 + part[1].n);
	return read_header(a, header, out, err);
}

bool jws_peek(arena *a, str token, str *payload)
{
	str part[3];
	return split(token, part) >= 3 && base64url_decode(a, part[1], payload);
}

/* ---- signatures ---- */

static const EVP_MD *digest(unsigned bits)
{
	return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : bits == 512 ? EVP_sha512() : NULL;
}

static bool verify_hmac(const jws *t, str key)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (!HMAC(digest(jws_algorithm_digest(t->algorithm)), key.p, (int)key.n,
		    (const unsigned char *)t->signed_part.p, t->signed_part.n, mac, &n))
		return false;
	bool same = t->signature.n == n && CRYPTO_memcmp(mac, t->signature.p, n) == 0;
	mem_wipe(mac, sizeof mac);
	return same;
}

/* r || s, each as long as the curve's order, to DER (RFC 7518 §3.4). 0: not of that form. */
static int ecdsa_der(str sig, size_t half, unsigned char **der)
{
	*der = NULL;
	if (sig.n != 2 * half) return 0;
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn((const unsigned char *)sig.p, (int)half, NULL);
	BIGNUM *v = BN_bin2bn((const unsigned char *)sig.p + half, (int)half, NULL);
	int n = 0;
	if (s && r && v && ECDSA_SIG_set0(s, r, v) == 1) {
		n = BN_is_zero(r) || BN_is_zero(v) ? 0 : i2d_ECDSA_SIG(s, der);
	} else {
		BN_free(r);
		BN_free(v);
	}
	ECDSA_SIG_free(s);
	return n > 0 ? n : 0;
}

/* The salt as long as the digest (RFC 7518 §3.5), so that a short one is refused. */
static bool set_pss(EVP_PKEY_CTX *c, const EVP_MD *md)
{
	return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1 &&
		EVP_PKEY_CTX_set_rsa_mgf1_md(c, md) == 1;
}

static bool verify_pkey(const jws *t, EVP_PKEY *pkey)
{
	jws_family family = jws_algorithm_family(t->algorithm);
	const EVP_MD *md = digest(jws_algorithm_digest(t->algorithm));
	const unsigned char *sig = (const unsigned char *)t->signature.p;
	size_t sig_n = t->signature.n;
	unsigned char *der = NULL;
	EVP_PKEY_CTX *c = NULL; /* the context's */
	if (family == JWS_ECDSA) {
		sig_n = (size_t)ecdsa_der(t->signature, ((size_t)EVP_PKEY_get_bits(pkey) + 7) / 8, &der);
		if (!sig_n) return false;
		sig = der;
	}
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	bool ok = m && EVP_DigestVerifyInit(m, &c, md, NULL, pkey) == 1 && (family != JWS_PSS || set_pss(c, md)) &&
		EVP_DigestVerify(m, sig, sig_n, (const unsigned char *)t->signed_part.p, t->signed_part.n) == 1;
	EVP_MD_CTX_free(m);
	OPENSSL_free(der);
	ERR_clear_error();
	return ok;
}

/* Hasura takes every algorithm that suits the key; the names of what is configured, for the refusal. */
static bool wrong_algorithm(const jws *t, uint32_t allowed, error *err)
{
	str names = STR("");
	for (unsigned i = 0; i < JWS_ALGORITHM_COUNT; i++) {
		if (!(allowed & 1u << i)) continue;
		names = str_cat(
			err->a, 3, names, names.n ? STR(" or ") : STR(""), jws_algorithm_name((jws_algorithm)i));
	}
	return error_set(err, ERR_INVALID_JWT, STR_NULL,
		"%sthe token's algorithm %.*s is not the configured %.*s (--jwt-lenient accepts all that suit the key)",
		prefix, STR_ARG(jws_algorithm_name(t->algorithm)), STR_ARG(names));
}

bool jws_verify(const jws *t, const key_set *s, bool *unknown_kid, error *err)
{
	uint32_t allowed = 0, suits = 0;
	bool named = false;
	unsigned tries = 0;
	*unknown_kid = false;
	if (!s || !s->n) return bad(err, "JWSError NoUsableKeys");
	for (size_t i = 0; i < s->n; i++) {
		allowed |= s->keys[i].algorithms;
		suits |= s->keys[i].suits;
		named |= t->kid.n && str_eq(s->keys[i].kid, t->kid);
	}
	if (t->algorithm == JWS_ALGORITHM_COUNT)
		return bad(err,
			str_eqz(t->algorithm_text, "none") ? "JWSError JWSNoSignatures"
							   : "JWSError AlgorithmNotImplemented");
	if (!(suits & 1u << t->algorithm)) return bad(err, "JWSError JWSInvalidSignature");
	if (!(allowed & 1u << t->algorithm)) return wrong_algorithm(t, allowed, err);
	for (size_t i = 0; i < s->n && tries < TRIES_MAX; i++) {
		const jwk *k = &s->keys[i];
		if (!(k->algorithms & 1u << t->algorithm)) continue;
		/* A key's own name must fit; a token or key without one leaves it to the signature. */
		if (t->kid.n && k->kid.n && !str_eq(k->kid, t->kid)) continue;
		if (named && !k->kid.n) continue;
		tries++;
		if (k->pkey ? verify_pkey(t, k->pkey) : verify_hmac(t, k->secret)) return true;
	}
	*unknown_kid = t->kid.n && !named;
	return bad(err, "JWSError JWSInvalidSignature");
}
