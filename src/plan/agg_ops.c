#include "plan/agg_ops.h"

str agg_op(str name, bool *numeric)
{
	static const struct {
		str name;
		bool numeric;
	} ops[] = {
		{STR_INIT("max"), false},
		{STR_INIT("min"), false},
		{STR_INIT("sum"), true},
		{STR_INIT("avg"), true},
		{STR_INIT("stddev"), true},
		{STR_INIT("stddev_samp"), true},
		{STR_INIT("stddev_pop"), true},
		{STR_INIT("variance"), true},
		{STR_INIT("var_samp"), true},
		{STR_INIT("var_pop"), true},
	};
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		if (!str_eq(ops[i].name, name)) continue;
		*numeric = ops[i].numeric;
		return ops[i].name;
	}
	return STR_NULL;
}

bool agg_takes_type(const snap_source *src, pg_oid type, bool numeric)
{
	return (cat_type_flags(src->cat, type) & (numeric ? TYPE_NUMERIC : TYPE_COMPARABLE)) != 0;
}

bool agg_takes_column(const snap_source *src, const snap_column *col, bool numeric)
{
	return !col->enum_table.name.p && agg_takes_type(src, col->type, numeric);
}
