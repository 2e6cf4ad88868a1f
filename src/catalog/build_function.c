#include "catalog/cat_array.h"
#include "catalog/build.h"
#include "catalog/read_sql.h"

/* Fields of a ROW_FUNCTION's t. */
enum { F_SCHEMA, F_TYPES, F_MODES, F_NAMES, F_DEFAULTS, F_FLAGS, F_LANGUAGE, F_COUNT };

static bool is_input(char mode)
{
	return mode == 'i' || mode == 'b' || mode == 'v';
}

/* pg_proc has one list of modes and names for all arguments, and one of types for the input ones only. */
static void build_args(cat_function *f, const int64_t *types, size_t n, str_vec modes, str_vec names)
{
	f->args = NEW_ARRAY(f->a, cat_arg, n);
	size_t all = modes.n ? modes.n : n;
	for (size_t i = 0; i < all; i++) {
		char mode = modes.n && modes.v[i].n ? modes.v[i].p[0] : 'i';
		if (mode == 'o' || mode == 't') f->returns_table = true;
		if (!is_input(mode) || f->nargs == n) continue;
		cat_arg *arg = &f->args[f->nargs];
		arg->type = (pg_oid)types[f->nargs++];
		arg->mode = mode;
		if (i < names.n && names.v[i].p) arg->name = str_copy(f->a, names.v[i]);
	}
}

static bool build_signature(arena *scratch, cat_function *f, const str *field, error *err)
{
	int64_t *types, defaults;
	size_t n;
	str_vec modes = {0}, names = {0};
	bool ok = cat_array_numbers(scratch, field[F_TYPES], &types, &n) && str_to_i64(field[F_DEFAULTS], &defaults) &&
		(!field[F_MODES].p || cat_array_parse(scratch, field[F_MODES], &modes)) &&
		(!field[F_NAMES].p || cat_array_parse(scratch, field[F_NAMES], &names));
	if (!ok || field[F_FLAGS].n != 4)
		return error_set(err, ERR_UNEXPECTED, STR(""), "unexpected signature of a function");
	build_args(f, types, n, modes, names);
	for (size_t i = f->nargs; i > 0 && defaults > 0; i--, defaults--)
		f->args[i - 1].has_default = true;
	f->volatility = field[F_FLAGS].p[0];
	f->kind = field[F_FLAGS].p[1];
	f->returns_set = field[F_FLAGS].p[2] == '1';
	f->variadic = field[F_FLAGS].p[3] == '1';
	return true;
}

cat_function *cat_build_function(const cat_build *b, const cat_row *row, cat_function *before, error *err)
{
	const cat_answer *rows = b->rows;
	cat_rows own = {.v = (cat_row *)row, .n = 1};
	cat_rows comment = cat_rows_of(rows->kind[ROW_FUNCTION_COMMENT], row->oid);
	cat_rows ext = cat_rows_of(rows->kind[ROW_FUNCTION_EXT], row->oid);
	const cat_type *result = cat_types_get(b->types, (pg_oid)row->num);
	const uint64_t rel = result ? result->relid : 0;
	uint64_t h = cat_rows_hash(ext, cat_rows_hash(comment, cat_rows_hash(own, rel + 1)));
	if (before && before->fingerprint == h) return cat_function_ref(before);

	str field[F_COUNT], text = STR_NULL;
	if (!cat_row_fields(b->scratch, row, field, F_COUNT, err)) return NULL;
	if (comment.n && !cat_row_fields(b->scratch, &comment.v[0], &text, 1, err)) return NULL;
	size_t names = size_add(row->text.n, text.n);
	arena *a = arena_new(sizeof(cat_function) + 2 * names + 16 * sizeof(cat_arg));
	cat_function *f = NEW(a, cat_function);
	f->a = a;
	atomic_init(&f->refs, 1);
	f->oid = row->oid;
	f->key = catalog_key(a, (qname){field[F_SCHEMA], row->name});
	f->name.schema = str_sub(f->key, 0, field[F_SCHEMA].n);
	f->name.name = str_from_at(f->key, field[F_SCHEMA].n + 1);
	f->returns = (pg_oid)row->num;
	f->returns_rel = (pg_oid)rel;
	f->language = str_copy(a, field[F_LANGUAGE]);
	if (text.p) f->comment = str_copy(a, text);
	f->from_extension = ext.n > 0;
	f->fingerprint = h;
	if (build_signature(b->scratch, f, field, err)) return f;
	arena_free(a);
	return NULL;
}
