/* Signatures: the examples of the RFCs, every algorithm, and what must not pass. */
#include "suite.h"

#include "auth_tokens.h"

#define JOE "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

PER_TEST_ARENA(A)

/* ---- RFC 7515 appendix A, RFC 8037 appendix A.4 ---- */

static const struct {
	const char *token, *jwk;
} examples[] = {
	{"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}"},
	{"eyJhbGciOiJSUzI1NiJ9." JOE
	 ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcA"
	 "cQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEs"
	 "qtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
		"{\"kty\":\"RSA\",\"n\":"
		"\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs"
		"D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQ"
		"Y4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\","
		"\"e\":\"AQAB\"}"},
	{"eyJhbGciOiJFUzI1NiJ9." JOE
	 ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_"
		"tue659LNpXW6pCyStikYjKIWI5a0\"}"},
	{"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-"
	 "KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
		"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_"
		"NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-"
		"x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\"}"},
	{"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"
	 "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"},
};

static key_set *set_of(const char *keys)
{
	key_set *s;
	error err;
	error_init(&err, A);
	str text = str_printf(A, "{\"keys\":[%s]}", keys);
	if (!key_set_from_json(A, text, &s, &err)) fail_msg("%.*s", STR_ARG(err.message));
	return s;
}

/* The error's message, or "" when the token passes. */
static str check(str token, const key_set *s)
{
	jws t;
	error err;
	bool unknown;
	error_init(&err, A);
	return jws_parse(A, token, &t, &err) && jws_verify(&t, s, &unknown, &err) ? STR("") : err.message;
}

static void assert_text(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got  %.*s\nwant %s", STR_ARG(got), want);
}

#define PREFIX "Could not verify JWT: "
#define INVALID PREFIX "JWSError JWSInvalidSignature"

static void examples_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		key_set *s = set_of(examples[i].jwk);
		assert_text(check(str_from(examples[i].token), s), "");
		key_set_unref(s);
	}
}

/* One bit of any byte of payload or signature changed. */
static void changed_examples_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		key_set *s = set_of(examples[i].jwk);
		str token = str_copy(A, str_from(examples[i].token));
		for (size_t k = str_find_char(token, '.') + 1; k < token.n; k += 7) {
			char *at = (char *)(uintptr_t)&token.p[k], old = *at;
			if (old == '.') continue;
			*at = old == 'A' ? 'B' : 'A';
			assert_true(check(token, s).n > 0);
			*at = old;
		}
		key_set_unref(s);
	}
}

/* ---- every algorithm with PEM keys ---- */

static const struct {
	jws_algorithm alg;
	const char *key;
} all[] = {{JWS_RS256, "RSA"}, {JWS_RS384, "RSA"}, {JWS_RS512, "RSA"}, {JWS_PS256, "RSA"}, {JWS_PS384, "RSA"},
	{JWS_PS512, "RSA"}, {JWS_ES256, "P-256"}, {JWS_ES384, "P-384"}, {JWS_ES512, "P-521"}, {JWS_EDDSA, "ED25519"}};

static str type_of(jws_algorithm alg)
{
	return alg == JWS_EDDSA ? STR("Ed25519") : jws_algorithm_name(alg);
}

static key_set *config_set(str type, str key, bool lenient)
{
	key_set *s;
	error err;
	error_init(&err, A);
	if (!key_set_from_config(type, key, lenient, &s, &err)) fail_msg("%.*s", STR_ARG(err.message));
	return s;
}

