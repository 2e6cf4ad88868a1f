/* PostgreSQL: contrib/test_decoding/test_decoding.c, utils/adt/ruleutils.c (quote_identifier). */
#include "live/changes_wal.h"

/* Length of a quoted part that begins at s.p[0], the closing quote included; doubled ones stay inside. 0: unclosed. */
static size_t quoted_len(str s)
{
	char quote = s.p[0];
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] != quote) continue;
		if (i + 1 >= s.n || s.p[i + 1] != quote) return i + 1;
		i++;
	}
	return 0;
}

/* Length of a (qualified) name that ends before one of `ends`; 0: there is no end, or a quote is open. */
static size_t name_len(str s, const char *ends)
{
	for (size_t i = 0; i < s.n;) {
		if (s.p[i] == '"') {
			size_t n = quoted_len(str_from_at(s, i));
			if (!n) return 0;
			i += n;
		} else if (s.p[i] && strchr(ends, s.p[i])) {
			return i;
		} else {
			i++;
		}
	}
	return 0;
}

static bool broken(wal_message *m)
{
	m->kind = WAL_BROKEN;
	return false;
}

static bool read_xid(str digits, wal_kind kind, wal_message *out)
{
	uint64_t xid;
	size_t blank = str_find_char(digits, ' ');
	if (!str_to_u64(str_sub(digits, 0, blank), &xid) || xid > UINT32_MAX) return broken(out);
	out->kind = kind;
	out->xid = (uint32_t)xid;
	return true;
}

static const struct {
	str verb;
	wal_kind kind;
} verbs[] = {
	{STR_INIT("INSERT:"), WAL_INSERT},
	{STR_INIT("UPDATE:"), WAL_UPDATE},
	{STR_INIT("DELETE:"), WAL_DELETE},
	{STR_INIT("TRUNCATE:"), WAL_TRUNCATE},
};

static bool read_table(str s, wal_message *out)
{
	/* Several names of a TRUNCATE have commas between them; quotes hide colons. */
	size_t n = name_len(s, ":");
	if (!n) return broken(out);
	out->relation = str_sub(s, 0, n);
	s = str_from_at(s, n + 1);
	if (!s.n || s.p[0] != ' ') return broken(out);
	s = str_from_at(s, 1);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!str_starts(s, verbs[i].verb)) continue;
		out->kind = verbs[i].kind;
		out->rest = str_from_at(s, verbs[i].verb.n);
		return true;
	}
	return broken(out);
}

bool wal_text_read(str m, wal_message *out)
{
	*out = (wal_message){.kind = WAL_OTHER};
	if (str_starts(m, STR("table "))) return read_table(str_from_at(m, 6), out);
	if (str_starts(m, STR("BEGIN "))) return read_xid(str_from_at(m, 6), WAL_BEGIN, out);
	if (str_starts(m, STR("COMMIT "))) return read_xid(str_from_at(m, 7), WAL_COMMIT, out);
	return true;
}

bool wal_text_relation(wal_message *m, str *name)
{
	if (!m->relation.n) return false;
	size_t n = name_len(m->relation, ",");
	*name = n ? str_sub(m->relation, 0, n) : m->relation;
	m->relation = n ? str_from_at(m->relation, n + 2) : STR_NULL;
	return true;
}

/* The type in brackets: a name as format_type writes it, arrays with brackets of their own. */
static size_t type_len(str s)
{
	size_t depth = 0;
	for (size_t i = 0; i < s.n;) {
		if (s.p[i] == '"') {
			size_t n = quoted_len(str_from_at(s, i));
			if (!n) return 0;
			i += n;
			continue;
		}
		if (s.p[i] == '[') depth++;
		if (s.p[i] == ']' && --depth == 0) return i + 1;
		i++;
	}
	return 0;
}

static bool read_value(wal_message *m, wal_column *c, str s)
{
	size_t head = s.n > 1 && s.p[0] == 'B' && s.p[1] == '\'' ? 1 : 0; /* B'0101' */
	c->quoted = s.n > head && s.p[head] == '\'';
	if (c->quoted) {
		size_t n = quoted_len(str_from_at(s, head));
		if (!n) return broken(m);
		c->value = str_sub(s, head + 1, n - 2);
		m->rest = str_from_at(s, head + n);
		return true;
	}
	size_t n = str_find_char(s, ' ');
	c->value = str_sub(s, 0, n);
	m->rest = n == SIZE_MAX ? STR_NULL : str_from_at(s, n);
	if (str_eq(c->value, STR("null"))) c->state = WAL_NULL;
	else if (str_eq(c->value, STR("unchanged-toast-datum"))) c->state = WAL_UNKNOWN;
	return true;
}

bool wal_text_column(wal_message *m, wal_column *c)
{
	*c = (wal_column){.state = WAL_VALUE};
	if (str_starts(m->rest, STR(" old-key:"))) {
		m->rest = str_from_at(m->rest, 9);
		m->old = true;
	}
	if (str_starts(m->rest, STR(" new-tuple:"))) {
		m->rest = str_from_at(m->rest, 11);
		m->old = false;
	}
	if (!m->rest.n || str_starts(m->rest, STR(" (no-"))) return false;
	if (m->rest.p[0] != ' ') return broken(m);
	str s = str_from_at(m->rest, 1);
	size_t n = name_len(s, "[");
	if (!n) return broken(m);
	c->name = str_sub(s, 0, n);
	c->old = m->old || m->kind == WAL_DELETE;
	s = str_from_at(s, n);
	n = type_len(s);
	if (!n || n >= s.n || s.p[n] != ':') return broken(m);
	return read_value(m, c, str_from_at(s, n + 1));
}
