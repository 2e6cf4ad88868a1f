/* compare: operators by type. Hasura v2: Backends/Postgres/Instances/Schema.hs, comparisonExps. */
#include "plan/compare.h"

/* Types an operator belongs to. */
enum {
	FOR_ALL = 1 << 0,
	FOR_ORDERED = 1 << 1, /* all but raster and enum tables */
	FOR_STRING = 1 << 2,
	FOR_ARRAY = 1 << 3,
	FOR_JSONB = 1 << 4,
	FOR_GEOGRAPHY = 1 << 5,
	FOR_GEOMETRY = 1 << 6,
	FOR_LTREE = 1 << 7,
	FOR_RASTER = 1 << 8
};

typedef enum arg_kind {
	ARG_SAME, /* the column's type */
	ARG_LIST, /* a list of it, one by one */
	ARG_BOOL,
	ARG_TEXT,
	ARG_TEXTS, /* [String!] as text[] */
	ARG_SAMES, /* a list of it, as one array */
	ARG_LQUERY,
	ARG_LQUERIES, /* [String!] as lquery[] */
	ARG_LTXTQUERY,
	ARG_GEOM_WITHIN,
	ARG_GEOG_WITHIN,
	ARG_NBAND_GEOM,
	ARG_GEOM_NBAND
} arg_kind;

typedef struct op_rule {
	cmp_op op;
	unsigned types;
	arg_kind arg;
} op_rule;

static const op_rule rules[] = {
	{CMP_EQ, FOR_ALL, ARG_SAME},
	{CMP_IN, FOR_ALL, ARG_LIST},
	{CMP_NEQ, FOR_ALL, ARG_SAME},
	{CMP_NIN, FOR_ALL, ARG_LIST},
	{CMP_IS_NULL, FOR_ALL, ARG_BOOL},
	{CMP_GT, FOR_ORDERED, ARG_SAME},
	{CMP_LT, FOR_ORDERED, ARG_SAME},
	{CMP_GTE, FOR_ORDERED, ARG_SAME},
	{CMP_LTE, FOR_ORDERED, ARG_SAME},
	{CMP_LIKE, FOR_STRING, ARG_SAME},
	{CMP_NLIKE, FOR_STRING, ARG_SAME},
	{CMP_ILIKE, FOR_STRING, ARG_SAME},
	{CMP_NILIKE, FOR_STRING, ARG_SAME},
	{CMP_SIMILAR, FOR_STRING, ARG_SAME},
	{CMP_NSIMILAR, FOR_STRING, ARG_SAME},
	{CMP_REGEX, FOR_STRING, ARG_SAME},
	{CMP_NREGEX, FOR_STRING, ARG_SAME},
	{CMP_IREGEX, FOR_STRING, ARG_SAME},
	{CMP_NIREGEX, FOR_STRING, ARG_SAME},
	{CMP_CONTAINS, FOR_ARRAY | FOR_JSONB, ARG_SAME},
	{CMP_CONTAINED_IN, FOR_ARRAY | FOR_JSONB, ARG_SAME},
	{CMP_HAS_KEY, FOR_JSONB, ARG_TEXT},
	{CMP_HAS_KEYS_ANY, FOR_JSONB, ARG_TEXTS},
	{CMP_HAS_KEYS_ALL, FOR_JSONB, ARG_TEXTS},
	{CMP_ST_INTERSECTS, FOR_GEOGRAPHY | FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_D_WITHIN, FOR_GEOGRAPHY, ARG_GEOG_WITHIN},
	{CMP_ST_D_WITHIN, FOR_GEOMETRY, ARG_GEOM_WITHIN},
	{CMP_ST_CONTAINS, FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_CROSSES, FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_EQUALS, FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_OVERLAPS, FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_TOUCHES, FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_WITHIN, FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_3D_INTERSECTS, FOR_GEOMETRY, ARG_SAME},
	{CMP_ST_3D_D_WITHIN, FOR_GEOMETRY, ARG_GEOM_WITHIN},
	{CMP_ANCESTOR, FOR_LTREE, ARG_SAME},
	{CMP_ANCESTOR_ANY, FOR_LTREE, ARG_SAMES},
	{CMP_DESCENDANT, FOR_LTREE, ARG_SAME},
	{CMP_DESCENDANT_ANY, FOR_LTREE, ARG_SAMES},
	{CMP_MATCHES, FOR_LTREE, ARG_LQUERY},
	{CMP_MATCHES_ANY, FOR_LTREE, ARG_LQUERIES},
	{CMP_MATCHES_FULLTEXT, FOR_LTREE, ARG_LTXTQUERY},
	{CMP_ST_INTERSECTS_RAST, FOR_RASTER, ARG_SAME},
	{CMP_ST_INTERSECTS_NBAND_GEOM, FOR_RASTER, ARG_NBAND_GEOM},
	{CMP_ST_INTERSECTS_GEOM_NBAND, FOR_RASTER, ARG_GEOM_NBAND},
};

