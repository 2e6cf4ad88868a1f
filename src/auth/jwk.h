/*
 * jwk: the keys tokens are verified with. RFC 7517, 7518, 8037. A key_set is immutable and reference-counted, so that
 * workers may use one while another is fetched. Any thread.
 */
#pragma once
#include "base/error.h"
#include "base/json.h"

/* X(name, text, family, digest): the signature algorithms. */
#define JWS_ALGORITHMS(X)                     \
	X(JWS_HS256, "HS256", JWS_HMAC, 256)  \
	X(JWS_HS384, "HS384", JWS_HMAC, 384)  \
	X(JWS_HS512, "HS512", JWS_HMAC, 512)  \
	X(JWS_RS256, "RS256", JWS_RSA, 256)   \
	X(JWS_RS384, "RS384", JWS_RSA, 384)   \
	X(JWS_RS512, "RS512", JWS_RSA, 512)   \
	X(JWS_PS256, "PS256", JWS_PSS, 256)   \
	X(JWS_PS384, "PS384", JWS_PSS, 384)   \
	X(JWS_PS512, "PS512", JWS_PSS, 512)   \
	X(JWS_ES256, "ES256", JWS_ECDSA, 256) \
	X(JWS_ES384, "ES384", JWS_ECDSA, 384) \
	X(JWS_ES512, "ES512", JWS_ECDSA, 512) \
	X(JWS_EDDSA, "EdDSA", JWS_ED, 0)

typedef enum jws_algorithm {
#define X(name, text, family, digest) name,
	JWS_ALGORITHMS(X)
#undef X
		JWS_ALGORITHM_COUNT
} jws_algorithm;

typedef enum jws_family { JWS_HMAC, JWS_RSA, JWS_PSS, JWS_ECDSA, JWS_ED } jws_family;

str jws_algorithm_name(jws_algorithm a);
jws_family jws_algorithm_family(jws_algorithm a);
/* Bits of the digest; 0: none of its own. */
unsigned jws_algorithm_digest(jws_algorithm a);
/* JWS_ALGORITHM_COUNT: none that is known. Case counts. */
jws_algorithm jws_algorithm_from(str name);

struct evp_pkey_st;

typedef struct jwk {
	str kid;                  /* empty: none */
	uint32_t algorithms;      /* bit set of jws_algorithm: what this key may verify */
	uint32_t suits;           /* what it could verify */
	struct evp_pkey_st *pkey; /* NULL: HMAC */
	str secret;               /* HMAC */
} jwk;

typedef struct key_set key_set;
struct key_set {
	arena *a;
	jwk *keys;
	size_t n;
	_Atomic unsigned refs;
};

enum { KEY_SET_MAX = 256, RSA_MIN_BITS = 2048, RSA_MAX_BITS = 16384 };

key_set *key_set_ref(key_set *s);
void key_set_unref(key_set *s); /* NULL is fine; secrets are wiped */

/* The one key of a configuration: type as Hasura names it (HS256 … ES512, Ed25519, and here PS256 …), key an HMAC secret
 * or a PEM text (PKCS#1, PKCS#8/SPKI, X.509). lenient: the key may verify every algorithm that suits it, not just type.
 * Error: ERR_INVALID_CONFIGURATION "Invalid JWK: …". */
MUST_CHECK bool key_set_from_config(str type, str key, bool lenient, key_set **out, error *err);
/* A JWK set as JSON text. Keys that are not for verifying or not understood are left out (RFC 7517 §5); sloppy base64 of
 * RSA keys is repaired, as in Hasura. Error: not a set, or not one key that can be used. */
MUST_CHECK bool key_set_from_json(arena *scratch, str text, key_set **out, error *err);
