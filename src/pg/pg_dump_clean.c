/*
 * pg_dump_clean: a dump as a migration wants it. Hasura v2: Server/API/PGDump.hs, which cuts by lines alone and so takes
 * empty lines and what looks like a comment out of texts and functions too; here quotes are heeded.
 */
#include "pg/pg_dump.h"

typedef struct cleaning {
	char quote; /* inside of: ' or " or $; 0: none */
	bool escapes;
	str tag;   /* of a dollar quote, with both signs */
	bool rows; /* COPY's, until \. */
} cleaning;

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		(unsigned char)c >= 0x80;
}

/* The opening of a dollar quote at i, or empty. */
static str dollar_tag(str line, size_t i)
{
	size_t end = i + 1;
	if (i > 0 && word_char(line.p[i - 1])) return STR("");
	while (end < line.n && word_char(line.p[end]))
		end++;
	bool digit = i + 1 < line.n && line.p[i + 1] >= '0' && line.p[i + 1] <= '9';
	return end < line.n && line.p[end] == '$' && !digit ? str_sub(line, i, end + 1 - i) : STR("");
}

static size_t inside(cleaning *s, str line, size_t i)
{
	if (s->quote == '$') {
		if (!str_starts(str_from_at(line, i), s->tag)) return i + 1;
		s->quote = 0;
		return i + s->tag.n;
	}
	if (s->escapes && line.p[i] == '\\') return i + 2;
	if (line.p[i] == s->quote) s->quote = 0; /* of a doubled one the second opens it again */
	return i + 1;
}

static size_t outside(cleaning *s, str line, size_t i)
{
	char c = line.p[i];
	if (c == '-' && str_starts(str_from_at(line, i), STR("--"))) return line.n;
	if (c == '$') {
		s->tag = dollar_tag(line, i);
		if (s->tag.n) s->quote = '$';
		return i + (s->tag.n ? s->tag.n : 1);
	}
	if (c == '\'' || c == '"') {
		bool e =
			i > 0 && (line.p[i - 1] == 'E' || line.p[i - 1] == 'e') && (i < 2 || !word_char(line.p[i - 2]));
		s->escapes = c == '\'' && e;
		s->quote = c;
	}
	return i + 1;
}

static void scan(cleaning *s, str line)
{
	for (size_t i = 0; i < line.n;)
		i = s->quote ? inside(s, line, i) : outside(s, line, i);
}

static bool is_setting(str line)
{
	static const char *const lines[] = {
		"SET statement_timeout = 0;",
		"SET lock_timeout = 0;",
		"SET idle_in_transaction_session_timeout = 0;",
		"SET transaction_timeout = 0;",
		"SET client_encoding = 'UTF8';",
		"SET standard_conforming_strings = on;",
		"SELECT pg_catalog.set_config('search_path', '', false);",
		"SET xmloption = content;",
		"SET client_min_messages = warning;",
		"SET row_security = off;",
		"SET default_tablespace = '';",
		"SET default_with_oids = false;",
		"SET default_table_access_method = heap;",
		"CREATE SCHEMA public;",
		"COMMENT ON SCHEMA public IS 'standard public schema';",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (str_eqz(line, lines[i])) return true;
	return false;
}

/* Hasura v2: pgIdenTrigger: they belong to the metadata, and come with it. */
static bool is_event_trigger(str line)
{
	if (!str_starts(line, STR("CREATE TRIGGER notify_hasura_")) &&
		!str_starts(line, STR("CREATE TRIGGER \"notify_hasura_")))
		return false;
	return str_find(line, STR(" FOR EACH ROW EXECUTE ")) != SIZE_MAX &&
		(str_find(line, STR(" hdb_catalog.notify_hasura_")) != SIZE_MAX ||
			str_find(line, STR(" hdb_catalog.\"notify_hasura_")) != SIZE_MAX) &&
		str_ends(line, STR("();"));
}

/* psql's commands (\connect; \restrict, since the minor releases of August 2025) are nothing a server understands. */
static bool is_dropped(str line)
{
	return !str_trim(line).n || str_starts(line, STR("--")) || str_starts(line, STR("\\")) || is_setting(line) ||
		is_event_trigger(line);
}

static void put_line(buf *out, str line)
{
	buf_put(out, line);
	buf_putc(out, '\n');
}

void pg_dump_clean(str sql, buf *out)
{
	cleaning s = {0};
	while (sql.n) {
		size_t n = str_find_char(sql, '\n');
		str line = str_sub(sql, 0, n == SIZE_MAX ? sql.n : n);
		sql = n == SIZE_MAX ? STR_NULL : str_from_at(sql, n + 1);
		if (!s.rows && !s.quote && is_dropped(line)) continue;
		put_line(out, line);
		if (s.rows) {
			s.rows = !str_eqz(line, "\\.");
			continue;
		}
		bool fresh = !s.quote;
		scan(&s, line);
		s.rows = fresh && !s.quote && str_starts(line, STR("COPY ")) && str_ends(line, STR(" FROM stdin;"));
	}
}
