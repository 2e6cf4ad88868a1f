/*
 * fuzz_graphql: whatever the text, the parser ends; what it accepts prints canonically (printing what was printed gives
 * the same bytes), keeps its normal form and its hash.
 */
#include "base/arena.h"
#include "base/json.h"
#include "graphql/document.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (ok) return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static gq_document *reparse(arena *a, const buf *b)
{
	gq_document *doc;
	error err;

	error_init(&err, a);
	must(gq_parse(a, str_copy(a, buf_str(b)), NULL, &doc, &err), "what is printed does not parse");
	return doc;
}

static void check_operation(arena *a, gq_document *x, gq_document *y)
{
	const gq_operation *p, *q;
	char hx[41], hy[41];
	error err;

	for (gq_operation *op = x->operations; op; op = op->next) {
		str name = op->name.n ? op->name : STR_NULL;
		error_init(&err, a);
		bool fine = gq_select_operation(x, name, &p, &err);
		must(fine || err.message.n, "a refusal without words");
		must(gq_select_operation(y, name, &q, &err) == fine, "printing changed what is checked");
		if (!fine) continue;
		gq_parameterized_hash(x, p, NULL, hx);
		gq_parameterized_hash(y, q, NULL, hy);
		must(memcmp(hx, hy, 40) == 0, "printing changed the hash");
	}
}

static void check_arguments(arena *a, const gq_selection *x, const gq_selection *y)
{
	for (; x && y; x = x->next, y = y->next) {
		must(gq_arguments_equal(x->args, y->args), "printing changed arguments");
		for (const gq_value *v = x->args; v; v = v->next)
			(void)gq_value_to_json(a, v);
		check_arguments(a, x->first, y->first);
	}
	must(!x && !y, "printing changed selections");
}

static void check_printing(arena *a, gq_document *x)
{
	buf b1 = {0}, b2 = {0}, n1 = {0}, n2 = {0};
	gq_document *y;

	gq_print(&b1, x);
	y = reparse(a, &b1);
	gq_print(&b2, y);
	must(str_eq(buf_str(&b1), buf_str(&b2)), "printing is not canonical");
	gq_print_normalized(&n1, x);
	gq_print_normalized(&n2, y);
	must(str_eq(buf_str(&n1), buf_str(&n2)), "printing changed the normal form");
	check_operation(a, x, y);
	if (x->operations) check_arguments(a, x->operations->first, y->operations->first);
	buf_free(&b1);
	buf_free(&b2);
	buf_free(&n1);
	buf_free(&n2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena *a = arena_new(0);
	str text = str_copy(a, str_make((const char *)data, size));
	gq_document *doc;
	gq_type *type;
	error err;

	error_init(&err, a);
	if (gq_parse(a, text, NULL, &doc, &err)) check_printing(a, doc);
	else
		must(err.set && str_is_utf8(err.message) && (!err.internal || str_is_utf8(err.internal->text)),
			"a refusal that is no text");
	if (gq_parse_type(a, text, &type)) {
		buf b = {0};
		gq_print_type(&b, type);
		must(gq_parse_type(a, str_copy(a, buf_str(&b)), &type), "a printed type does not parse");
		buf_free(&b);
	}
	arena_free(a);
	return 0;
}
