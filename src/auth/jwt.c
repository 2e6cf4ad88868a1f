#include "auth/jwt.h"
#include "auth/jwt_explain.h"
#include "auth/jwt_verify.h"
#include "auth/make.h"
#include "auth/token_cache.h"
#include "base/clock.h"

#include <openssl/evp.h>
#include <stdatomic.h>

enum { TICK_MS = 1000, TOKENS_MAX = 64 };

struct jwt {
	arena *a;
	jwt_config *configs;
	size_t n;
	bool lenient, fetches;
	atomic_uint generation; /* counts changes of any key set */
};

struct jwt_worker {
	jwt *j;
	key_set **keys;      /* by configuration */
	unsigned generation; /* the keys are those of */
	token_cache *cache;
	EVP_MD *sha256;
	EVP_MD_CTX *md;
	http_client *client; /* of the worker that fetches */
	uv_timer_t *timer;
};

/* ---- settings ---- */

static bool add_config(jwt *j, const json *one, const char *flag, error *err)
{
	if (j->n == JWT_CONFIGS_MAX) {
		return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
			"Fatal Error: %s: more than %d token configurations", flag, JWT_CONFIGS_MAX);
	}
	if (jwt_config_parse(j->a, one, j->lenient, &j->configs[j->n], err)) {
		j->n++;
		return true;
	}
	err->message = str_printf(err->a, "Fatal Error: %s: %.*s", flag, STR_ARG(err->message));
	return false;
}

static bool read_text(jwt *j, str text, bool list, error *err)
{
	const char *flag =
		list ? "--jwt-secrets (HASURA_GRAPHQL_JWT_SECRETS)" : "--jwt-secret (HASURA_GRAPHQL_JWT_SECRET)";
	json *o = NULL;
	if (!text.n) return true;
	if (!json_parse_copy(j->a, text, &o, err)) {
		err->message = str_printf(err->a, "Fatal Error: %s: %.*s", flag, STR_ARG(err->message));
		return false;
	}
	if (!list) return add_config(j, o, flag, err);
	if (!json_is(o, JSON_ARRAY))
		return error_set(
			err, ERR_INVALID_CONFIGURATION, STR_NULL, "Fatal Error: %s: expected a JSON array", flag);
	JSON_EACH (one, o)
		if (!add_config(j, one, flag, err)) return false;
	return true;
}

static bool fetch_keys(jwt *j, str version, error *err)
{
	for (size_t i = 0; i < j->n; i++) {
		jwt_config *c = &j->configs[i];
		if (!c->jwk_url.n) continue;
		j->fetches = true;
		if (!key_source_new(c->jwk_url, version, &j->generation, &c->source, err)) return false;
	}
	return true;
}

bool jwt_new(const auth_config *c, jwt **out, error *err)
{
	*out = NULL;
	if (!c->jwt_secret.n && !c->jwt_secrets.n) return true;
	jwt *j = mem_alloc(sizeof *j);
	j->a = arena_new(0);
	j->configs = NEW_ARRAY(j->a, jwt_config, JWT_CONFIGS_MAX);
	j->lenient = c->jwt_lenient;
	atomic_init(&j->generation, 1);
	if (read_text(j, c->jwt_secret, false, err) && read_text(j, c->jwt_secrets, true, err) &&
		fetch_keys(j, c->version, err)) {
		*out = j;
		return true;
	}
	jwt_free(j);
	return false;
}

void jwt_free(jwt *j)
{
	if (!j) return;
	for (size_t i = 0; i < j->n; i++) {
		key_set_unref(j->configs[i].keys);
		key_source_free(j->configs[i].source);
	}
	arena_free(j->a);
	mem_free(j);
}

/* ---- a worker ---- */

static void on_tick(uv_timer_t *t)
{
	jwt_worker *w = t->data;
	for (size_t i = 0; i < w->j->n; i++)
		if (w->j->configs[i].source) key_source_tick(w->j->configs[i].source, w->client);
}

