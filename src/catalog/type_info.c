#include "catalog/type_info.h"

#include "base/json.h"

/* A type Hasura knows by name, whatever its schema. Hasura v2: pgScalarTranslations, isComparableType, mkScalarTypeName. */
typedef struct known_type {
	str name;   /* in pg_type */
	str scalar; /* in GraphQL */
	str sql;    /* unquoted; n 0: by its own name */
	uint32_t flags;
} known_type;

#define KNOWN(n, gql, cast, bits)                                                                    \
	{                                                                                            \
		.name = STR_INIT(n), .scalar = STR_INIT(gql), .sql = STR_INIT(cast), .flags = (bits) \
	}

static const known_type known_types[] = {
	KNOWN("int4", "Int", "integer", TYPE_NUMERIC | TYPE_COMPARABLE),
	KNOWN("text", "String", "text", TYPE_STRINGY | TYPE_COMPARABLE),
	KNOWN("varchar", "String", "varchar", TYPE_STRINGY | TYPE_COMPARABLE),
	KNOWN("bool", "Boolean", "boolean", TYPE_BOOL),
	KNOWN("timestamptz", "timestamptz", "timestamptz", TYPE_COMPARABLE),
	KNOWN("uuid", "uuid", "uuid", TYPE_UUID | TYPE_COMPARABLE),
	KNOWN("int8", "bigint", "bigint", TYPE_NUMERIC | TYPE_COMPARABLE | TYPE_BIG),
	KNOWN("jsonb", "jsonb", "jsonb", TYPE_JSONB),
	KNOWN("numeric", "numeric", "numeric", TYPE_NUMERIC | TYPE_COMPARABLE | TYPE_BIG),
	KNOWN("int2", "smallint", "smallint", TYPE_NUMERIC | TYPE_COMPARABLE),
	KNOWN("float4", "Float", "real", TYPE_NUMERIC | TYPE_COMPARABLE),
	KNOWN("float8", "float8", "float8", TYPE_NUMERIC | TYPE_COMPARABLE | TYPE_BIG),
	KNOWN("date", "date", "date", TYPE_COMPARABLE),
	KNOWN("timestamp", "timestamp", "timestamp", TYPE_COMPARABLE),
	KNOWN("timetz", "timetz", "timetz", TYPE_COMPARABLE),
	KNOWN("json", "json", "json", TYPE_JSON),
	KNOWN("money", "money", "money", TYPE_NUMERIC | TYPE_COMPARABLE | TYPE_BIG),
	KNOWN("bpchar", "bpchar", "bpchar", TYPE_STRINGY | TYPE_COMPARABLE),
	KNOWN("char", "bpchar", "\"char\"", TYPE_STRINGY | TYPE_COMPARABLE),
	KNOWN("citext", "citext", "", TYPE_STRINGY | TYPE_COMPARABLE | TYPE_CITEXT),
	KNOWN("geometry", "geometry", "", TYPE_GEOMETRY),
	KNOWN("geography", "geography", "", TYPE_GEOGRAPHY),
	KNOWN("raster", "raster", "", TYPE_RASTER | TYPE_COMPARABLE),
	KNOWN("ltree", "ltree", "", TYPE_LTREE | TYPE_COMPARABLE),
	KNOWN("lquery", "lquery", "", TYPE_COMPARABLE),
	KNOWN("ltxtquery", "ltxtquery", "", TYPE_COMPARABLE),
};

/*
 * Codecs of the types in pg_catalog that were compared with to_json (tests/api/test_codecs.py). Types made by users have
 * a rule of their own in cat_codec; everything else is CODEC_TO_JSON.
 */
typedef struct type_codec {
	str name;
	codec codec;
	bool iso; /* only with DateStyle ISO; else CODEC_TO_JSON */
} type_codec;

#define CODED(n, k)                               \
	{                                         \
		.name = STR_INIT(n), .codec = (k) \
	}