static void all_algorithms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		EVP_PKEY *k = make_key(all[i].key), *other = make_key(all[i].key);
		key_set *s = config_set(type_of(all[i].alg), pem_text(A, k, false), false);
		assert_text(check(make_plain(A, STR("{}"), all[i].alg, k, STR_NULL), s), "");
		assert_text(check(make_plain(A, STR("{}"), all[i].alg, other, STR_NULL), s), INVALID);
		EVP_PKEY_free(k);
		EVP_PKEY_free(other);
		key_set_unref(s);
	}
	for (unsigned alg = JWS_HS256; alg <= JWS_HS512; alg++) {
		str secret = str_printf(A, "%064d", 7);
		key_set *s = config_set(jws_algorithm_name(alg), secret, false);
		assert_text(check(make_plain(A, STR("{}"), alg, NULL, secret), s), "");
		assert_text(check(make_plain(A, STR("{}"), alg, NULL, str_printf(A, "%064d", 8)), s), INVALID);
		key_set_unref(s);
	}
}

static void pem_forms(void **state)
{
	(void)state;
	EVP_PKEY *rsa = make_key("RSA"), *ec = make_key("P-256");
	str forms[] = {pem_text(A, rsa, false), pem_text(A, rsa, true), cert_text(A, rsa)};
	for (size_t i = 0; i < 3; i++) {
		key_set *s = config_set(STR("RS256"), forms[i], false);
		assert_text(check(make_plain(A, STR("{}"), JWS_RS256, rsa, STR_NULL), s), "");
		key_set_unref(s);
	}
	key_set *s = config_set(STR("ES256"), cert_text(A, ec), false);
	assert_text(check(make_plain(A, STR("{}"), JWS_ES256, ec, STR_NULL), s), "");
	key_set_unref(s);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

/* ---- keys that are refused ---- */

static void bad_config(str type, str key, const char *want)
{
	key_set *s;
	error err;
	error_init(&err, A);
	assert_false(key_set_from_config(type, key, false, &s, &err));
	assert_int_equal(err.code, ERR_INVALID_CONFIGURATION);
	assert_text(err.message, want);
}

static void bad_keys(void **state)
{
	(void)state;
	EVP_PKEY *small = make_key("RSA1024"), *ec = make_key("P-256"), *odd = make_key("secp256k1");
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	PEM_write_bio_PrivateKey(b, ec, NULL, NULL, 0, NULL, NULL);
	str private_key = str_copy(A, str_make(p, (size_t)BIO_get_mem_data(b, &p)));
	BIO_free(b);
	bad_config(STR("HS256"), STR("short"), "Invalid JWK: Key size too small; should be atleast 32 characters");
	bad_config(STR("HS512"), str_printf(A, "%063d", 1),
		"Invalid JWK: Key size too small; should be atleast 64 characters");
	bad_config(STR("ES256K"), STR("x"), "Invalid JWK: Key type: ES256K is not supported");
	bad_config(STR("none"), STR("x"), "Invalid JWK: Key type: none is not supported");
	bad_config(
		STR("RS256"), STR("not PEM"), "Invalid JWK: Could not decode PEM: no public key or certificate found");
	bad_config(STR("ES256"), private_key, "Invalid JWK: Could not decode PEM: no public key or certificate found");
	bad_config(STR("RS256"), pem_text(A, small, false),
		"Invalid JWK: RSA keys need 2048 to 16384 bits and an odd exponent above 1");
	bad_config(STR("ES256"), pem_text(A, odd, false), "Invalid JWK: the curve is not P-256, P-384 or P-521");
	bad_config(STR("RS256"), pem_text(A, ec, false),
		"Invalid JWK: the key does not suit type RS256 (--jwt-lenient takes the algorithm from the key)");
	EVP_PKEY_free(small);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(odd);
}

static void bad_set(const char *text, const char *want)
{
	key_set *s;
	error err;
	error_init(&err, A);
	assert_false(key_set_from_json(A, str_from(text), &s, &err));
	if (want) assert_text(err.message, want);
}

#define NO_KEY "the JWK set has no key that can verify a token"
#define ED_X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OCT "\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T\""

static void bad_sets(void **state)
{
	(void)state;
	bad_set("<html>", NULL);
	bad_set("[]", "not a JWK set: no list \"keys\"");
	bad_set("{}", "not a JWK set: no list \"keys\"");
	bad_set("{\"keys\":{}}", "not a JWK set: no list \"keys\"");
	static const char *const keys[] = {"", "1", "null", "{}", "{\"kty\":\"oct\"}",
		"{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}", "{\"kty\":\"OKP\",\"crv\":\"X25519\"," ED_X "}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," ED_X ",\"use\":\"enc\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," ED_X ",\"key_ops\":[\"sign\"]}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," ED_X ",\"alg\":\"RS256\"}", "{" OCT ",\"alg\":\"none\"}",
		/* a point that is not on the curve */
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
		/* RSA of 512 bits; e = 1 */
		"{\"kty\":\"RSA\",\"n\":\"AMb_iNIPFuSYCxDSYwLQ0Xvo5-Vq0d5T9zQdHDzV9XcsPYYDkAgpx8RlKN4xZvQ6ZPjYy3nKPuDTwhvZsDPq3yM\","
		"\"e\":\"AQAB\"}"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		bad_set(str_z(A, str_printf(A, "{\"keys\":[%s]}", keys[i])), NO_KEY);
}

/* One key that can be used among others that cannot; sloppy base64 in RSA keys. */
static void good_sets(void **state)
{
	(void)state;
	key_set *s = set_of("{\"kty\":\"unknown\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," ED_X
			    ",\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"EdDSA\",\"kid\":\"k1\"},{}");
	assert_int_equal(s->n, 1);
	assert_true(str_eqz(s->keys[0].kid, "k1"));
	key_set_unref(s);
	str sloppy = str_copy(A, str_from(examples[1].jwk));
	for (size_t i = 0; i < sloppy.n; i++) {
		char *c = (char *)(uintptr_t)&sloppy.p[i];
		if (*c == '-') *c = '+';
		if (*c == '_') *c = '/';
	}
	size_t end = str_find(sloppy, STR("\",\"e\""));
	sloppy = str_cat(A, 3, str_sub(sloppy, 0, end), STR("=="), str_from_at(sloppy, end));
	s = set_of(str_z(A, sloppy));
	assert_text(check(str_from(examples[1].token), s), "");
	key_set_unref(s);
}

/* ---- attacks ---- */

static void algorithm_confusion(void **state)
{
	(void)state;
	EVP_PKEY *rsa = make_key("RSA");
	str pem = pem_text(A, rsa, false);
	key_set *s = config_set(STR("RS256"), pem, false), *lenient = config_set(STR("RS256"), pem, true);
	/* the public key as HMAC secret */
	static const jws_algorithm hmacs[] = {JWS_HS256, JWS_HS384, JWS_HS512};
	for (size_t i = 0; i < 3; i++) {
		str forged = make_plain(A, STR("{}"), hmacs[i], NULL, pem);
		assert_text(check(forged, s), INVALID);
		assert_text(check(forged, lenient), INVALID);
	}
	str other = make_plain(A, STR("{}"), JWS_RS512, rsa, STR_NULL);
	assert_text(check(other, s),
		PREFIX
		"the token's algorithm RS512 is not the configured RS256 (--jwt-lenient accepts all that suit the key)");
	assert_text(check(other, lenient), "");
	assert_text(check(make_plain(A, STR("{}"), JWS_PS256, rsa, STR_NULL), lenient), "");
	EVP_PKEY_free(rsa);
	key_set_unref(s);
	key_set_unref(lenient);
	str secret = str_printf(A, "%064d", 7);
	s = config_set(STR("HS256"), secret, false);
	assert_true(check(make_plain(A, STR("{}"), JWS_HS512, NULL, secret), s).n > 0);
	key_set_unref(s);
}

static void no_algorithm(void **state)
{
	(void)state;
	str secret = str_printf(A, "%064d", 7);
	key_set *s = config_set(STR("HS256"), secret, true);
	static const char *const algs[] = {"none", "None", "NONE", "nOnE", "hs256", "HS256 ", "", "ES256K", "HS1"};
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
		str head = base64url_encode(A, str_printf(A, "{\"alg\":\"%s\"}", algs[i]));
		str text = str_cat(A, 3, head, STR("."), base64url_encode(A, STR("{}")));
		str sig = base64url_encode(A, sign_hmac(A, JWS_HS256, secret, text));
		assert_true(check(str_cat(A, 2, text, STR(".")), s).n > 0);
		assert_true(check(str_cat(A, 3, text, STR("."), sig), s).n > 0);
	}
	assert_text(check(str_cat(A, 2, base64url_encode(A, STR("{\"alg\":\"none\"}")), STR(".e30.")), s),
		PREFIX "JWSError JWSNoSignatures");
	key_set_unref(s);
}

static void bad_headers(void **state)
{
	(void)state;
	str secret = str_printf(A, "%064d", 7);
	key_set *s = config_set(STR("HS256"), secret, false);
	static const char *const headers[] = {"", "null", "[]", "\"x\"", "{}", "{\"alg\":null}", "{\"alg\":1}",
		"{\"alg\":[\"HS256\"]}", "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}",
		"{\"alg\":\"HS256\",\"crit\":[]}", "{\"alg\":\"HS256\"", "{\"alg\":\"HS256\"}x",
		"{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}"};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		assert_true(check(make_token(A, str_from(headers[i]), STR("{}"), JWS_HS256, NULL, secret), s).n > 0);
	/* keys in the header are not looked at: they neither help nor hinder */
	static const char *const ignored[] = {"{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
		"{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:1/\"}",
		"{\"alg\":\"HS256\",\"x5u\":\"file:///etc/passwd\"}",
		"{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\"}", "{\"alg\":\"HS256\",\"kid\":\"' or 1=1 --\"}"};
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
		str head = str_from(ignored[i]);
		assert_text(check(make_token(A, head, STR("{}"), JWS_HS256, NULL, secret), s), "");
		assert_text(check(make_token(A, head, STR("{}"), JWS_HS256, NULL, STR("AAAA")), s), INVALID);
	}
	key_set_unref(s);
}

