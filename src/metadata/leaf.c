/* The leaves of metadata objects: texts, names, numbers, qualified names, boolean expressions. */
#include "metadata/shape.h"

#include <stdlib.h>

const shape_list shape_texts = {.fn = shape_do_text};
const shape_list shape_names = {.fn = shape_do_nonempty};

bool shape_do_text(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (!json_is(in, JSON_STRING)) return shape_mismatch(c, arg ? arg : "Text", "String", in);
	*out = shape_new_str(c, in->text);
	return true;
}

/* Hasura v2: Data/Text/NonEmpty.hs. */
bool shape_do_nonempty(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_STRING)) return shape_mismatch(c, "String", "String", in);
	if (!in->text.n) return shape_fail(c, "empty string not allowed");
	*out = shape_new_str(c, in->text);
	return true;
}

/* Hasura takes names with two underscores at the front; those GraphQL itself answers would be hidden or hide it. */
static bool is_meta_field(str s)
{
	return str_eqz(s, "__schema") || str_eqz(s, "__type") || str_eqz(s, "__typename");
}

bool shape_do_name(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_STRING)) return shape_mismatch(c, "Name", "String", in);
	if (!str_is_name(in->text) || is_meta_field(in->text))
		return shape_fail(c, "%.*s is not valid GraphQL name", STR_ARG(in->text));
	*out = shape_new_str(c, in->text);
	return true;
}

bool shape_do_bool(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_BOOL)) return shape_mismatch(c, "Bool", "Boolean", in);
	*out = json_new_bool(c->a, in->boolean);
	return true;
}

bool shape_do_int(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_NUMBER)) return shape_mismatch(c, "Int", "Number", in);
	int64_t v;
	if (!json_to_i64(in, &v)) {
		return shape_fail(c,
			"parsing Int failed, value is either floating or will cause over or underflow %.*s",
			STR_ARG(in->text));
	}
	*out = json_new_i64(c->a, v);
	return true;
}

bool shape_do_seconds(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (!json_is(in, JSON_NUMBER)) return shape_mismatch(c, "NominalDiffTime", "Number", in);
	return shape_do_any(c, arg, in, out);
}

bool shape_do_comment(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (json_is_null(in)) return true;
	if (in->kind != JSON_STRING) return shape_mismatch(c, "Comment", "String or Null", in);
	*out = shape_new_str(c, in->text);
	return true;
}

bool shape_do_text_map(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (!json_is(in, JSON_OBJECT)) return shape_mismatch(c, "HashMap", "Object", in);
	return shape_do_any(c, arg, in, out);
}

/* ---- tags ---- */

static bool bad_tag(shape_ctx *c, const shape_tags *t, str found)
{
	buf list = {0};
	for (const char *const *tag = t->tags; *tag; tag++) {
		if (list.n) buf_putc(&list, ',');
		json_write_str(&list, str_from(*tag));
	}
	buf shown = {0};
	json_write_str(&shown, found);
	shape_fail(c, "parsing %s failed, expected one of the tags [%.*s], but found tag %.*s", t->context,
		STR_ARG(buf_str(&list)), STR_ARG(buf_str(&shown)));
	buf_free(&list);
	buf_free(&shown);
	return false;
}

bool shape_do_tag(shape_ctx *c, const void *arg, const json *in, json **out)
{
	const shape_tags *t = arg;
	if (!json_is(in, JSON_STRING)) return shape_mismatch(c, t->context, "String", in);
	for (const char *const *tag = t->tags; *tag; tag++) {
		if (!str_eqz(in->text, *tag)) continue;
		*out = json_new_str(c->a, str_from(*tag));
		return true;
	}
	return bad_tag(c, t, in->text);
}

bool shape_do_tag_set(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (!json_is(in, JSON_ARRAY)) return shape_mismatch(c, "HashSet", "Array", in);
	json *made = json_new_array(c->a);
	size_t i = 0;
	JSON_EACH (ch, in) {
		json *tag;
		if (!shape_at_index(c, i++, shape_do_tag, arg, ch, &tag)) return false;
		bool had = false;
		JSON_EACH (seen, made)
			had |= str_eq(seen->text, tag->text);
		if (!had) json_push(made, tag);
	}
	*out = made;
	return true;
}

