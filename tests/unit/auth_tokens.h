/* auth_tokens: keys and signed tokens for the tests of auth/. */
#pragma once
#include "auth/jws.h"
#include "base/base64.h"
#include "base/buf.h"
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

static inline EVP_PKEY *make_key(const char *kind)
{
	EVP_PKEY *k = !strcmp(kind, "RSA") ? EVP_RSA_gen(2048)
		: !strcmp(kind, "RSA1024") ? EVP_RSA_gen(1024)
		: !strcmp(kind, "ED25519") ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
					   : EVP_EC_gen(kind);
	assert_non_null(k);
	return k;
}

static inline str pem_text(arena *a, EVP_PKEY *k, bool pkcs1)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	OSSL_ENCODER_CTX *e = OSSL_ENCODER_CTX_new_for_pkey(
		k, EVP_PKEY_PUBLIC_KEY, "PEM", pkcs1 ? "pkcs1" : "SubjectPublicKeyInfo", NULL);
	assert_int_equal(OSSL_ENCODER_to_bio(e, b), 1);
	OSSL_ENCODER_CTX_free(e);
	long n = BIO_get_mem_data(b, &p);
	str out = str_copy(a, str_make(p, (size_t)n));
	BIO_free(b);
	return out;
}

/* A self-signed certificate of the key. */
static inline str cert_text(arena *a, EVP_PKEY *k)
{
	X509 *x = X509_new();
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, k);
	assert_true(X509_sign(x, k, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(b, x), 1);
	long n = BIO_get_mem_data(b, &p);
	str out = str_copy(a, str_make(p, (size_t)n));
	BIO_free(b);
	X509_free(x);
	return out;
}

static inline const EVP_MD *token_digest_of(jws_algorithm alg)
{
	unsigned bits = jws_algorithm_digest(alg);
	return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : bits == 512 ? EVP_sha512() : NULL;
}

static inline str raw_ecdsa(arena *a, const unsigned char *der, size_t n, size_t half)
{
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
	unsigned char *out = (unsigned char *)arena_bytes(a, 2 * half);
	BN_bn2binpad(ECDSA_SIG_get0_r(s), out, (int)half);
	BN_bn2binpad(ECDSA_SIG_get0_s(s), out + half, (int)half);
	ECDSA_SIG_free(s);
	return str_make((char *)out, 2 * half);
}

/* salt: of PS algorithms; -1: as long as the digest. */
static inline str sign_pkey(arena *a, jws_algorithm alg, EVP_PKEY *k, int salt, str text)
{
	unsigned char sig[1024];
	size_t n = sizeof sig;
	EVP_PKEY_CTX *c;
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(m, &c, token_digest_of(alg), NULL, k), 1);
	if (jws_algorithm_family(alg) == JWS_PSS) {
		EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(c, salt);
	}
	assert_int_equal(EVP_DigestSign(m, sig, &n, (const unsigned char *)text.p, text.n), 1);
	EVP_MD_CTX_free(m);
	if (jws_algorithm_family(alg) == JWS_ECDSA) return raw_ecdsa(a, sig, n, ((size_t)EVP_PKEY_get_bits(k) + 7) / 8);
	return str_copy(a, str_make((char *)sig, n));
}

static inline str sign_hmac(arena *a, jws_algorithm alg, str key, str text)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n;
	HMAC(token_digest_of(alg), key.p, (int)key.n, (const unsigned char *)text.p, text.n, mac, &n);
	return str_copy(a, str_make((char *)mac, n));
}

/* header.payload.signature; pkey NULL: HMAC with secret. */
static inline str make_token(arena *a, str header, str claims, jws_algorithm alg, EVP_PKEY *pkey, str secret)
{
	str text = str_cat(a, 3, base64url_encode(a, header), STR("."), base64url_encode(a, claims));
	str sig = pkey ? sign_pkey(a, alg, pkey, -1, text) : sign_hmac(a, alg, secret, text);
	return str_cat(a, 3, text, STR("."), base64url_encode(a, sig));
}

/* The usual header {"alg":…}. */
static inline str make_plain(arena *a, str claims, jws_algorithm alg, EVP_PKEY *pkey, str secret)
{
	str header = str_printf(a, "{\"typ\":\"JWT\",\"alg\":\"%.*s\"}", STR_ARG(jws_algorithm_name(alg)));
	return make_token(a, header, claims, alg, pkey, secret);
}
