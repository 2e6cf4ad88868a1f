#include "schema/geojson.h"
#include "schema/value_rule.h"

typedef bool (*judge)(arena *a, const json *j, str *why);

static bool fail(str *why, const char *text)
{
	*why = str_from(text);
	return false;
}

static bool array_of(arena *a, const json *j, const char *what, judge each, str *why)
{
	if (j->kind != JSON_ARRAY) return value_mismatch(a, what, "Array", j, why);
	JSON_EACH (e, j)
		if (!each(a, e, why)) return false;
	return true;
}

static bool number(arena *a, const json *j, str *why)
{
	return j->kind == JSON_NUMBER || value_mismatch(a, "Double", "Number", j, why);
}

static bool position(arena *a, const json *j, str *why)
{
	if (!array_of(a, j, "Position", number, why)) return false;
	return j->count >= 2 || fail(why, "A Position needs at least 2 elements");
}

static bool positions(arena *a, const json *j, str *why)
{
	return array_of(a, j, "[]", position, why);
}

static bool line(arena *a, const json *j, str *why)
{
	if (!array_of(a, j, "LineString", position, why)) return false;
	return j->count >= 2 || fail(why, "A LineString needs at least 2 Positions");
}

static bool lines(arena *a, const json *j, str *why)
{
	return array_of(a, j, "[]", line, why);
}

static bool ring(arena *a, const json *j, str *why)
{
	if (!array_of(a, j, "LinearRing", position, why)) return false;
	if (j->count < 4) return fail(why, "A LinearRing needs at least 4 Positions");
	return json_equal(j->first, j->last) ||
		fail(why, "the first and last locations have to be equal for a LinearRing");
}

static bool polygon(arena *a, const json *j, str *why)
{
	return array_of(a, j, "[]", ring, why);
}

static bool polygons(arena *a, const json *j, str *why)
{
	return array_of(a, j, "[]", polygon, why);
}

/* Depth: JSON_MAX_DEPTH. */
static bool geometry(arena *a, const json *j, str *why)
{
	if (j->kind != JSON_OBJECT) return value_mismatch(a, "Geometry", "Object", j, why);
	return geojson_judge(a, j, why);
}

static bool geometries(arena *a, const json *j, str *why)
{
	return array_of(a, j, "[]", geometry, why);
}

bool geojson_judge(arena *a, const json *j, str *why)
{
	static const struct {
		const char *type, *member;
		judge judge;
	} kinds[] = {
		{"Point", "coordinates", position},
		{"MultiPoint", "coordinates", positions},
		{"LineString", "coordinates", line},
		{"MultiLineString", "coordinates", lines},
		{"Polygon", "coordinates", polygon},
		{"MultiPolygon", "coordinates", polygons},
		{"GeometryCollection", "geometries", geometries},
	};
	const json *type = json_getz(j, "type");
	if (!type) return fail(why, "key \"type\" not found");
	if (type->kind != JSON_STRING) return value_mismatch(a, "String", "String", type, why);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!str_eqz(type->text, kinds[i].type)) continue;
		const json *inner = json_getz(j, kinds[i].member);
		if (inner) return kinds[i].judge(a, inner, why);
		*why = str_printf(a, "key \"%s\" not found", kinds[i].member);
		return false;
	}
	*why = str_printf(a, "unexpected geometry type: %.*s", STR_ARG(type->text));
	return false;
}