static void malformed(void **state)
{
	(void)state;
	key_set *s = config_set(STR("HS256"), str_printf(A, "%064d", 7), false);
	assert_text(check(STR("x"), s),
		PREFIX "JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 1)");
	assert_text(check(STR("a.b"), s),
		PREFIX "JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 2)");
	assert_text(check(STR("a.b.c.d.e"), s),
		PREFIX "JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 5)");
	static const char *const tokens[] = {"", "..", "...", "a.b.c", "e30.e30.e30", "e30=.e30.AAAA", "e30.e30=.AAAA",
		"e3 0.e30.AAAA", "e30.e30.AA+A", "eyJhbGciOiJIUzI1NiJ9..", "eyJhbGciOiJIUzI1NiJ9.e30.A",
		"eyJhbGciOiJIUzI1NiJ9.e30.AB", "\xff.\xff.\xff"};
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
		assert_true(check(str_from(tokens[i]), s).n > 0);
	/* a header nested 20,000 deep, and one of 60 kB */
	str deep = str_cat(A, 1, STR("{\"alg\":\"HS256\",\"x\":"));
	buf b = {0};
	buf_put(&b, deep);
	for (int i = 0; i < 20000; i++)
		buf_putc(&b, '[');
	str token = str_cat(A, 2, base64url_encode(A, buf_str(&b)), STR(".e30.AAAA"));
	assert_true(check(token, s).n > 0);
	buf_clear(&b);
	for (int i = 0; i < 60000; i++)
		buf_putc(&b, 'A');
	assert_true(check(buf_str(&b), s).n > 0);
	buf_free(&b);
	key_set_unref(s);
}