/* ---- qualified names ---- */

/* Hasura v2: Backends/Postgres/SQL/Types.hs QualifiedObject; exported with sorted keys. */
bool shape_do_qname(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_STRING) && !json_is(in, JSON_OBJECT)) {
		return shape_fail(c, "expecting a string/object for QualifiedObject");
	}
	const json *name = in->kind == JSON_OBJECT ? json_getz(in, "name") : in;
	const json *schema = json_getz(in, "schema");
	if (!name) return shape_fail(c, "key \"name\" not found");
	json *made = json_new_object(c->a);
	json *n = NULL, *s = NULL;
	if (in->kind == JSON_STRING) n = shape_new_str(c, in->text);
	else if (!shape_at_key(c, "name", shape_do_text, NULL, name, &n)) return false;
	if (json_is_null(schema)) s = json_new_str(c->a, STR("public"));
	else if (!shape_at_key(c, "schema", shape_do_text, NULL, schema, &s)) return false;
	if (memchr(n->text.p, 0, n->text.n) || memchr(s->text.p, 0, s->text.n)) {
		return shape_fail(c, "names of tables and functions cannot hold the null character");
	}
	json_setz(made, "name", n);
	json_setz(made, "schema", s);
	*out = made;
	return true;
}

/* ---- boolean expressions of permissions ---- */

static bool do_bool_exp_list(shape_ctx *c, const void *arg, const json *in, json **out)
{
	static const shape_list list = {.fn = shape_do_bool_exp};
	(void)arg;
	return shape_do_list(c, &list, in, out);
}

static bool do_exists(shape_ctx *c, const void *arg, const json *in, json **out)
{
	static const shape_member members[] = {
		{"_table", shape_do_qname, NULL, M_REQUIRED, NULL},
		{"_where", shape_do_bool_exp, NULL, M_REQUIRED, NULL},
		{0},
	};
	static const shape_object exists = {.context = "_exists", .members = members};
	(void)arg;
	return shape_do_object(c, &exists, in, out);
}

typedef struct bool_key {
	const char *legacy, *canonical;
	shape_fn *fn;
} bool_key;

static const bool_key *bool_key_of(str key)
{
	static const bool_key keys[] = {
		{"$and", "_and", do_bool_exp_list},
		{"$or", "_or", do_bool_exp_list},
		{"$not", "_not", shape_do_bool_exp},
		{"$exists", "_exists", do_exists},
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (str_eqz(key, keys[i].legacy) || str_eqz(key, keys[i].canonical)) return &keys[i];
	return NULL;
}

typedef struct bool_term {
	str key;
	json *value;
} bool_term;

static bool do_bool_term(shape_ctx *c, const json *m, bool_term *out)
{
	const bool_key *k = bool_key_of(m->key);
	out->key = k ? str_from(k->canonical) : shape_intern(c, m->key);
	return shape_at_key(c, str_z(c->scratch, m->key), k ? k->fn : shape_do_any, NULL, m, &out->value);
}

static int by_term_key(const void *x, const void *y)
{
	return str_cmp(((const bool_term *)x)->key, ((const bool_term *)y)->key);
}

/*
 * Hasura v2: RQL/IR/BoolExp.hs. Keys of a conjunction are unique, unless the old and the new spelling of an operator meet;
 * then the conjunction is written out as _and.
 */
bool shape_do_bool_exp(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_OBJECT)) return shape_mismatch(c, "boolean expression", "Object", in);
	bool_term *terms = NEW_ARRAY(c->scratch, bool_term, in->count);
	size_t n = 0;
	JSON_EACH (m, in) {
		if (!do_bool_term(c, m, &terms[n++])) return false;
	}
	if (n > 1) qsort(terms, n, sizeof(*terms), by_term_key);
	bool unique = true;
	for (size_t i = 1; i < n; i++)
		unique &= !str_eq(terms[i].key, terms[i - 1].key);
	json *made = json_new_object(c->a);
	json *list = unique ? NULL : json_setz(made, "_and", json_new_array(c->a));
	for (size_t i = 0; i < n; i++)
		json_set(list ? json_push(list, json_new_object(c->a)) : made, terms[i].key, terms[i].value);
	*out = made;
	return true;
}