static void timer_closed(uv_handle_t *h)
{
	mem_free(h);
}

jwt_worker *jwt_worker_new(jwt *j, uv_loop_t *loop, bool fetches)
{
	jwt_worker *w = mem_alloc(sizeof *w);
	w->j = j;
	w->keys = mem_alloc(size_mul(j->n ? j->n : 1, sizeof *w->keys));
	w->cache = token_cache_new();
	w->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	w->md = EVP_MD_CTX_new();
	if (!w->sha256 || !w->md) mem_fail("no SHA-256");
	if (fetches && j->fetches) {
		w->client = http_client_new(loop, NULL);
		w->timer = mem_alloc(sizeof *w->timer);
		if (uv_timer_init(loop, w->timer)) mem_fail("no timer");
		w->timer->data = w;
		uv_timer_start(w->timer, on_tick, TICK_MS, TICK_MS);
	}
	return w;
}

void jwt_worker_free(jwt_worker *w)
{
	if (!w) return;
	if (w->timer) {
		for (size_t i = 0; i < w->j->n; i++)
			if (w->j->configs[i].source) key_source_cancel(w->j->configs[i].source);
		http_client_close(w->client);
		uv_close((uv_handle_t *)w->timer, timer_closed);
	}
	for (size_t i = 0; i < w->j->n; i++)
		key_set_unref(w->keys[i]);
	mem_free(w->keys);
	token_cache_free(w->cache);
	EVP_MD_CTX_free(w->md);
	EVP_MD_free(w->sha256);
	mem_free(w);
}

/* The keys of now: one atomic load unless something changed. */
static void refresh_keys(jwt_worker *w)
{
	unsigned now = atomic_load_explicit(&w->j->generation, memory_order_acquire);
	if (now == w->generation) return;
	w->generation = now;
	for (size_t i = 0; i < w->j->n; i++) {
		const jwt_config *c = &w->j->configs[i];
		key_set_unref(w->keys[i]);
		w->keys[i] = c->source ? key_source_keys(c->source) : key_set_ref(c->keys);
	}
}

/* ---- tokens in the headers ---- */

typedef struct found_token {
	jwt_place place;
	str name;  /* of cookie or custom header, as in the configuration */
	str token; /* Authorization: the whole value */
} found_token;

typedef struct found_tokens {
	found_token v[TOKENS_MAX];
	size_t n;
	bool too_many;
} found_tokens;

static bool same_place(const jwt_config *c, const found_token *t)
{
	return c->place == t->place && (c->place == JWT_AUTHORIZATION || str_eq(c->name, t->name));
}

static void add_token(found_tokens *f, const jwt *j, found_token t)
{
	for (size_t i = 0; i < j->n; i++) {
		if (!same_place(&j->configs[i], &t)) continue;
		if (f->n < TOKENS_MAX) f->v[f->n++] = t;
		else f->too_many = true;
		return;
	}
}

static void add_cookies(found_tokens *f, const jwt *j, str header)
{
	for (size_t from = 0; from < header.n;) {
		str rest = str_from_at(header, from);
		size_t end = str_find_char(rest, ';');
		str one = str_trim(end == SIZE_MAX ? rest : str_sub(rest, 0, end));
		size_t eq = str_find_char(one, '=');
		from = end == SIZE_MAX ? header.n : from + end + 1;
		if (eq != SIZE_MAX)
			add_token(f, j, (found_token){JWT_COOKIE, str_sub(one, 0, eq), str_from_at(one, eq + 1)});
	}
}