#define CODED_ISO(n, k)                                        \
	{                                                      \
		.name = STR_INIT(n), .codec = (k), .iso = true \
	}

static const type_codec type_codecs[] = {
	CODED("int2", CODEC_NUMBER),
	CODED("int4", CODEC_NUMBER),
	CODED("int8", CODEC_NUMBER),
	CODED("float4", CODEC_FLOAT),
	CODED("float8", CODEC_FLOAT),
	CODED("numeric", CODEC_FLOAT),
	CODED("bool", CODEC_BOOL),
	CODED("json", CODEC_RAW),
	CODED("jsonb", CODEC_RAW),
	CODED_ISO("date", CODEC_QUOTED),
	CODED_ISO("timestamp", CODEC_TIMESTAMP),
	CODED_ISO("timestamptz", CODEC_TIMESTAMPTZ),
	CODED("text", CODEC_QUOTED),
	CODED("varchar", CODEC_QUOTED),
	CODED("bpchar", CODEC_QUOTED),
	CODED("char", CODEC_QUOTED),
	CODED("name", CODEC_QUOTED),
	CODED("uuid", CODEC_QUOTED),
	CODED("time", CODEC_QUOTED),
	CODED("timetz", CODEC_QUOTED),
	CODED("interval", CODEC_QUOTED),
	CODED("money", CODEC_QUOTED),
	CODED("bytea", CODEC_QUOTED),
	CODED("inet", CODEC_QUOTED),
	CODED("cidr", CODEC_QUOTED),
	CODED("macaddr", CODEC_QUOTED),
	CODED("macaddr8", CODEC_QUOTED),
	CODED("bit", CODEC_QUOTED),
	CODED("varbit", CODEC_QUOTED),
	CODED("xml", CODEC_QUOTED),
	CODED("tsvector", CODEC_QUOTED),
	CODED("tsquery", CODEC_QUOTED),
	CODED("point", CODEC_QUOTED),
	CODED("line", CODEC_QUOTED),
	CODED("lseg", CODEC_QUOTED),
	CODED("box", CODEC_QUOTED),
	CODED("path", CODEC_QUOTED),
	CODED("polygon", CODEC_QUOTED),
	CODED("circle", CODEC_QUOTED),
	CODED("oid", CODEC_QUOTED),
	CODED("xid", CODEC_QUOTED),
	CODED("xid8", CODEC_QUOTED),
	CODED("cid", CODEC_QUOTED),
	CODED("tid", CODEC_QUOTED),
	CODED("pg_lsn", CODEC_QUOTED),
	CODED("txid_snapshot", CODEC_QUOTED),
	CODED("pg_snapshot", CODEC_QUOTED),
	CODED("jsonpath", CODEC_QUOTED),
	CODED("regclass", CODEC_QUOTED),
	CODED("regtype", CODEC_QUOTED),
	CODED("regproc", CODEC_QUOTED),
	CODED("regrole", CODEC_QUOTED),
	CODED("regnamespace", CODEC_QUOTED),
	CODED("int4range", CODEC_QUOTED),
	CODED("int8range", CODEC_QUOTED),
	CODED("numrange", CODEC_QUOTED),
	CODED("daterange", CODEC_QUOTED),
	CODED("tsrange", CODEC_QUOTED),
	CODED("tstzrange", CODEC_QUOTED),
	CODED("int4multirange", CODEC_QUOTED),
	CODED("int8multirange", CODEC_QUOTED),
	CODED("nummultirange", CODEC_QUOTED),
	CODED("datemultirange", CODEC_QUOTED),
	CODED("tsmultirange", CODEC_QUOTED),
	CODED("tstzmultirange", CODEC_QUOTED),
};

#define COUNT(x) (sizeof(x) / sizeof((x)[0]))

static const known_type *known_by_name(str name)
{
	for (size_t i = 0; i < COUNT(known_types); i++)
		if (str_eq_nocase(known_types[i].name, name)) return &known_types[i];
	return NULL;
}

