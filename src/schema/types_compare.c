/* types_compare: comparisons by type. Hasura v2: Backends/Postgres/Instances/Schema.hs (comparisonExps). */
#include "schema/types_impl.h"

/* What an operator is compared with. */
typedef enum operand {
	SELF,
	SELF_LIST,
	TEXT,
	TEXT_LIST,
	BOOLEAN,
	LQUERY,
	LTXTQUERY,
	CAST,
	GEO_0,
	GEO_1,
	GEO_2,
	GEO_3
} operand;

/* Types an operator is for: all, all but raster and enum tables, or those with one of the TYPE_* bits. */
enum { FOR_ALL = 0, FOR_ORDERED = 1U << 31 };

typedef struct comparison {
	str name;
	uint32_t flags;
	operand with;
	const char *description;
} comparison;

#define OP(name, flags, with, text)               \
	{                                         \
		STR_INIT(name), flags, with, text \
	}

static const comparison COMPARISONS[] = {
	OP("_eq", FOR_ALL, SELF, NULL),
	OP("_neq", FOR_ALL, SELF, NULL),
	OP("_in", FOR_ALL, SELF_LIST, NULL),
	OP("_nin", FOR_ALL, SELF_LIST, NULL),
	OP("_is_null", FOR_ALL, BOOLEAN, NULL),
	OP("_gt", FOR_ORDERED, SELF, NULL),
	OP("_lt", FOR_ORDERED, SELF, NULL),
	OP("_gte", FOR_ORDERED, SELF, NULL),
	OP("_lte", FOR_ORDERED, SELF, NULL),
	OP("_cast", TYPE_JSONB | TYPE_GEOMETRY | TYPE_GEOGRAPHY, CAST, NULL),
	OP("_like", TYPE_STRINGY, SELF, "does the column match the given pattern"),
	OP("_nlike", TYPE_STRINGY, SELF, "does the column NOT match the given pattern"),
	OP("_ilike", TYPE_STRINGY, SELF, "does the column match the given case-insensitive pattern"),
	OP("_nilike", TYPE_STRINGY, SELF, "does the column NOT match the given case-insensitive pattern"),
	OP("_similar", TYPE_STRINGY, SELF, "does the column match the given SQL regular expression"),
	OP("_nsimilar", TYPE_STRINGY, SELF, "does the column NOT match the given SQL regular expression"),
	OP("_regex", TYPE_STRINGY, SELF, "does the column match the given POSIX regular expression, case sensitive"),
	OP("_iregex", TYPE_STRINGY, SELF, "does the column match the given POSIX regular expression, case insensitive"),
	OP("_nregex", TYPE_STRINGY, SELF,
		"does the column NOT match the given POSIX regular expression, case sensitive"),
	OP("_niregex", TYPE_STRINGY, SELF,
		"does the column NOT match the given POSIX regular expression, case insensitive"),
	OP("_contains", TYPE_ARRAY, SELF, "does the array contain the given value"),
	OP("_contained_in", TYPE_ARRAY, SELF, "is the array contained in the given array value"),
	OP("_contains", TYPE_JSONB, SELF, "does the column contain the given json value at the top level"),
	OP("_contained_in", TYPE_JSONB, SELF, "is the column contained in the given json value"),
	OP("_has_key", TYPE_JSONB, TEXT, "does the string exist as a top-level key in the column"),
	OP("_has_keys_any", TYPE_JSONB, TEXT_LIST, "do any of these strings exist as top-level keys in the column"),
	OP("_has_keys_all", TYPE_JSONB, TEXT_LIST, "do all of these strings exist as top-level keys in the column"),
	OP("_st_intersects", TYPE_GEOGRAPHY, SELF, "does the column spatially intersect the given geography value"),
	OP("_st_d_within", TYPE_GEOGRAPHY, GEO_1,
		"is the column within a given distance from the given geography value"),
	OP("_st_contains", TYPE_GEOMETRY, SELF, "does the column contain the given geometry value"),
	OP("_st_crosses", TYPE_GEOMETRY, SELF, "does the column cross the given geometry value"),
	OP("_st_equals", TYPE_GEOMETRY, SELF,
		"is the column equal to given geometry value (directionality is ignored)"),
	OP("_st_overlaps", TYPE_GEOMETRY, SELF,
		"does the column 'spatially overlap' (intersect but not completely contain) the given geometry value"),
	OP("_st_touches", TYPE_GEOMETRY, SELF,
		"does the column have atleast one point in common with the given geometry value"),
	OP("_st_within", TYPE_GEOMETRY, SELF, "is the column contained in the given geometry value"),
	OP("_st_intersects", TYPE_GEOMETRY, SELF, "does the column spatially intersect the given geometry value"),
	OP("_st_3d_intersects", TYPE_GEOMETRY, SELF,
		"does the column spatially intersect the given geometry value in 3D"),
	OP("_st_d_within", TYPE_GEOMETRY, GEO_0, "is the column within a given distance from the given geometry value"),
	OP("_st_3d_d_within", TYPE_GEOMETRY, GEO_0,
		"is the column within a given 3D distance from the given geometry value"),
	OP("_st_intersects_rast", TYPE_RASTER, SELF, NULL),
	OP("_st_intersects_nband_geom", TYPE_RASTER, GEO_2, NULL),
	OP("_st_intersects_geom_nband", TYPE_RASTER, GEO_3, NULL),
	OP("_ancestor", TYPE_LTREE, SELF, "is the left argument an ancestor of right (or equal)?"),
	OP("_ancestor_any", TYPE_LTREE, SELF_LIST, "does array contain an ancestor of `ltree`?"),
	OP("_descendant", TYPE_LTREE, SELF, "is the left argument a descendant of right (or equal)?"),
	OP("_descendant_any", TYPE_LTREE, SELF_LIST, "does array contain a descendant of `ltree`?"),
	OP("_matches", TYPE_LTREE, LQUERY, "does `ltree` match `lquery`?"),
	OP("_matches_any", TYPE_LTREE, TEXT_LIST, "does `ltree` match any `lquery` in array?"),
	OP("_matches_fulltext", TYPE_LTREE, LTXTQUERY, "does `ltree` match `ltxtquery`?"),
};

