#include "plan/array_text.h"
#include "pg/pg_quote.h"

static void put_element(arena *a, buf *b, const json *e, bool json_elems)
{
	bool bare = !json_elems && (e->kind == JSON_STRING || e->kind == JSON_NUMBER);
	str text = bare ? e->text : json_to_str(a, e);
	str one = pg_quote_array_str(a, &text, 1);
	buf_put(b, str_sub(one, 1, one.n - 2));
}

/* PostgreSQL has six dimensions at most; deeper lists are left to it to refuse, as text. */
static void put_list(arena *a, buf *b, const json *list, bool json_elems, unsigned depth)
{
	buf_putc(b, '{');
	JSON_EACH (e, list) {
		if (e != list->first) buf_putc(b, ',');
		if (e->kind == JSON_NULL) {
			buf_puts(b, "NULL");
		} else if (e->kind == JSON_ARRAY && !json_elems && depth < 8) {
			put_list(a, b, e, json_elems, depth + 1);
		} else {
			put_element(a, b, e, json_elems);
		}
	}
	buf_putc(b, '}');
}

str array_text(arena *a, const json *list, bool json_elems)
{
	buf b = {0};
	put_list(a, &b, list, json_elems, 0);
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}
