/*
 * type_info: facts by type: the GraphQL scalar it shows as, what may be done with it, how its text becomes JSON.
 * Sources: Hasura v2: Backends/Postgres/SQL/Types.hs (pgScalarTranslations, isNumType, isComparableType, mkScalarTypeName);
 * the codecs: experiment against to_json (tests/api/test_codecs.py).
 */
#pragma once
#include "base/buf.h"
#include "catalog/catalog.h"

/* How a value in PostgreSQL's text format becomes JSON, byte-equal to to_json. */
typedef enum codec {
	CODEC_TO_JSON,     /* no codec: select to_json(col), then write it as CODEC_RAW */
	CODEC_NUMBER,      /* copied */
	CODEC_FLOAT,       /* copied; NaN, Infinity and -Infinity quoted */
	CODEC_BOOL,        /* t, f */
	CODEC_QUOTED,      /* quoted and escaped */
	CODEC_RAW,         /* is JSON already */
	CODEC_TIMESTAMP,   /* DateStyle ISO: T for the blank */
	CODEC_TIMESTAMPTZ, /* also minutes in the zone */
	CODEC_GEOJSON      /* select ST_AsGeoJSON(col, 15, 4)::json (Hasura v2), then write it as CODEC_RAW */
} codec;

/* What a type is to the GraphQL schema. */
enum {
	TYPE_NUMERIC = 1 << 0,    /* sum, avg …, _inc */
	TYPE_COMPARABLE = 1 << 1, /* max, min */
	TYPE_STRINGY = 1 << 2,    /* _like and the rest of the text operators */
	TYPE_BOOL = 1 << 3,
	TYPE_JSON = 1 << 4,
	TYPE_JSONB = 1 << 5,
	TYPE_GEOMETRY = 1 << 6,
	TYPE_GEOGRAPHY = 1 << 7,
	TYPE_RASTER = 1 << 8,
	TYPE_LTREE = 1 << 9,
	TYPE_CITEXT = 1 << 10,
	TYPE_BIG = 1 << 11,  /* --stringify-numeric-types quotes it */
	TYPE_ENUM = 1 << 12, /* a PostgreSQL enum */
	TYPE_COMPOSITE = 1 << 13,
	TYPE_ARRAY = 1 << 14,   /* true array; the other flags are then those of arrays, not of the element */
	TYPE_UNKNOWN = 1 << 15, /* none of the types Hasura knows by name */
	TYPE_UUID = 1 << 16
};

/*
 * GraphQL scalar of a type; of the element for an array. Domains show as their base. Lives as long as c (or for ever).
 * Not checked to be a GraphQL name. Unknown oid: "unknown".
 * Hasura v2: a composite is <name>_scalar (made in a), but plain <name> as an array element.
 */
str cat_graphql_scalar(arena *a, const catalog *c, pg_oid type);
/*
 * The same for schemas that may be without lists: arrays are one scalar then, called after the element (_text). *list: a list
 * of the scalar. Hasura v2: experimental feature disable_postgres_arrays (Backends/Postgres/Instances/Schema.hs).
 */
str cat_graphql_type(arena *a, const catalog *c, pg_oid type, bool no_lists, bool *list);
/* Element type if this is an array (domains resolved before and after), else 0. */
pg_oid cat_array_element(const catalog *c, pg_oid type);
/* TYPE_* bits; domains resolved. */
uint32_t cat_type_flags(const catalog *c, pg_oid type);
/* Name to cast to in SQL: integer, "public"."mood", text[] … quoted where it must be. Lives in a. */
str cat_sql_type(arena *a, const catalog *c, pg_oid type);
/* Name as errors tell it: integer, mood, text[] … unquoted, without a schema (Hasura v2: pgScalarTypeToText). */
str cat_type_text(arena *a, const catalog *c, pg_oid type);
/* Codec for values of a type. stringify: Hasura's --stringify-numeric-types (TYPE_BIG ones become strings). */
codec cat_codec(const catalog *c, pg_oid type, bool stringify);
/* What the codec's values are written as once they are selected as it says. */
static inline codec codec_written(codec k)
{
	return k == CODEC_TO_JSON || k == CODEC_GEOJSON ? CODEC_RAW : k;
}
/* Appends one non-NULL value. */
void codec_write(buf *b, codec k, str text);