/* The type compared, and lists of it. */
static gref self(tgen *g, unsigned more_lists)
{
	const gdesc *d = g->d;
	gref r = {.name = d->scalar, .of = {.family = GF_SCALAR, .scalar = d->scalar}};
	if (d->t) r = ref_own(g, GF_ENUM, 0);
	r.lists = (uint8_t)(d->list + more_lists);
	r.nonnull = (uint8_t)((1U << r.lists) - 1); /* all but the outermost */
	return r;
}

static gref operand_type(tgen *g, operand with)
{
	switch (with) {
	case SELF: return self(g, 0);
	case SELF_LIST: return self(g, 1);
	case TEXT: return ref_scalar("String", 0);
	case TEXT_LIST: return ref_scalar_list("String", NONNULL);
	case BOOLEAN: return ref_scalar("Boolean", 0);
	case LQUERY: return ref_scalar("lquery", 0);
	case LTXTQUERY: return ref_scalar("ltxtquery", 0);
	case CAST:
		return ref_of(g->x,
			(gdesc){.family = GF_CAST, .scalar = g->d->scalar, .flags = g->d->flags, .src = g->src}, 0);
	default: return ref_of(g->x, (gdesc){.family = GF_GEO_INPUT, .op = (uint8_t)(with - GEO_0)}, 0);
	}
}

static bool applies(const gdesc *d, uint32_t flags)
{
	if (flags == FOR_ALL) return true;
	if (flags == FOR_ORDERED) return !d->t && !(d->flags & TYPE_RASTER);
	return !d->t && (d->flags & flags) != 0;
}

void gen_comparison(tgen *g)
{
	for (size_t i = 0; i < sizeof COMPARISONS / sizeof *COMPARISONS; i++) {
		const comparison *c = &COMPARISONS[i];
		if (applies(g->d, c->flags)) add_field(g, c->name, str_from(c->description), operand_type(g, c->with));
	}
}

void gen_cast(tgen *g)
{
	gdesc d = {.family = GF_COMPARISON, .src = g->src};
	if (g->d->flags & TYPE_JSONB) {
		d.scalar = STR("String");
		d.flags = TYPE_STRINGY | TYPE_COMPARABLE;
	} else {
		bool geometry = g->d->flags & TYPE_GEOMETRY;
		d.scalar = geometry ? STR("geography") : STR("geometry");
		d.flags = geometry ? TYPE_GEOGRAPHY : TYPE_GEOMETRY;
	}
	add_field(g, d.scalar, STR_NULL, ref_of(g->x, d, 0));
}

void gen_geo_input(tgen *g)
{
	if (g->d->op >= 2) {
		add_field(g, STR("geommin"), STR_NULL, ref_scalar("geometry", NONNULL));
		add_field(g, STR("nband"), STR_NULL, ref_scalar("Int", g->d->op == 2));
		return;
	}
	add_field(g, STR("distance"), STR_NULL, ref_scalar("Float", NONNULL));
	add_field(g, STR("from"), STR_NULL, ref_scalar(g->d->op ? "geography" : "geometry", NONNULL));
	if (g->d->op) add_field(g, STR("use_spheroid"), STR_NULL, ref_scalar("Boolean", 0))->dflt = STR("true");
}