static unsigned families(const value_type *t)
{
	static const struct {
		uint32_t flag;
		unsigned family;
	} by_flag[] = {
		{TYPE_STRINGY, FOR_STRING},
		{TYPE_ARRAY, FOR_ARRAY},
		{TYPE_JSONB, FOR_JSONB},
		{TYPE_GEOGRAPHY, FOR_GEOGRAPHY},
		{TYPE_GEOMETRY, FOR_GEOMETRY},
		{TYPE_LTREE, FOR_LTREE},
		{TYPE_RASTER, FOR_RASTER},
	};
	if (t->enum_table) return FOR_ALL;
	uint32_t flags = cat_type_flags(t->src->cat, t->oid);
	unsigned out = flags & TYPE_RASTER ? FOR_ALL : FOR_ALL | FOR_ORDERED;
	for (size_t i = 0; i < sizeof by_flag / sizeof *by_flag; i++)
		if (flags & by_flag[i].flag) out |= by_flag[i].family;
	return out;
}

static const op_rule *find_rule(unsigned fams, str name)
{
	if (!str_starts(name, STR("_"))) return NULL;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if ((rules[i].types & fams) && str_eq(cmp_op_name(rules[i].op), str_from_at(name, 1))) return &rules[i];
	return NULL;
}

str compare_type(plan_ctx *c, const value_type *t)
{
	return str_cat(c->a, 2, t->name, t->list ? STR("_array_comparison_exp") : STR("_comparison_exp"));
}

const bexp *bexp_all(plan_ctx *c, const bexp_vec *v)
{
	if (v->n == 1) return v->v[0];
	bexp *e = bexp_new(c->a, v->n ? BEXP_AND : BEXP_TRUE);
	e->kids = v->v;
	e->nkids = v->n;
	return e;
}

/* ---- objects as values ---- */

static bool need(plan_ctx *c, input_object *o, const plan_path *at, str name, input **out)
{
	*out = input_get(o, name);
	if (*out) return true;
	return plan_fail(c, path_key(c, at, name), "missing required field '%.*s'", STR_ARG(name));
}

static bool within(plan_ctx *c, const value_type *t, const input *in, bool geography, bexp *e)
{
	static const str names[] = {STR_INIT("distance"), STR_INIT("from"), STR_INIT("use_spheroid")};
	str type = geography ? STR("st_d_within_geography_input") : STR("st_d_within_input");
	value_type real = value_type_named(c, t->src, STR("float4")),
		   boolean = value_type_named(c, t->src, STR("bool"));
	input_object o;
	input *distance, *from;
	if (!input_members(c, in, type, &o) || !input_only(c, &o, type, names, geography ? 3 : 2)) return false;
	if (!need(c, &o, in->at, names[0], &distance) || !value_read(c, &real, false, distance, &e->extra[0]))
		return false;
	if (!need(c, &o, in->at, names[1], &from) || !value_read(c, t, false, from, &e->rhs)) return false;
	e->nextra = 1;
	if (!geography) return true;
	e->nextra = 2;
	input *spheroid = input_get(&o, names[2]);
	if (spheroid)
		return input_peel(c, spheroid, type_nullable(STR("Boolean")), true) &&
			value_read(c, &boolean, true, spheroid, &e->extra[1]);
	e->extra[1] = (val){.kind = VAL_CONST, .text = STR("true"), .cast = boolean.cast};
	return true;
}

static bool nband(plan_ctx *c, const value_type *t, const input *in, bool required, bexp *e)
{
	static const str names[] = {STR_INIT("geommin"), STR_INIT("nband")};
	str type = required ? STR("st_intersects_nband_geom_input") : STR("st_intersects_geom_nband_input");
	value_type integer = value_type_named(c, t->src, STR("int4")),
		   geometry = value_type_named(c, t->src, STR("geometry"));
	input_object o;
	input *geom, *band = NULL;
	if (!input_members(c, in, type, &o) || !input_only(c, &o, type, names, 2)) return false;
	if (required ? !need(c, &o, in->at, names[1], &band) : false) return false;
	if (!required) band = input_get(&o, names[1]);
	if (band && !required && !input_peel_value(c, band, type_nullable(STR("Int")))) return false;
	if (band && !value_read(c, &integer, false, band, &e->extra[e->nextra++])) return false;
	return need(c, &o, in->at, names[0], &geom) && value_read(c, &geometry, false, geom, &e->extra[e->nextra++]);
}

/* ---- operators ---- */

static str array_of(plan_ctx *c, const value_type *t)
{
	const cat_type *ct = catalog_type(t->src->cat, t->oid);
	return ct && ct->array ? cat_sql_type(c->a, t->src->cat, ct->array) : t->cast;
}

static bool read_named(plan_ctx *c, const value_type *t, const char *pg_type, bool nullable, const input *in, val *out)
{
	value_type named = value_type_named(c, t->src, str_from(pg_type));
	return value_read(c, &named, nullable, in, out);
}

