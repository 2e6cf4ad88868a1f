/* Who asks: modes, secrets, roles, tokens and their claims, from headers to session or error. */
#include "suite.h"

#include "auth/auth.h"
#include "auth_tokens.h"
#include "base/clock.h"

static arena *A;
static uv_loop_t loop;
static auth *the_auth;
static auth_worker *the_worker;

static int begin(void **state)
{
	(void)state;
	A = arena_new(0);
	uv_loop_init(&loop);
	the_auth = NULL;
	the_worker = NULL;
	return 0;
}

static void drop_auth(void)
{
	auth_worker_free(the_worker);
	uv_run(&loop, UV_RUN_DEFAULT);
	auth_free(the_auth);
	the_auth = NULL;
	the_worker = NULL;
}

static int end(void **state)
{
	(void)state;
	drop_auth();
	assert_int_equal(uv_loop_close(&loop), 0);
	arena_free(A);
	return 0;
}

static void use(auth_config c)
{
	error err;
	error_init(&err, A);
	drop_auth();
	if (!auth_new(&c, &the_auth, &err)) fail_msg("%.*s", STR_ARG(err.message));
	the_worker = auth_worker_new(the_auth, &loop, 0);
}

static void refused(auth_config c, const char *want)
{
	auth *a;
	error err;
	error_init(&err, A);
	if (auth_new(&c, &a, &err)) fail_msg("was taken, wanted: %s", want);
	if (!str_eqz(err.message, want)) fail_msg("got  %.*s\nwant %s", STR_ARG(err.message), want);
}

/* ---- asking ---- */

typedef struct answer {
	bool done;
	const session *s;
	error_code code;
	int status;
	str message;
} answer;

static void take(auth_request *r, const session *s, const error *err)
{
	answer *a = r->data;
	assert_false(a->done);
	a->done = true;
	a->s = s;
	assert_true((s != NULL) != (err != NULL));
	if (!err) return;
	a->code = err->code;
	a->status = error_status(err);
	a->message = err->message;
}

/* headers: "name: value" lines. */
static answer ask(str headers)
{
	answer *a = NEW(A, answer);
	str_pair *h = NEW_ARRAY(A, str_pair, 100);
	auth_request *r = NEW(A, auth_request);
	*r = (auth_request){.a = A, .headers = h, .done = take, .data = a};
	while (headers.n) {
		size_t end_of = str_find_char(headers, '\n');
		str line = end_of == SIZE_MAX ? headers : str_sub(headers, 0, end_of);
		size_t colon = str_find_char(line, ':');
		headers = end_of == SIZE_MAX ? STR("") : str_from_at(headers, end_of + 1);
		h[r->nheaders++] = (str_pair){str_sub(line, 0, colon), str_trim(str_from_at(line, colon + 1))};
	}
	auth_resolve(the_worker, r);
	assert_true(a->done);
	return *a;
}

static void expect_session(str headers, const char *want)
{
	answer a = ask(headers);
	if (!a.s) fail_msg("%.*s: %.*s", STR_ARG(headers), STR_ARG(a.message));
	str got = json_to_str(A, session_json(A, a.s));
	if (!str_eqz(got, want)) fail_msg("%.*s\ngot  %.*s\nwant %s", STR_ARG(headers), STR_ARG(got), want);
	const str *role = session_get(a.s, STR("x-hasura-role"));
	assert_true(role && str_eq(*role, a.s->role));
}

static void expect_error(str headers, error_code code, int status, const char *want)
{
	answer a = ask(headers);
	if (a.s) fail_msg("%.*s\ngot the role %.*s", STR_ARG(headers), STR_ARG(a.s->role));
	if (!str_eqz(a.message, want)) fail_msg("%.*s\ngot  %.*s\nwant %s", STR_ARG(headers), STR_ARG(a.message), want);
	assert_int_equal(a.code, code);
	assert_int_equal(a.status, status);
}

static const str two_secrets[] = {STR_INIT("s3cret"), STR_INIT("second")};
#define SECRETS .secrets = two_secrets, .nsecrets = 2, .version = STR("v2.48.0")
#define KEY32 "0123456789abcdef0123456789abcdef"
#define WRONG "invalid \"x-hasura-admin-secret\"/\"x-hasura-access-key\""
#define MISSING "\"x-hasura-admin-secret\"/\"x-hasura-access-key\" required, but not found"

/* ---- settings ---- */

