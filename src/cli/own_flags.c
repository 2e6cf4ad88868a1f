#include "cli/own_flags.h"

/* The flag that argv[i] is; *value is what follows "=", p NULL: nothing. */
static const own_flag *find(str arg, const own_flag *flags, size_t n, str *value)
{
	size_t eq = str_find_char(arg, '=');
	str name = eq == SIZE_MAX ? arg : str_sub(arg, 0, eq);
	*value = eq == SIZE_MAX ? STR_NULL : str_from_at(arg, eq + 1);
	for (size_t i = 0; i < n; i++)
		if (str_eqz(name, flags[i].name)) return &flags[i];
	return NULL;
}

bool own_flags_take(
	arena *a, int argc, char *const *argv, const own_flag *flags, size_t n, int *left_n, char ***left, error *err)
{
	char **rest = NEW_ARRAY(a, char *, (size_t)argc + 1);
	*left_n = 0;
	for (int i = 0; i < argc; i++) {
		str value;
		const own_flag *f = find(str_from(argv[i]), flags, n, &value);
		if (!f) {
			rest[(*left_n)++] = argv[i];
			continue;
		}
		if (f->given) *f->given = true;
		if (!f->values) continue;
		if (!value.p && i + 1 >= argc)
			return error_set(err, ERR_INVALID_PARAMS, STR_NULL, "flag %s needs a value", f->name);
		if (!value.p) value = str_from(argv[++i]);
		vec_push(a, f->values, value);
	}
	*left = rest;
	return true;
}