static bool read_arg(plan_ctx *c, const value_type *t, const op_rule *r, const input *in, bexp *e)
{
	value_type text = value_type_named(c, t->src, STR("text"));
	switch (r->arg) {
	case ARG_SAME: return value_read(c, t, false, in, &e->rhs);
	case ARG_LIST: return value_read_list(c, t, in, &e->rhs);
	case ARG_BOOL: return input_bool(c, in, &e->is_null);
	case ARG_TEXT: return value_read(c, &text, true, in, &e->rhs);
	case ARG_TEXTS: return value_read_array(c, &text, in, &e->rhs);
	case ARG_SAMES: return value_read_array(c, t, in, &e->rhs);
	case ARG_LQUERY: return read_named(c, t, "lquery", false, in, &e->rhs);
	case ARG_LQUERIES: {
		value_type lquery = value_type_named(c, t->src, STR("lquery"));
		if (!value_read_array(c, &text, in, &e->rhs)) return false;
		e->rhs.cast = array_of(c, &lquery);
		return true;
	}
	case ARG_LTXTQUERY: return read_named(c, t, "ltxtquery", false, in, &e->rhs);
	case ARG_GEOM_WITHIN: return within(c, t, in, false, e);
	case ARG_GEOG_WITHIN: return within(c, t, in, true, e);
	case ARG_NBAND_GEOM: return nband(c, t, in, true, e);
	case ARG_GEOM_NBAND: return nband(c, t, in, false, e);
	}
	return false;
}

/* What a variable must be declared as to stand here; operators are optional fields. */
static in_type arg_type(const value_type *t, arg_kind k)
{
	static const struct {
		arg_kind kind;
		str name;
	} named[] = {
		{ARG_BOOL, STR_INIT("Boolean")},
		{ARG_TEXT, STR_INIT("String")},
		{ARG_LQUERY, STR_INIT("lquery")},
		{ARG_LTXTQUERY, STR_INIT("ltxtquery")},
		{ARG_GEOM_WITHIN, STR_INIT("st_d_within_input")},
		{ARG_GEOG_WITHIN, STR_INIT("st_d_within_geography_input")},
		{ARG_NBAND_GEOM, STR_INIT("st_intersects_nband_geom_input")},
		{ARG_GEOM_NBAND, STR_INIT("st_intersects_geom_nband_input")},
	};
	if (k == ARG_SAME) return value_in_type(t, true);
	if (k == ARG_LIST || k == ARG_SAMES) return type_with_null(type_list_of(value_in_type(t, false)), true);
	if (k == ARG_TEXTS || k == ARG_LQUERIES) return type_list(STR("String"));
	size_t i = 0;
	while (named[i].kind != k)
		i++;
	return type_nullable(named[i].name);
}

/* _cast: jsonb as text, geometry and geography as each other. */
static bool read_cast(plan_ctx *c, const value_type *t, const bexp_lhs *lhs, const input *given, bexp_vec *out)
{
	uint32_t flags = cat_type_flags(t->src->cat, t->oid);
	str to = flags & TYPE_JSONB ? STR("text") : flags & TYPE_GEOMETRY ? STR("geography") : STR("geometry");
	str type = str_cat(c->a, 2, t->name, STR("_cast_exp"));
	value_type target = value_type_named(c, t->src, to);
	input in = *given;
	input_object o;
	if (!input_peel_value(c, &in, type_nullable(type)) || !input_members(c, &in, type, &o)) return false;
	if (!input_only(c, &o, type, &target.name, 1)) return false;
	if (!o.n) return true;
	input inner = o.v[0].value;
	bexp_lhs cast = *lhs;
	cast.cast = target.cast;
	cast.type = target.oid;
	return input_peel_value(c, &inner, type_nullable(compare_type(c, &target))) &&
		compare_read(c, &target, &cast, &inner, out);
}

static bool has_cast(const value_type *t)
{
	uint32_t flags = cat_type_flags(t->src->cat, t->oid);
	return !t->enum_table && (flags & (TYPE_JSONB | TYPE_GEOMETRY | TYPE_GEOGRAPHY));
}

static bool read_op(
	plan_ctx *c, const value_type *t, const bexp_lhs *lhs, const op_rule *r, const input *given, bexp_vec *out)
{
	input in = *given;
	if (!input_peel_value(c, &in, arg_type(t, r->arg))) return false;
	/* Hasura v2, --v1-boolean-null-collapse: null means that the operator was not given. */
	if (input_is_null(&in) && c->snap->options.boolean_null_collapse) return true;
	bexp *e = bexp_new(c->a, BEXP_CMP);
	e->lhs = *lhs;
	e->op = r->op;
	if (!read_arg(c, t, r, &in, e)) return false;
	vec_push(c->a, out, e);
	return true;
}

bool compare_read(plan_ctx *c, const value_type *t, const bexp_lhs *lhs, const input *in, bexp_vec *out)
{
	input_object o;
	str type = compare_type(c, t);
	if (!input_members(c, in, type, &o)) return false;
	unsigned fams = families(t);
	for (size_t i = 0; i < o.n; i++) {
		const input_member *m = &o.v[i];
		if (str_eqz(m->name, "_cast") && has_cast(t)) {
			if (!read_cast(c, t, lhs, &m->value, out)) return false;
			continue;
		}
		const op_rule *r = find_rule(fams, m->name);
		if (!r) return input_unknown_field(c, m, type);
		if (!read_op(c, t, lhs, r, &m->value, out)) return false;
	}
	return true;
}