/* Hasura v2: an enum or a composite is one only directly, not through a domain: then it is a name among others. */
static const known_type *known_type_of(const cat_type *t)
{
	return t->kind == 'e' || t->kind == 'c' ? NULL : known_by_name(t->name.name);
}

static bool in_pg_catalog(const cat_type *t)
{
	return str_eq(t->name.schema, STR("pg_catalog"));
}

pg_oid cat_array_element(const catalog *c, pg_oid type)
{
	const cat_type *t = catalog_base_type(c, type);
	if (!t || !t->elem) return 0;
	const cat_type *elem = catalog_base_type(c, t->elem);
	return elem ? elem->oid : t->elem;
}

str cat_graphql_scalar(arena *a, const catalog *c, pg_oid type)
{
	pg_oid elem = cat_array_element(c, type);
	const cat_type *direct = catalog_type(c, type);
	const cat_type *t = catalog_base_type(c, elem ? elem : type);
	if (!t) return STR("unknown");
	if (!elem && direct && direct->kind == 'c') return str_cat(a, 2, t->name.name, STR("_scalar"));
	const known_type *known = known_type_of(t);
	return known ? known->scalar : t->name.name;
}

/* Hasura v2: pgScalarTypeToText. */
static str array_scalar(arena *a, const catalog *c, pg_oid elem)
{
	const cat_type *t = catalog_base_type(c, elem);
	const known_type *known = t ? known_type_of(t) : NULL;
	str name = t ? t->name.name : STR("unknown");
	if (known) name = known->sql.n && known->sql.p[0] != '"' ? known->sql : known->scalar;
	return str_cat(a, 2, STR("_"), name);
}

str cat_graphql_type(arena *a, const catalog *c, pg_oid type, bool no_lists, bool *list)
{
	pg_oid elem = cat_array_element(c, type);
	*list = elem && !no_lists;
	return elem && no_lists ? array_scalar(a, c, elem) : cat_graphql_scalar(a, c, type);
}

uint32_t cat_type_flags(const catalog *c, pg_oid type)
{
	const cat_type *t = catalog_base_type(c, type);
	if (!t) return TYPE_UNKNOWN;
	if (t->elem) return TYPE_ARRAY | TYPE_COMPARABLE;
	bool direct = t->oid == type;
	if (t->kind == 'e') return TYPE_ENUM | (direct ? TYPE_COMPARABLE : TYPE_UNKNOWN);
	if (t->kind == 'c') return TYPE_COMPOSITE | (direct ? TYPE_COMPARABLE : TYPE_UNKNOWN);
	const known_type *known = known_type_of(t);
	return known ? known->flags : TYPE_UNKNOWN;
}

/* ---- names in SQL ---- */

static void put_quoted(buf *b, str name)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"') buf_putc(b, '"');
		buf_putc(b, name.p[i]);
	}
	buf_putc(b, '"');
}

static void put_type(buf *b, const cat_type *t)
{
	const known_type *known = in_pg_catalog(t) ? known_by_name(t->name.name) : NULL;
	if (known && known->sql.n) {
		buf_put(b, known->sql);
		return;
	}
	put_quoted(b, t->name.schema);
	buf_putc(b, '.');
	put_quoted(b, t->name.name);
}