static void settings(void **state)
{
	(void)state;
	str hook = STR("http://h/"), jwt = STR("{\"type\":\"HS256\",\"key\":\"" KEY32 "\"}");
	refused((auth_config){.hook_url = hook},
		"Fatal Error : --auth-hook (HASURA_GRAPHQL_AUTH_HOOK) requires --admin-secret (HASURA_GRAPHQL_ADMIN_SECRET) or  "
		"--access-key (HASURA_GRAPHQL_ACCESS_KEY) to be set");
	refused((auth_config){.jwt_secret = jwt},
		"Fatal Error : --jwt-secret (HASURA_GRAPHQL_JWT_SECRET) requires --admin-secret (HASURA_GRAPHQL_ADMIN_SECRET) or  "
		"--access-key (HASURA_GRAPHQL_ACCESS_KEY) to be set");
	refused((auth_config){SECRETS, .hook_url = hook, .jwt_secret = jwt},
		"Fatal Error: Both webhook and JWT mode cannot be enabled at the same time");
	const char *role =
		"Fatal Error: --unauthorized-role (HASURA_GRAPHQL_UNAUTHORIZED_ROLE) requires --admin-secret "
		"(HASURA_GRAPHQL_ADMIN_SECRET) or  --access-key (HASURA_GRAPHQL_ACCESS_KEY) to be set and is not allowed "
		"when --auth-hook (HASURA_GRAPHQL_AUTH_HOOK) is set";
	refused((auth_config){.unauthorized_role = STR("anonymous")}, role);
	refused((auth_config){SECRETS, .hook_url = hook, .unauthorized_role = STR("anonymous")}, role);
	refused((auth_config){SECRETS, .hook_url = STR("file:///etc/passwd")},
		"Fatal Error: --auth-hook (HASURA_GRAPHQL_AUTH_HOOK): write a URL that begins with http:// or https://");
}

static void jwt_settings(void **state)
{
	(void)state;
	static const struct {
		const char *config, *want;
	} rows[] = {
		{"{}", "key and jwk_url both cannot be empty"},
		{"[]", "expected an object"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"jwk_url\":\"http://x\"}",
			"key, jwk_url both cannot be present"},
		{"{\"key\":\"" KEY32 "\"}", "key \"type\" not found"},
		{"{\"type\":\"HS1\",\"key\":\"x\"}", "Invalid JWK: Key type: HS1 is not supported"},
		{"{\"type\":\"HS256\",\"key\":\"x\"}",
			"Invalid JWK: Key size too small; should be atleast 32 characters"},
		{"{\"jwk_url\":\"ftp://x\"}", "jwk_url: expected a URL that begins with http:// or https://"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32
		 "\",\"claims_namespace\":\"a\",\"claims_namespace_path\":\"$\"}",
			"claims_namespace and claims_namespace_path both cannot be set"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"claims_namespace_path\":\"$.a b\"}",
			"invalid JSON path claims_namespace_path error: $.a b. Accept letters, digits, underscore (_) or hyphen (-) only. Use "
			"quotes enclosed in bracket ([\"...\"]) if there is any special character"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"claims_format\":\"yaml\"}",
			"claims_format: expected \"json\" or \"stringified_json\""},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"claims_map\":{}}",
			"x-hasura-allowed-roles is expected but not found"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"claims_map\":{\"x-hasura-allowed-roles\":[\"a\"]}}",
			"x-hasura-default-role is expected but not found"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32
		 "\",\"claims_map\":{\"x-hasura-allowed-roles\":[1],\"x-hasura-default-role\":\"a\"}}",
			"claims_map: x-hasura-allowed-roles: expected a list of roles"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32
		 "\",\"claims_map\":{\"x-hasura-allowed-roles\":[\"a\"],\"x-hasura-default-role\":{}}}",
			"claims_map: x-hasura-default-role: key \"path\" not found"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"header\":{\"type\":\"X\"}}",
			"expected 'type' is 'Authorization' or 'Cookie' or 'CustomHeader'"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"header\":{\"type\":\"Cookie\"}}",
			"header: key \"name\" not found"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"allowed_skew\":-1}",
			"allowed_skew: expected a number of seconds"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"audience\":1}",
			"audience: expected a text or a list of texts"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"audience\":[1]}",
			"audience: expected a text or a list of texts"},
		{"{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"issuer\":[]}", "issuer: expected a text"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		str one = str_printf(A, "Fatal Error: --jwt-secret (HASURA_GRAPHQL_JWT_SECRET): %s", rows[i].want);
		str many = str_printf(A, "Fatal Error: --jwt-secrets (HASURA_GRAPHQL_JWT_SECRETS): %s", rows[i].want);
		refused((auth_config){SECRETS, .jwt_secret = str_from(rows[i].config)}, str_z(A, one));
		refused((auth_config){SECRETS, .jwt_secrets = str_printf(A, "[%s]", rows[i].config)}, str_z(A, many));
	}
	refused((auth_config){SECRETS, .jwt_secrets = STR("{}")},
		"Fatal Error: --jwt-secrets (HASURA_GRAPHQL_JWT_SECRETS): expected a JSON array");
}

/* ---- without tokens ---- */

static void open_mode(void **state)
{
	(void)state;
	use((auth_config){.version = STR("v")});
	expect_session(STR(""), "{\"x-hasura-role\":\"admin\"}");
	expect_session(STR("X-Hasura-Role: user\nX-Hasura-User-Id: 7\nOther: x\nX-Hasura-Admin-Secret: y"),
		"{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"7\"}");
	expect_session(STR("X-Hasura-Role:"), "{\"x-hasura-role\":\"admin\"}");
	assert_true(ask(STR("")).s->admin_secret);
}

