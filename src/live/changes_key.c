#include "live/changes_key.h"
#include "base/map.h"

/* PostgreSQL: catalog/pg_type.dat; these numbers never change. */
enum { INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, VARCHAR = 1043, UUID = 2950, UUID_DIGITS = 32 };

bool changes_key_type(pg_oid type)
{
	return type == INT2 || type == INT4 || type == INT8 || type == TEXT || type == VARCHAR || type == UUID;
}

uint64_t changes_key_hash_output(str value)
{
	uint64_t h = str_hash(value, hash_seed());
	return h ? h : 1;
}

uint64_t changes_column_hash(str name)
{
	return str_hash(name, hash_seed() ^ 0x636f6c756d6eu);
}

/* PostgreSQL: int8in takes blanks around, a sign, leading zeros. */
static bool hash_int(str v, uint64_t *hash)
{
	char text[32];
	int64_t n;
	v = str_trim(v);
	if (v.n && v.p[0] == '+') v = str_from_at(v, 1);
	if (!str_to_i64(v, &n)) return false;
	size_t at = sizeof text;
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	do
		text[--at] = (char)('0' + left % 10);
	while (left /= 10);
	if (n < 0) text[--at] = '-';
	*hash = changes_key_hash_output(str_make(text + at, sizeof text - at));
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* PostgreSQL: uuid_in takes either case, braces, and hyphens after any group of four digits. */
static bool hash_uuid(str v, uint64_t *hash)
{
	char text[UUID_DIGITS + 4];
	size_t n = 0, digits = 0;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i] >= 'A' && v.p[i] <= 'Z' ? (char)(v.p[i] + 32) : v.p[i];
		if (c == '-' || c == '{' || c == '}') continue;
		if (!is_hex(c) || digits == UUID_DIGITS) return false;
		if (digits == 8 || digits == 12 || digits == 16 || digits == 20) text[n++] = '-';
		text[n++] = c;
		digits++;
	}
	if (digits != UUID_DIGITS) return false;
	*hash = changes_key_hash_output(str_make(text, n));
	return true;
}

bool changes_key_hash(pg_oid type, str value, uint64_t *hash)
{
	if (type == UUID) return hash_uuid(value, hash);
	if (type == INT2 || type == INT4 || type == INT8) return hash_int(value, hash);
	if (type != TEXT && type != VARCHAR) return false;
	*hash = changes_key_hash_output(value);
	return true;
}

bool changes_clock_type(str t)
{
	return str_starts(t, STR("timestamp")) || str_starts(t, STR("date")) || str_starts(t, STR("time")) ||
		str_find(t, STR("range")) != SIZE_MAX;
}

bool changes_clock_text(str v)
{
	static const str words[] = {STR_INIT("now"), STR_INIT("today"), STR_INIT("tomorrow"), STR_INIT("yesterday")};
	for (size_t at = 0; at < v.n; at++)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (str_starts_nocase(str_from_at(v, at), words[i])) return true;
	return false;
}