str cat_sql_type(arena *a, const catalog *c, pg_oid type)
{
	const cat_type *t = catalog_type(c, type);
	const cat_type *elem = t && t->elem ? catalog_type(c, t->elem) : NULL;
	if (!t) return STR("text");
	buf b = {0};
	put_type(&b, elem ? elem : t);
	if (elem) buf_puts(&b, "[]");
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

str cat_type_text(arena *a, const catalog *c, pg_oid type)
{
	const cat_type *t = catalog_type(c, type);
	const cat_type *elem = t && t->elem ? catalog_type(c, t->elem) : NULL;
	if (!t) return STR("unknown");
	const cat_type *one = elem ? elem : t;
	const known_type *known = in_pg_catalog(one) ? known_by_name(one->name.name) : NULL;
	/* "char" shows as bpchar, as its scalar does. */
	bool plain = known && known->sql.n && known->sql.p[0] != '"';
	str name = plain ? known->sql : known ? known->scalar : one->name.name;
	return elem ? str_cat(a, 2, name, STR("[]")) : name;
}

/* ---- codecs ---- */

static codec codec_named(const catalog *c, str name)
{
	for (size_t i = 0; i < COUNT(type_codecs); i++)
		if (str_eq(type_codecs[i].name, name))
			return type_codecs[i].iso && !c->iso_dates ? CODEC_TO_JSON : type_codecs[i].codec;
	return CODEC_TO_JSON;
}

codec cat_codec(const catalog *c, pg_oid type, bool stringify)
{
	const cat_type *t = catalog_base_type(c, type);
	if (!t || t->elem) return CODEC_TO_JSON;
	uint32_t flags = cat_type_flags(c, type);
	if (flags & (TYPE_GEOMETRY | TYPE_GEOGRAPHY)) return CODEC_GEOJSON;
	if (stringify && flags & TYPE_BIG) return CODEC_QUOTED;
	if (t->json_cast) return CODEC_TO_JSON;
	if (in_pg_catalog(t)) return codec_named(c, t->name.name);
	/*
	 * PostgreSQL: to_json quotes what the output function gives for types that are no arrays, composites or built-in ones
	 * of another kind, and have no cast to json.
	 */
	bool plain = t->kind == 'b' || t->kind == 'e' || t->kind == 'r' || t->kind == 'm';
	return plain && t->category != 'A' ? CODEC_QUOTED : CODEC_TO_JSON;
}

/* NaN, Infinity and -Infinity are no JSON numbers. */
static void write_float(buf *b, str text)
{
	size_t first = text.n && text.p[0] == '-';
	bool number = text.n > first && text.p[first] >= '0' && text.p[first] <= '9';
	if (!number) buf_putc(b, '"');
	buf_put(b, text);
	if (!number) buf_putc(b, '"');
}

/*
 * ISO text "2020-01-02 03:04:05.6+02", with " BC" behind it before our era, becomes "2020-01-02T03:04:05.6+02:00", BC kept:
 * the first blank is T, and a zone without minutes gets them. PostgreSQL: EncodeDateTime with USE_XSD_DATES; zones with
 * minutes or seconds are the same in both styles. "infinity" has no blank.
 */
static void write_timestamp(buf *b, str text, bool zone)
{
	size_t blank = str_find_char(text, ' ');
	buf_putc(b, '"');
	if (blank == SIZE_MAX) {
		buf_put(b, text);
		buf_putc(b, '"');
		return;
	}
	str time = str_from_at(text, blank + 1);
	size_t end = str_find_char(time, ' ');
	if (end == SIZE_MAX) end = time.n;
	buf_put(b, str_sub(text, 0, blank));
	buf_putc(b, 'T');
	buf_put(b, str_sub(time, 0, end));
	if (zone && end >= 3 && (time.p[end - 3] == '+' || time.p[end - 3] == '-')) buf_put(b, STR(":00"));
	buf_put(b, str_from_at(time, end));
	buf_putc(b, '"');
}

void codec_write(buf *b, codec k, str text)
{
	switch (k) {
	case CODEC_NUMBER:
	case CODEC_RAW:
	case CODEC_TO_JSON:
	case CODEC_GEOJSON: buf_put(b, text); return;
	case CODEC_FLOAT: write_float(b, text); return;
	case CODEC_BOOL: buf_put(b, text.n && text.p[0] == 't' ? STR("true") : STR("false")); return;
	case CODEC_QUOTED: json_write_str(b, text); return;
	case CODEC_TIMESTAMP: write_timestamp(b, text, false); return;
	case CODEC_TIMESTAMPTZ: write_timestamp(b, text, true); return;
	}
}