static void find_tokens(arena *a, const jwt *j, const auth_request *r, found_tokens *f)
{
	bool custom = false;
	for (size_t i = 0; i < j->n; i++)
		custom |= j->configs[i].place == JWT_CUSTOM_HEADER;
	f->n = 0;
	f->too_many = false;
	for (size_t i = 0; i < r->nheaders; i++) {
		str name = r->headers[i].name, value = r->headers[i].value;
		if (str_eq_nocase(name, STR("Authorization")))
			add_token(f, j, (found_token){JWT_AUTHORIZATION, STR(""), value});
		else if (str_eq_nocase(name, STR("Cookie"))) add_cookies(f, j, value);
		else if (custom) add_token(f, j, (found_token){JWT_CUSTOM_HEADER, str_lower(a, name), value});
	}
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "Bearer x" and nothing else; anything in front of or between the two but blanks is malformed. */
static bool bearer(str value, str *token)
{
	str v = str_trim(value), scheme = STR("Bearer");
	size_t i = scheme.n;
	if (!str_starts(v, scheme) || i == v.n || !is_blank(v.p[i])) return false;
	while (i < v.n && is_blank(v.p[i]))
		i++;
	*token = str_from_at(v, i);
	for (size_t k = 0; k < token->n; k++)
		if (is_blank(token->p[k])) return false;
	return token->n > 0;
}

/* ---- which configuration ---- */

typedef struct match {
	size_t config;
	str token;
	unsigned right, wrong; /* candidates by issuer */
} match;

/* All pairs of a configuration and a token at its place; the issuer (not believed yet) tells them apart. */
static bool match_configs(jwt_worker *w, auth_request *r, arena *scratch, const found_tokens *f, match *m, error *err)
{
	*m = (match){0};
	for (size_t t = 0; t < f->n; t++) {
		str token = f->v[t].token;
		if (f->v[t].place == JWT_AUTHORIZATION && !bearer(token, &token)) {
			error_set(err, ERR_INVALID_HEADERS, STR_NULL, "Malformed Authorization header");
			return auth_step_failed(r, "token found", err);
		}
		for (size_t i = 0; i < w->j->n; i++) {
			const jwt_config *c = &w->j->configs[i];
			if (!same_place(c, &f->v[t])) continue;
			str issuer = c->issuer.p ? jwt_peek_issuer(scratch, token) : STR_NULL;
			if (c->issuer.p && issuer.p && !str_eq(issuer, c->issuer)) {
				m->wrong++;
				continue;
			}
			m->right++;
			m->config = i;
			m->token = token;
		}
	}
	return true;
}

static bool choose(jwt_worker *w, auth_request *r, arena *scratch, const found_tokens *f, match *m, error *err)
{
	if (!match_configs(w, r, scratch, f, m, err)) return false;
	if (m->right == 1 && !f->too_many) {
		auth_step(r, "token configuration", true, "number %zu of %zu", m->config + 1, w->j->n);
		return true;
	}
	if (!m->right && !f->too_many)
		error_set(err, ERR_INVALID_JWT, STR_NULL, "Could not verify JWT: JWTNotInIssuer");
	else error_set(err, ERR_INVALID_HEADERS, STR_NULL, "Could not verify JWT: Multiple JWTs found");
	return auth_step_failed(r, "token configuration", err);
}

/* ---- from what is verified to a session ---- */

static session *make_session(arena *a, const verified *v, str role)
{
	session_parts p = {.a = a, .n = v->nvars, .cap = v->nvars, .vars = NEW_ARRAY(a, session_var, v->nvars)};
	for (size_t i = 0; i < v->nvars; i++)
		p.vars[i] = (session_var){str_copy(a, v->vars[i].name), str_copy(a, v->vars[i].value)};
	session *s = session_parts_make(&p, str_copy(a, role));
	s->expires_ms = v->expires_ms;
	return s;
}

static jwt_outcome with_role(auth_request *r, const verified *v, session **out, error *err)
{
	str role = auth_header(r, STR("x-hasura-role"));
	bool asked = role.n > 0;
	if (!asked) role = v->default_role;
	for (size_t i = 0; i < v->nroles; i++) {
		if (!str_eq(v->roles[i], role)) continue;
		*out = make_session(r->a, v, role);
		auth_step(r, "role", true,
			asked ? "%.*s, asked for by the header x-hasura-role" : "%.*s, the default of the token",
			STR_ARG(role));
		return JWT_SESSION;
	}
	error_set(err, ERR_ACCESS_DENIED, STR_NULL, "Your requested role is not in allowed roles");
	auth_step_failed(r, "role", err);
	return JWT_FAILED;
}

static void token_digest(jwt_worker *w, const found_token *t, unsigned char out[TOKEN_DIGEST])
{
	unsigned n;
	unsigned char place = (unsigned char)t->place, zero = 0;
	if (EVP_DigestInit_ex2(w->md, w->sha256, NULL) != 1 || EVP_DigestUpdate(w->md, &place, 1) != 1 ||
		EVP_DigestUpdate(w->md, t->name.p, t->name.n) != 1 || EVP_DigestUpdate(w->md, &zero, 1) != 1 ||
		EVP_DigestUpdate(w->md, t->token.p, t->token.n) != 1 || EVP_DigestFinal_ex(w->md, out, &n) != 1)
		mem_fail("SHA-256 failed");
}

static void say_verified(auth_request *r, const jwt_config *c, const verified *v)
{
	if (!r->steps) return;
	auth_step(r, "token verified", true, "signature, dates%s%s hold; claims read by %s",
		c->issuer.p ? ", issuer" : "", c->has_audience ? ", audience" : "",
		c->claims.mapped ? "claims_map" : "namespace");
	str roles = STR("");
	for (size_t i = 0; i < v->nroles; i++)
		roles = str_cat(r->a, 3, roles, i ? STR(", ") : STR(""), v->roles[i]);
	auth_step(r, "allowed roles", true, "%.*s (default %.*s)", STR_ARG(roles), STR_ARG(v->default_role));
}

/* Verifies the one token and keeps what it says under digest (NULL: not kept). */
static jwt_outcome verify(jwt_worker *w, auth_request *r, const match *m, const unsigned char *digest, arena *scratch,
	session **out, error *err)
{
	const jwt_config *c = &w->j->configs[m->config];
	jwt_check check = {c, w->keys[m->config], w->j->lenient, clock_wall_ms()};
	jwt_explain_token(r, scratch, m->token, check.now_ms);
	arena *keep = arena_new(1024);
	verified v;
	bool unknown_kid;
	if (!jwt_verify(scratch, keep, &check, m->token, &v, &unknown_kid, err)) {
		if (unknown_kid && c->source) key_source_ask(c->source);
		auth_step_failed(r, "token verified", err);
		arena_free(keep);
		return JWT_FAILED;
	}
	say_verified(r, c, &v);
	jwt_outcome outcome = with_role(r, &v, out, err);
	if (digest) token_cache_put(w->cache, digest, keep, &v, w->generation, (unsigned)m->config);
	else arena_free(keep);
	return outcome;
}

jwt_outcome jwt_authenticate(jwt_worker *w, auth_request *r, session **out, error *err)
{
	found_tokens f;
	unsigned char digest[TOKEN_DIGEST];
	unsigned config;
	match m;
	find_tokens(r->a, w->j, r, &f);
	if (!f.n) {
		jwt_explain_places(r, w->j->configs, w->j->n);
		return JWT_NONE;
	}
	refresh_keys(w);
	bool one = f.n == 1 && !r->steps;
	if (one) {
		token_digest(w, &f.v[0], digest);
		const verified *known = token_cache_get(w->cache, digest, clock_wall_ms(), w->generation, &config);
		if (known) return with_role(r, known, out, err);
	}
	arena *scratch = arena_new(4096);
	jwt_outcome outcome = JWT_FAILED;
	if (choose(w, r, scratch, &f, &m, err)) outcome = verify(w, r, &m, one ? digest : NULL, scratch, out, err);
	arena_free(scratch);
	return outcome;
}