static void secret_mode(void **state)
{
	(void)state;
	use((auth_config){SECRETS});
	expect_session(STR("X-Hasura-Admin-Secret: s3cret"), "{\"x-hasura-role\":\"admin\"}");
	expect_session(STR("x-hasura-access-key: second\nx-hasura-role: me"), "{\"x-hasura-role\":\"me\"}");
	expect_error(STR(""), ERR_ACCESS_DENIED, 401, MISSING);
	expect_error(STR("X-Hasura-Role: admin"), ERR_ACCESS_DENIED, 401, MISSING);
	expect_error(STR("Authorization: Bearer s3cret"), ERR_ACCESS_DENIED, 401, MISSING);
	expect_error(STR("Cookie: x-hasura-admin-secret=s3cret"), ERR_ACCESS_DENIED, 401, MISSING);
	expect_error(STR("X_Hasura_Admin_Secret: s3cret"), ERR_ACCESS_DENIED, 401, MISSING);
	static const char *const wrong[] = {"X-Hasura-Admin-Secret:", "X-Hasura-Admin-Secret: s3cre",
		"X-Hasura-Admin-Secret: s3crets", "X-Hasura-Admin-Secret: S3CRET",
		"X-Hasura-Admin-Secret: wrong, s3cret", "x-hasura-access-key: x",
		"X-Hasura-Admin-Secret: s3cret\nX-Hasura-Admin-Secret: x",
		"X-Hasura-Admin-Secret: x\nX-Hasura-Admin-Secret: s3cret",
		"X-Hasura-Admin-Secret: s3cret\nx-hasura-access-key: x"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_error(str_from(wrong[i]), ERR_ACCESS_DENIED, 401, WRONG);
}

static void backend_permissions(void **state)
{
	(void)state;
	use((auth_config){SECRETS});
#define ADMIN "x-hasura-admin-secret: s3cret\n"
	static const struct {
		const char *value;
		bool on;
	} rows[] = {{"true", true}, {"T", true}, {"yes", true}, {"Y", true}, {"false", false}, {"f", false},
		{"No", false}, {"n", false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(
			ask(str_printf(A, ADMIN "x-hasura-use-backend-only-permissions: %s", rows[i].value)).s->backend,
			rows[i].on);
	assert_false(ask(STR(ADMIN "x-hasura-role: user")).s->backend);
	expect_error(STR(ADMIN "x-hasura-use-backend-only-permissions: 1"), ERR_BAD_REQUEST, 400,
		"\"x-hasura-use-backend-only-permissions\":  Not a valid boolean text. True values are [\"true\",\"t\",\"yes\",\"y\"] and  "
		"False values are [\"false\",\"f\",\"no\",\"n\"]. All values are case insensitive");
	expect_error(STR(ADMIN "X-Hasura-User-Id: 1\nx-hasura-user-id: 2"), ERR_BAD_REQUEST, 400,
		"\"x-hasura-user-id\" was given twice, with different values");
	expect_session(STR(ADMIN "X-Hasura-User-Id: 1\nx-hasura-user-id: 1"),
		"{\"x-hasura-role\":\"admin\",\"x-hasura-user-id\":\"1\"}");
}

static void unauthorized(void **state)
{
	(void)state;
	use((auth_config){SECRETS, .unauthorized_role = STR("anonymous")});
	expect_session(STR(""), "{\"x-hasura-role\":\"anonymous\"}");
	expect_session(STR("X-Hasura-Role: admin\nX-Hasura-User-Id: 1\nx-hasura-use-backend-only-permissions: true"),
		"{\"x-hasura-role\":\"anonymous\",\"x-hasura-use-backend-only-permissions\":\"true\",\"x-hasura-user-id\":\"1\"}");
	assert_false(ask(STR("x-hasura-use-backend-only-permissions: true")).s->backend);
	assert_false(ask(STR("")).s->admin_secret);
	expect_error(STR("X-Hasura-Admin-Secret: x"), ERR_ACCESS_DENIED, 401, WRONG);
	use((auth_config){SECRETS, .unauthorized_role = STR("anonymous"), .unauthorized_drops_variables = true});
	expect_session(STR("X-Hasura-Role: admin\nX-Hasura-User-Id: 1"), "{\"x-hasura-role\":\"anonymous\"}");
}

/* ---- tokens ---- */

#define HS "{\"type\":\"HS256\",\"key\":\"" KEY32 "\"}"
#define NS "\"https://hasura.io/jwt/claims\":"
#define ROLES "\"x-hasura-allowed-roles\":[\"user\",\"editor\"],\"x-hasura-default-role\":\"user\""

static str token_of(const char *claims)
{
	return make_plain(A, str_from(claims), JWS_HS256, NULL, STR(KEY32));
}

static str with_token(const char *claims, const char *more)
{
	return str_printf(A, "Authorization: Bearer %.*s\n%s", STR_ARG(token_of(claims)), more);
}

static void use_jwt(const char *config)
{
	use((auth_config){SECRETS, .jwt_secret = str_from(config)});
}

#define GOOD "{" NS "{" ROLES ",\"X-Hasura-User-Id\":\"1\",\"other\":5}}"

static void tokens(void **state)
{
	(void)state;
	use_jwt(HS);
	for (int i = 0; i < 2; i++) { /* the second time from the cache */
		expect_session(with_token(GOOD, ""), "{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"1\"}");
		expect_session(with_token(GOOD, "X-Hasura-Role: editor\nX-Hasura-User-Id: 9\nX-Hasura-More: x"),
			"{\"x-hasura-role\":\"editor\",\"x-hasura-user-id\":\"1\"}");
		expect_error(with_token(GOOD, "X-Hasura-Role: admin"), ERR_ACCESS_DENIED, 400,
			"Your requested role is not in allowed roles");
		expect_error(with_token(GOOD, "X-Hasura-Admin-Secret: x"), ERR_ACCESS_DENIED, 401, WRONG);
	}
	expect_session(with_token(GOOD, "X-Hasura-Admin-Secret: s3cret"), "{\"x-hasura-role\":\"admin\"}");
	expect_session(with_token(GOOD, "X-Hasura-Role:"), "{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"1\"}");
	expect_error(STR(""), ERR_INVALID_HEADERS, 400,
		"Missing 'Authorization' or 'Cookie' header in JWT authentication mode");
	expect_session(
		with_token("{" NS "{" ROLES ",\"x-hasura-role\":\"admin\"}}", ""), "{\"x-hasura-role\":\"user\"}");
	assert_false(ask(with_token(GOOD, "x-hasura-use-backend-only-permissions: true")).s->backend);
	assert_false(ask(with_token(GOOD, "")).s->admin_secret);
}

static void token_places(void **state)
{
	(void)state;
	str token = token_of(GOOD);
	const char *ok = "{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"1\"}";
	static const char malformed[] = "Malformed Authorization header";
	static const char multiple[] = "Could not verify JWT: Multiple JWTs found";
	static const char missing[] = "Missing 'Authorization' or 'Cookie' header in JWT authentication mode";
	use_jwt(HS);
	static const char *const bad[] = {"Authorization: %.*s", "Authorization: bearer %.*s",
		"Authorization: Basic %.*s", "Authorization: Bearer %.*s x", "Authorization: Bearer",
		"Authorization:", "Authorization: Bearer%.*s"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		str at = str_from(bad[i]);
		size_t mark = str_find(at, STR("%.*s"));
		str h = mark == SIZE_MAX ? at : str_cat(A, 3, str_sub(at, 0, mark), token, str_from_at(at, mark + 4));
		expect_error(h, ERR_INVALID_HEADERS, 400, malformed);
	}
	expect_session(str_printf(A, "authorization:   Bearer   %.*s", STR_ARG(token)), ok);
	expect_error(
		str_printf(A, "Authorization: Bearer %.*s\nAuthorization: Bearer %.*s", STR_ARG(token), STR_ARG(token)),
		ERR_INVALID_HEADERS, 400, multiple);
	use_jwt("{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"header\":{\"type\":\"Cookie\",\"name\":\"tok\"}}");
	expect_session(str_printf(A, "Cookie: a=b; tok=%.*s;c=d", STR_ARG(token)), ok);
	expect_error(str_printf(A, "Cookie: Tok=%.*s", STR_ARG(token)), ERR_INVALID_HEADERS, 400, missing);
	expect_error(str_printf(A, "Authorization: Bearer %.*s", STR_ARG(token)), ERR_INVALID_HEADERS, 400, missing);
	expect_error(str_printf(A, "Cookie: tok=%.*s; tok=x", STR_ARG(token)), ERR_INVALID_HEADERS, 400, multiple);
	use_jwt("{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"header\":{\"type\":\"CustomHeader\",\"name\":\"X-Tok\"}}");
	expect_session(str_printf(A, "x-tok: %.*s", STR_ARG(token)), ok);
	expect_error(str_printf(A, "Authorization: Bearer %.*s", STR_ARG(token)), ERR_INVALID_HEADERS, 400, missing);
}

/* Headers with a token whose claims have `text`, where @ stands for now and so many seconds. */
static str dated(const char *text, int64_t seconds)
{
	str t = str_from(text);
	size_t at = str_find_char(t, '@');
	str now = str_printf(A, "%lld", (long long)(clock_wall_ms() / 1000) + (long long)seconds);
	str date = at == SIZE_MAX ? t : str_cat(A, 3, str_sub(t, 0, at), now, str_from_at(t, at + 1));
	return with_token(str_z(A, str_cat(A, 3, STR("{"), date, STR("," NS "{" ROLES "}}"))), "");
}

static void dates(void **state)
{
	(void)state;
	const char *ok = "{\"x-hasura-role\":\"user\"}";
#define CANNOT "Could not verify JWT: "
	use_jwt(HS);
	expect_session(dated("\"exp\":@", 60), ok);
	expect_session(dated("\"exp\":@.5", 60), ok);
	expect_session(dated("\"iat\":@", -60), ok);
	expect_session(dated("\"nbf\":@", -60), ok);
	expect_session(dated("\"exp\":null", 0), ok);
	expect_error(dated("\"exp\":@", -1), ERR_INVALID_JWT, 400, CANNOT "JWTExpired");
	expect_error(dated("\"exp\":-@", 0), ERR_INVALID_JWT, 400, CANNOT "JWTExpired");
	expect_error(dated("\"exp\":1e-400", 0), ERR_INVALID_JWT, 400, CANNOT "JWTExpired");
	expect_error(dated("\"exp\":@.0e-3", 60), ERR_INVALID_JWT, 400, CANNOT "JWTExpired");
	expect_error(dated("\"iat\":@", 60), ERR_INVALID_JWT, 400, CANNOT "JWTIssuedAtFuture");
	expect_error(dated("\"nbf\":@", 60), ERR_INVALID_JWT, 400, CANNOT "JWTNotYetValid");
	expect_error(dated("\"exp\":\"@\"", 60), ERR_INVALID_JWT, 400,
		CANNOT "JWTClaimsSetDecodeError \"Error in $.exp: expected a number\"");
	static const char *const odd[] = {"true", "[1]", "{}"};
	for (size_t i = 0; i < 3; i++)
		assert_null(ask(dated(str_z(A, str_printf(A, "\"exp\":%s", odd[i])), 0)).s);
	/* endless ones: far away, not slow, not an overflow */
	static const char *const far[] = {"1e400", "1e1000000000", "99999999999999999999999999"};
	for (size_t i = 0; i < 3; i++)
		expect_session(dated(str_z(A, str_printf(A, "\"exp\":%s", far[i])), 0), ok);
	use_jwt("{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"allowed_skew\":60}");
	expect_session(dated("\"exp\":@", -30), ok);
	expect_session(dated("\"iat\":@", 30), ok);
	expect_session(dated("\"nbf\":@", 30), ok);
	expect_error(dated("\"exp\":@", -61), ERR_INVALID_JWT, 400, CANNOT "JWTExpired");
}

/* A token that is known must still expire. */
static void cached_token_expires(void **state)
{
	(void)state;
	use_jwt(HS);
	str h = dated("\"exp\":@", 2);
	answer a = ask(h);
	assert_non_null(a.s);
	assert_true(a.s->expires_ms > clock_wall_ms() && a.s->expires_ms % 1000 == 0);
	assert_non_null(ask(h).s);
	while (clock_wall_ms() < a.s->expires_ms)
		uv_sleep(20);
	expect_error(h, ERR_INVALID_JWT, 400, CANNOT "JWTExpired");
}

static void issuer_and_audience(void **state)
{
	(void)state;
	const char *ok = "{\"x-hasura-role\":\"user\"}";
	use_jwt("{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"issuer\":\"https://i\",\"audience\":[\"a\",\"b\"]}");
#define BOTH(iss, aud) with_token("{" iss aud NS "{" ROLES "}}", "")
	expect_session(BOTH("\"iss\":\"https://i\",", "\"aud\":\"b\","), ok);
	expect_session(BOTH("\"iss\":\"https://i\",", "\"aud\":[\"x\",\"a\"],"), ok);
	expect_error(BOTH("\"iss\":\"https://j\",", "\"aud\":\"b\","), ERR_INVALID_JWT, 400, CANNOT "JWTNotInIssuer");
	expect_error(BOTH("", "\"aud\":\"b\","), ERR_INVALID_JWT, 400, CANNOT "JWTNotInIssuer");
	expect_error(BOTH("\"iss\":\"https://i\",", "\"aud\":\"c\","), ERR_INVALID_JWT, 400, CANNOT "JWTNotInAudience");
	expect_error(BOTH("\"iss\":\"https://i\",", "\"aud\":[],"), ERR_INVALID_JWT, 400, CANNOT "JWTNotInAudience");
	expect_error(BOTH("\"iss\":\"https://i\",", ""), ERR_INVALID_JWT, 400, CANNOT "JWTNotInAudience");
	assert_null(ask(BOTH("\"iss\":\"https://i\",", "\"aud\":[\"a\",1],")).s);
	assert_null(ask(BOTH("\"iss\":[\"https://i\"],", "\"aud\":\"a\",")).s);
	use((auth_config){SECRETS, .jwt_lenient = true,
		.jwt_secret = STR("{\"type\":\"HS256\",\"key\":\"" KEY32
				  "\",\"issuer\":\"https://i\",\"audience\":[\"a\",\"b\"]}")});
	expect_session(BOTH("", ""), ok);
	expect_error(BOTH("\"iss\":\"https://j\",", ""), ERR_INVALID_JWT, 400, CANNOT "JWTNotInIssuer");
	expect_error(BOTH("", "\"aud\":\"c\","), ERR_INVALID_JWT, 400, CANNOT "JWTNotInAudience");
}

static void claims_errors(void **state)
{
	(void)state;
	static const struct {
		const char *claims;
		error_code code;
		const char *want;
	} rows[] = {
		{"{}", ERR_JWT_INVALID_CLAIMS, "claims key: 'https://hasura.io/jwt/claims' not found"},
		{"{" NS "[]}", ERR_JWT_INVALID_CLAIMS, "expecting a json object when claims_format is json"},
		{"{" NS "\"{}\"}", ERR_JWT_INVALID_CLAIMS, "expecting a json object when claims_format is json"},
		{"{" NS "{}}", ERR_JWT_MISSING_ROLE_CLAIMS, "JWT claim does not contain \"x-hasura-allowed-roles\""},
		{"{" NS "{\"x-hasura-allowed-roles\":[\"a\"]}}", ERR_JWT_MISSING_ROLE_CLAIMS,
			"JWT claim does not contain \"x-hasura-default-role\""},
		{"{" NS "{\"x-hasura-allowed-roles\":\"user\",\"x-hasura-default-role\":\"user\"}}",
			ERR_JWT_INVALID_CLAIMS,
			"invalid \"x-hasura-allowed-roles\"; should be a list of roles: parsing [] failed, expected Array, but encountered String"},
		{"{" NS "{\"x-hasura-allowed-roles\":[1],\"x-hasura-default-role\":\"user\"}}", ERR_JWT_INVALID_CLAIMS,
			"invalid \"x-hasura-allowed-roles\"; should be a list of roles: parsing Text failed, expected String, but encountered "
			"Number"},
		{"{" NS "{\"x-hasura-allowed-roles\":[\"user\"],\"x-hasura-default-role\":[\"user\"]}}",
			ERR_JWT_INVALID_CLAIMS,
			"invalid \"x-hasura-default-role\"; should be a single role name: parsing Text failed, expected String, but encountered "
			"Array"},
		{"{" NS "{\"x-hasura-allowed-roles\":[\"user\"],\"x-hasura-default-role\":\"\"}}",
			ERR_JWT_INVALID_CLAIMS,
			"invalid \"x-hasura-default-role\"; should be a single role name: empty string not allowed"},
		{"{" NS "{" ROLES ",\"x-hasura-user-id\":1}}", ERR_JWT_INVALID_CLAIMS,
			"x-hasura-* claims: parsing Text failed, expected String, but encountered Number"},
		{"{" NS "{" ROLES ",\"x-hasura-user-id\":null}}", ERR_JWT_INVALID_CLAIMS,
			"x-hasura-* claims: parsing Text failed, expected String, but encountered Null"},
		{"{" NS "{" ROLES ",\"x-hasura-ids\":[\"1\"]}}", ERR_JWT_INVALID_CLAIMS,
			"x-hasura-* claims: parsing Text failed, expected String, but encountered Array"},
		{"{" NS "{" ROLES ",\"x-hasura-a\":\"1\",\"X-Hasura-A\":\"2\"}}", ERR_JWT_INVALID_CLAIMS,
			"x-hasura-* claims: a name occurs twice, in different case"},
		{"{" NS "{\"x-hasura-allowed-roles\":[\"editor\"],\"x-hasura-default-role\":\"user\"}}",
			ERR_ACCESS_DENIED, "Your requested role is not in allowed roles"},
		{"[]", ERR_INVALID_JWT, CANNOT "JWTClaimsSetDecodeError \"expected an object\""},
		{"{", ERR_INVALID_JWT, CANNOT "JWTClaimsSetDecodeError \"invalid JSON\""},
		{"{" NS "{" ROLES ",\"x-hasura-user-id\":\"\\ud800\"}}", ERR_INVALID_JWT,
			CANNOT "JWTClaimsSetDecodeError \"invalid JSON\""},
	};
	use_jwt(HS);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_error(with_token(rows[i].claims, ""), rows[i].code, 400, rows[i].want);
	assert_null(ask(with_token("{" NS "{" ROLES ",\"x-hasura-user-id\":\"1\\u0000\"}}", "")).s);
	expect_session(with_token("{" NS "{" ROLES ",\"x-hasura-user-id\":\"a\\nb\"}}", ""),
		"{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"a\\nb\"}");
}

static void claims_places(void **state)
{
	(void)state;
	const char *ok = "{\"x-hasura-role\":\"user\"}";
#define WITH(more) "{\"type\":\"HS256\",\"key\":\"" KEY32 "\"," more "}"
	use_jwt(WITH("\"claims_namespace\":\"n\""));
	expect_session(with_token("{\"n\":{" ROLES "}}", ""), ok);
	expect_error(with_token(GOOD, ""), ERR_JWT_INVALID_CLAIMS, 400, "claims key: 'n' not found");
	use_jwt(WITH("\"claims_namespace_path\":\"$\""));
	expect_session(with_token("{" ROLES "}", ""), ok);
	use_jwt(WITH("\"claims_namespace_path\":\"$.h['c%']\""));
	expect_session(with_token("{\"h\":{\"c%\":{" ROLES "}}}", ""), ok);
	expect_error(with_token("{\"h\":1}", ""), ERR_JWT_INVALID_CLAIMS, 400,
		"claims not found at claims_namespace_path: '$.h[\"c%\"]'");
	use_jwt(WITH("\"claims_format\":\"stringified_json\",\"claims_namespace\":\"n\""));
	expect_session(
		with_token(
			"{\"n\":\"{\\\"x-hasura-allowed-roles\\\":[\\\"user\\\"],\\\"x-hasura-default-role\\\":\\\"user\\\"}\"}",
			""),
		ok);
	expect_error(with_token("{\"n\":{}}", ""), ERR_JWT_INVALID_CLAIMS, 400,
		"expecting a string when claims_format is stringified_json");
	expect_error(with_token("{\"n\":\"no\"}", ""), ERR_JWT_INVALID_CLAIMS, 400,
		"expecting stringified json at: 'claims_namespace n', but found: no");
	use_jwt(WITH("\"claims_format\":\"stringified_json\",\"claims_namespace_path\":\"$.n\""));
	expect_error(with_token("{\"n\":\"[]\"}", ""), ERR_JWT_INVALID_CLAIMS, 400,
		"expecting stringified json at: 'claims_namespace_path $.n', but found: []");
}

static void claims_map(void **state)
{
	(void)state;
	use_jwt(WITH(
		"\"claims_map\":{\"x-hasura-allowed-roles\":{\"path\":\"$.r.all\"},\"x-hasura-default-role\":{\"path\":\"$.r.one\","
		"\"default\":\"user\"},\"x-hasura-user-id\":{\"path\":\"$.sub\"},\"X-Hasura-Org\":{\"path\":\"$.org\",\"default\":\"none\"},"
		"\"x-hasura-fixed\":\"f\",\"other\":\"x\"}"));
	expect_session(with_token("{\"sub\":\"7\",\"r\":{\"all\":[\"user\",\"a\"],\"one\":\"a\"},\"org\":\"o\"}", ""),
		"{\"x-hasura-fixed\":\"f\",\"x-hasura-org\":\"o\",\"x-hasura-role\":\"a\",\"x-hasura-user-id\":\"7\"}");
	expect_session(with_token("{\"sub\":\"7\",\"r\":{\"all\":[\"user\"]}}", ""),
		"{\"x-hasura-fixed\":\"f\",\"x-hasura-org\":\"none\",\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"7\"}");
	expect_error(with_token("{\"r\":{\"all\":[\"user\"]}}", ""), ERR_JWT_INVALID_CLAIMS, 400,
		"JWT claim from claims_map, \"x-hasura-user-id\" not found");
	expect_error(with_token("{\"sub\":\"7\"}", ""), ERR_JWT_MISSING_ROLE_CLAIMS, 400,
		"JWT claim does not contain \"x-hasura-allowed-roles\"");
	expect_error(with_token("{\"sub\":7,\"r\":{\"all\":[\"user\"]}}", ""), ERR_JWT_INVALID_CLAIMS, 400,
		"x-hasura-* claims: parsing Text failed, expected String, but encountered Number");
	expect_error(with_token("{\"sub\":\"7\",\"r\":{\"all\":[\"user\"],\"one\":3}}", ""), ERR_JWT_INVALID_CLAIMS,
		400,
		"invalid \"x-hasura-default-role\"; should be a role: parsing Text failed, expected String, but encountered Number");
}

static void several_configurations(void **state)
{
	(void)state;
	const char *ok = "{\"x-hasura-role\":\"user\"}";
#define K2 "fedcba9876543210fedcba9876543210"
	use((auth_config){SECRETS, .jwt_secret = STR("{\"type\":\"HS256\",\"key\":\"" KEY32 "\",\"issuer\":\"i1\"}"),
		.jwt_secrets = STR(
			"[{\"type\":\"HS256\",\"key\":\"" K2 "\",\"issuer\":\"i2\"},"
			"{\"type\":\"HS256\",\"key\":\"" K2 "\",\"header\":{\"type\":\"Cookie\",\"name\":\"c\"}}]")});
	str t1 = token_of("{\"iss\":\"i1\"," NS "{" ROLES "}}");
	str t2 = make_plain(A, STR("{\"iss\":\"i2\"," NS "{" ROLES "}}"), JWS_HS256, NULL, STR(K2));
	str forged = make_plain(A, STR("{\"iss\":\"i1\"," NS "{" ROLES "}}"), JWS_HS256, NULL, STR(K2));
	str t3 = token_of("{\"iss\":\"i3\"," NS "{" ROLES "}}"), bare = token_of("{" NS "{" ROLES "}}");
	for (int i = 0; i < 2; i++) {
		expect_session(str_printf(A, "Authorization: Bearer %.*s", STR_ARG(t1)), ok);
		expect_session(str_printf(A, "Authorization: Bearer %.*s", STR_ARG(t2)), ok);
		expect_session(str_printf(A, "Cookie: c=%.*s", STR_ARG(t2)), ok);
		expect_error(str_printf(A, "Authorization: Bearer %.*s", STR_ARG(forged)), ERR_INVALID_JWT, 400,
			CANNOT "JWSError JWSInvalidSignature");
		expect_error(str_printf(A, "Cookie: c=%.*s", STR_ARG(t1)), ERR_INVALID_JWT, 400,
			CANNOT "JWSError JWSInvalidSignature");
		expect_error(str_printf(A, "Authorization: Bearer %.*s", STR_ARG(t3)), ERR_INVALID_JWT, 400,
			CANNOT "JWTNotInIssuer");
		expect_error(str_printf(A, "Authorization: Bearer %.*s", STR_ARG(bare)), ERR_INVALID_HEADERS, 400,
			CANNOT "Multiple JWTs found");
		expect_error(str_printf(A, "Authorization: Bearer %.*s\nCookie: c=%.*s", STR_ARG(t1), STR_ARG(t2)),
			ERR_INVALID_HEADERS, 400, CANNOT "Multiple JWTs found");
	}
}

static void unauthorized_with_tokens(void **state)
{
	(void)state;
	use((auth_config){SECRETS, .jwt_secret = STR(HS), .unauthorized_role = STR("anonymous")});
	expect_session(STR("X-Hasura-Role: user"), "{\"x-hasura-role\":\"anonymous\"}");
	expect_session(with_token(GOOD, ""), "{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"1\"}");
	/* a bad token is not no token */
	expect_error(STR("Authorization: Bearer x"), ERR_INVALID_JWT, 400,
		CANNOT "JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 1)");
	expect_error(STR("Authorization: Basic eDp5"), ERR_INVALID_HEADERS, 400, "Malformed Authorization header");
}

/* More tokens than the cache holds, and one too large for it. */
static void many_tokens(void **state)
{
	(void)state;
	use_jwt(HS);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 6000; i++) {
			arena *all = A;
			A = arena_new(0);
			str claims = str_printf(A, "{" NS "{" ROLES ",\"x-hasura-user-id\":\"%d\"}}", i);
			str want = str_printf(A, "{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"%d\"}", i);
			expect_session(with_token(str_z(A, claims), ""), str_z(A, want));
			arena_free(A);
			A = all;
		}
	}
	str big = str_printf(A, "%030000d", 1);
	str claims = str_printf(A, "{" NS "{" ROLES ",\"x-hasura-user-id\":\"%.*s\"}}", STR_ARG(big));
	for (int i = 0; i < 2; i++)
		assert_non_null(ask(with_token(str_z(A, claims), "")).s);
}

/* ---- explanations ---- */

static void explanations(void **state)
{
	(void)state;
	use_jwt(HS);
	str h = with_token(GOOD, "");
	str_pair headers[] = {{STR("Authorization"), str_sub(str_from_at(h, 15), 0, h.n - 16)},
		{STR("x-hasura-role"), STR("editor")}};
	auth_request r = {.a = A, .headers = headers, .nheaders = 2};
	str got = json_to_str(A, auth_explain(the_auth, A, &r));
	const char *want =
		"{\"mode\":\"admin secret and JWT\",\"steps\":[{\"step\":\"admin secret\",\"ok\":true,\"detail\":\"not sent\"},"
		"{\"step\":\"token configuration\",\"ok\":true,\"detail\":\"number 1 of 1\"},"
		"{\"step\":\"token read\",\"ok\":true,\"detail\":\"algorithm HS256; its claims: https://hasura.io/jwt/claims\"},"
		"{\"step\":\"token verified\",\"ok\":true,\"detail\":\"signature, dates hold; claims read by namespace\"},"
		"{\"step\":\"allowed roles\",\"ok\":true,\"detail\":\"user, editor (default user)\"},"
		"{\"step\":\"role\",\"ok\":true,\"detail\":\"editor, asked for by the header x-hasura-role\"}],"
		"\"session\":{\"role\":\"editor\",\"variables\":{\"x-hasura-role\":\"editor\",\"x-hasura-user-id\":\"1\"},"
		"\"backend_only\":false,\"admin_secret\":false,\"expires\":null}}";
	if (!str_eqz(got, want)) fail_msg("got  %.*s\nwant %s", STR_ARG(got), want);
	headers[1].value = STR("admin");
	got = json_to_str(A, auth_explain(the_auth, A, &r));
	assert_true(
		str_find(got,
			STR("\"error\":{\"code\":\"access-denied\",\"message\":\"Your requested role is not in allowed roles\","
			    "\"status\":400}")) != SIZE_MAX);
	auth_request none = {.a = A};
	got = json_to_str(A, auth_explain(the_auth, A, &none));
	assert_true(
		str_find(got,
			STR("{\"step\":\"token found\",\"ok\":false,\"detail\":\"no token; looked for in the header "
			    "Authorization\"}")) != SIZE_MAX);
	h = with_token("{\"iss\":\"me\",\"aud\":[\"a\",\"b\"],\"exp\":1000000000,\"nbf\":\"odd\"}", "");
	headers[0].value = str_sub(str_from_at(h, 15), 0, h.n - 16);
	got = json_to_str(A, auth_explain(the_auth, A, &r));
	const char *old = "algorithm HS256, issuer me, audience [\\\"a\\\",\\\"b\\\"], not before odd, expires "
			  "2001-09-09T01:46:40.000+0000 (";
	if (str_find(got, str_from(old)) == SIZE_MAX ||
		str_find(got, STR(" s ago); its claims: iss, aud, exp, nbf")) == SIZE_MAX)
		fail_msg("%.*s", STR_ARG(got));
}

static void described_sessions(void **state)
{
	(void)state;
	static const struct {
		const char *user, *want;
	} rows[] = {{"null", "{\"x-hasura-role\":\"admin\"}"}, {"{}", "{\"x-hasura-role\":\"admin\"}"},
		{"{\"X-Hasura-Role\":\"u\",\"x-hasura-a\":\"1\",\"b\":\"2\"}",
			"{\"x-hasura-a\":\"1\",\"x-hasura-role\":\"u\"}"},
		{"[]", NULL}, {"{\"x-hasura-role\":1}", NULL}, {"{\"x-hasura-a\":\"1\",\"X-hasura-a\":\"2\"}", NULL}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		error err;
		json *j;
		session *s;
		error_init(&err, A);
		assert_true(json_parse(A, str_from(rows[i].user), &j, &err));
		bool ok = auth_session_from_json(A, j, &s, &err);
		assert_int_equal(ok, rows[i].want != NULL);
		if (ok) assert_true(str_eqz(json_to_str(A, session_json(A, s)), rows[i].want));
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {T(settings), T(jwt_settings), T(open_mode), T(secret_mode),
		T(backend_permissions), T(unauthorized), T(tokens), T(token_places), T(dates), T(cached_token_expires),
		T(issuer_and_audience), T(claims_errors), T(claims_places), T(claims_map), T(several_configurations),
		T(unauthorized_with_tokens), T(many_tokens), T(explanations), T(described_sessions)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
