/*
 * hash: Hasura v2's parameterized_query_hash (GraphQL/ParameterizedQueryHash.hs): the SHA-1 of a JSON string holding
 * the selections. Hasura prints arguments in the order of its hash tables, Weir sorted by name.
 */
#include "base/json.h"
#include "graphql/value.h"
#include <openssl/evp.h>
#include <stdlib.h>

/* Past this much text fragments and variables are no longer opened, so that few bytes cannot make gigabytes. */
enum { TEXT_ENOUGH = 256 * 1024 };

typedef struct hasher {
	buf b;
	const gq_document *doc;
	const gq_operation *op;
	const json *variables;
} hasher;

static void hash_value(hasher *h, const gq_value *v);
static void hash_set(hasher *h, const gq_selection *first, bool *more);

static void hash_name(hasher *h, str name, bool *more)
{
	if (*more) buf_putc(&h->b, ',');
	*more = true;
	buf_put(&h->b, name);
	buf_puts(&h->b, ": ");
}

static int by_key(const void *x, const void *y)
{
	const json *a = *(const json *const *)x, *b = *(const json *const *)y;

	return str_cmp(a->key, b->key);
}

static void hash_json(hasher *h, const json *j);

static void hash_json_object(hasher *h, const json *j)
{
	const json **members = mem_alloc(size_mul(j->count, sizeof(*members)));
	bool more = false;
	size_t n = 0;

	/* Hasura v2: members whose key is no name disappear. */
	JSON_EACH (c, j)
		if (str_is_name(c->key)) members[n++] = c;
	if (n > 1) qsort(members, n, sizeof(*members), by_key);
	for (size_t i = 0; i < n; i++) {
		hash_name(h, members[i]->key, &more);
		hash_json(h, members[i]);
	}
	mem_free(members);
}

static void hash_json(hasher *h, const json *j)
{
	if (json_is(j, JSON_ARRAY)) {
		buf_putc(&h->b, '[');
		JSON_EACH (c, j) {
			hash_json(h, c);
			if (c->next) buf_putc(&h->b, ',');
		}
		buf_putc(&h->b, ']');
	} else if (json_is(j, JSON_OBJECT)) {
		buf_putc(&h->b, '{');
		hash_json_object(h, j);
		buf_putc(&h->b, '}');
	} else {
		buf_puts(&h->b, "null");
	}
}

/* A variable counts as its value, then its default, then null. */
static void hash_variable(hasher *h, str name)
{
	const json *given = json_get(h->variables, name);
	const gq_variable_def *d = gq_find_variable(h->op, name);

	if (h->b.n <= TEXT_ENOUGH && given) {
		hash_json(h, given);
	} else if (h->b.n <= TEXT_ENOUGH && d && d->default_value) {
		hash_value(h, d->default_value);
	} else {
		buf_puts(&h->b, "null");
	}
}

static void hash_chain(hasher *h, const gq_value *first)
{
	bool more = false;
	gq_chain c;

	gq_chain_sort(&c, first);
	for (size_t i = 0; i < c.n; i++) {
		hash_name(h, c.v[i]->name, &more);
		hash_value(h, c.v[i]);
	}
	gq_chain_free(&c);
}

static void hash_value(hasher *h, const gq_value *v)
{
	switch (v->kind) {
	case GQ_VAR: hash_variable(h, v->text); break;
	case GQ_LIST:
		buf_putc(&h->b, '[');
		for (const gq_value *c = v->first; c; c = c->next) {
			hash_value(h, c);
			if (c->next) buf_putc(&h->b, ',');
		}
		buf_putc(&h->b, ']');
		break;
	case GQ_OBJECT:
		buf_putc(&h->b, '{');
		hash_chain(h, v->first);
		buf_putc(&h->b, '}');
		break;
	default: buf_puts(&h->b, "null");
	}
}

static void hash_field(hasher *h, const gq_selection *s, bool *more)
{
	bool inner = false;

	if (*more) buf_putc(&h->b, ' ');
	*more = true;
	buf_put(&h->b, s->name);
	if (s->args) {
		buf_putc(&h->b, '(');
		hash_chain(h, s->args);
		buf_putc(&h->b, ')');
	}
	buf_putc(&h->b, ' ');
	if (!s->first) return;
	buf_puts(&h->b, "{ ");
	hash_set(h, s->first, &inner);
	buf_puts(&h->b, " }");
}

static void hash_spread(hasher *h, const gq_selection *s, bool *more)
{
	const gq_fragment *f = gq_find_fragment(h->doc, s->name);

	if (f && h->b.n <= TEXT_ENOUGH) {
		hash_set(h, f->first, more);
		return;
	}
	if (*more) buf_putc(&h->b, ' ');
	*more = true;
	buf_puts(&h->b, "...");
	buf_put(&h->b, s->name);
}

static void hash_set(hasher *h, const gq_selection *first, bool *more)
{
	for (const gq_selection *s = first; s; s = s->next) {
		if (s->kind == GQ_FIELD) hash_field(h, s, more);
		else if (s->kind == GQ_INLINE) hash_set(h, s->first, more);
		else hash_spread(h, s, more);
	}
}

void gq_parameterized_hash(const gq_document *doc, const gq_operation *op, const json *variables, char out[41])
{
	static const char hex[] = "0123456789abcdef";
	hasher h = {.doc = doc, .op = op, .variables = variables};
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	bool more = false;

	buf_puts(&h.b, "\"{ ");
	hash_set(&h, op->first, &more);
	buf_puts(&h.b, " }\"");
	/* A library without SHA-1 leaves zeroes: the hash only labels logs and metrics. */
	if (!EVP_Digest(h.b.p, h.b.n, digest, NULL, EVP_sha1(), NULL)) memset(digest, 0, sizeof(digest));
	buf_free(&h.b);
	for (size_t i = 0; i < 20; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[40] = 0;
}