/* r = s = 0 (as Java once took it), a signature of the wrong length, a PSS salt that is too short. */
static void forged_signatures(void **state)
{
	(void)state;
	EVP_PKEY *ec = make_key("P-256"), *rsa = make_key("RSA");
	key_set *s = config_set(STR("ES256"), pem_text(A, ec, false), false);
	str text = str_cat(A, 2, base64url_encode(A, STR("{\"alg\":\"ES256\"}")), STR(".e30"));
	char zero[132] = {0};
	for (size_t n = 0; n <= sizeof zero; n++)
		assert_true(check(str_cat(A, 3, text, STR("."), base64url_encode(A, str_make(zero, n))), s).n > 0);
	key_set_unref(s);
	s = config_set(STR("PS256"), pem_text(A, rsa, false), false);
	text = str_cat(A, 2, base64url_encode(A, STR("{\"alg\":\"PS256\"}")), STR(".e30"));
	str good = sign_pkey(A, JWS_PS256, rsa, 32, text), poor = sign_pkey(A, JWS_PS256, rsa, 0, text);
	assert_text(check(str_cat(A, 3, text, STR("."), base64url_encode(A, good)), s), "");
	assert_text(check(str_cat(A, 3, text, STR("."), base64url_encode(A, poor)), s), INVALID);
	key_set_unref(s);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
}

/* ---- kid ---- */

static bool unknown_kid(str token, const key_set *s, bool *passes)
{
	jws t;
	error err;
	bool unknown = false;
	error_init(&err, A);
	*passes = jws_parse(A, token, &t, &err) && jws_verify(&t, s, &unknown, &err);
	return unknown;
}

static void key_names(void **state)
{
	(void)state;
	str one = str_printf(A, "%064d", 1), two = str_printf(A, "%064d", 2), bare = str_printf(A, "%064d", 3);
	key_set *s = set_of(str_z(A,
		str_printf(A,
			"{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"%.*s\"},{\"kty\":\"oct\",\"kid\":\"2\",\"k\":\"%.*s\"}",
			STR_ARG(base64url_encode(A, one)), STR_ARG(base64url_encode(A, two)))));
	bool passes;
	str k1 = STR("{\"alg\":\"HS256\",\"kid\":\"1\"}"), k3 = STR("{\"alg\":\"HS256\",\"kid\":\"3\"}"),
	    none = STR("{\"alg\":\"HS256\"}");
	assert_false(unknown_kid(make_token(A, k1, STR("{}"), JWS_HS256, NULL, one), s, &passes));
	assert_true(passes);
	assert_false(unknown_kid(make_token(A, k1, STR("{}"), JWS_HS256, NULL, two), s, &passes));
	assert_false(passes);
	assert_false(unknown_kid(make_token(A, none, STR("{}"), JWS_HS256, NULL, two), s, &passes));
	assert_true(passes);
	assert_true(unknown_kid(make_token(A, k3, STR("{}"), JWS_HS256, NULL, one), s, &passes));
	assert_false(passes);
	key_set_unref(s);
	s = config_set(STR("HS256"), bare, false);
	unknown_kid(make_token(A, k3, STR("{}"), JWS_HS256, NULL, bare), s, &passes);
	assert_true(passes);
	key_set_unref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(examples_pass, test_begin, test_end),
		cmocka_unit_test_setup_teardown(changed_examples_fail, test_begin, test_end),
		cmocka_unit_test_setup_teardown(all_algorithms, test_begin, test_end),
		cmocka_unit_test_setup_teardown(pem_forms, test_begin, test_end),
		cmocka_unit_test_setup_teardown(bad_keys, test_begin, test_end),
		cmocka_unit_test_setup_teardown(bad_sets, test_begin, test_end),
		cmocka_unit_test_setup_teardown(good_sets, test_begin, test_end),
		cmocka_unit_test_setup_teardown(algorithm_confusion, test_begin, test_end),
		cmocka_unit_test_setup_teardown(no_algorithm, test_begin, test_end),
		cmocka_unit_test_setup_teardown(bad_headers, test_begin, test_end),
		cmocka_unit_test_setup_teardown(malformed, test_begin, test_end),
		cmocka_unit_test_setup_teardown(forged_signatures, test_begin, test_end),
		cmocka_unit_test_setup_teardown(key_names, test_begin, test_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
