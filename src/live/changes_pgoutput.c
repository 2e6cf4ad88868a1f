/* PostgreSQL: documentation, "Logical Replication Message Formats", protocol version 1. */
#include "live/changes_wal.h"

static bool broken(wal_message *m)
{
	m->kind = WAL_BROKEN;
	m->left = 0;
	return false;
}

static bool take_bytes(str *s, size_t n, str *out)
{
	if (n > s->n) return false;
	*out = str_sub(*s, 0, n);
	*s = str_from_at(*s, n);
	return true;
}

static bool take_number(str *s, size_t bytes, uint32_t *out)
{
	str b;
	if (!take_bytes(s, bytes, &b)) return false;
	*out = 0;
	for (size_t i = 0; i < bytes; i++)
		*out = *out << 8 | (unsigned char)b.p[i];
	return true;
}

static bool take_name(str *s, str *out)
{
	size_t n = str_find_char(*s, '\0');
	str zero;
	return n != SIZE_MAX && take_bytes(s, n, out) && take_bytes(s, 1, &zero);
}

/* The letter of a tuple and its number of columns. */
static bool take_tuple(wal_message *m)
{
	uint32_t n;
	str letter;
	if (!take_bytes(&m->rest, 1, &letter) || !take_number(&m->rest, 2, &n)) return broken(m);
	if (letter.p[0] != 'N' && letter.p[0] != 'K' && letter.p[0] != 'O') return broken(m);
	m->old = letter.p[0] != 'N';
	m->left = n;
	m->index = 0;
	return true;
}

static bool read_relation(wal_message *m)
{
	uint32_t n;
	str identity;
	if (!take_number(&m->rest, 4, &m->oid) || !take_name(&m->rest, &m->schema) || !take_name(&m->rest, &m->name) ||
		!take_bytes(&m->rest, 1, &identity) || !take_number(&m->rest, 2, &n))
		return broken(m);
	m->kind = WAL_RELATION;
	m->left = n;
	return true;
}

static bool read_row(wal_message *m, wal_kind kind)
{
	m->kind = kind;
	if (!take_number(&m->rest, 4, &m->oid)) return broken(m);
	return take_tuple(m);
}

static bool read_truncate(wal_message *m)
{
	uint32_t n;
	str options;
	m->kind = WAL_TRUNCATE;
	if (!take_number(&m->rest, 4, &n) || !take_bytes(&m->rest, 1, &options) || n > m->rest.n / 4) return broken(m);
	m->left = n;
	return true;
}

bool wal_pgoutput_read(str message, wal_message *out)
{
	str skipped;
	*out = (wal_message){.kind = WAL_OTHER, .rest = str_from_at(message, 1)};
	if (!message.n) return broken(out);
	switch (message.p[0]) {
	case 'B':
		out->kind = WAL_BEGIN;
		return (take_bytes(&out->rest, 16, &skipped) && take_number(&out->rest, 4, &out->xid)) || broken(out);
	case 'C': out->kind = WAL_COMMIT; return true;
	case 'R': return read_relation(out);
	case 'I': return read_row(out, WAL_INSERT);
	case 'U': return read_row(out, WAL_UPDATE);
	case 'D': return read_row(out, WAL_DELETE);
	case 'T': return read_truncate(out);
	default: return true;
	}
}

bool wal_pgoutput_truncated(wal_message *m, uint32_t *oid)
{
	if (m->kind != WAL_TRUNCATE || !m->left) return false;
	m->left--;
	return take_number(&m->rest, 4, oid) || broken(m);
}

static bool described_column(wal_message *m, wal_column *c)
{
	str flags, type;
	if (!take_bytes(&m->rest, 1, &flags) || !take_name(&m->rest, &c->name) || !take_bytes(&m->rest, 8, &type))
		return broken(m);
	c->key = flags.p[0] & 1;
	return true;
}

bool wal_pgoutput_column(wal_message *m, wal_column *c)
{
	str kind;
	uint32_t n;
	*c = (wal_column){.state = WAL_VALUE};
	if (m->kind == WAL_BROKEN) return false;
	if (!m->left && m->kind == WAL_UPDATE && m->old && !take_tuple(m)) return false;
	if (!m->left) return false;
	m->left--;
	c->index = m->index++;
	if (m->kind == WAL_RELATION) return described_column(m, c);
	c->old = m->old;
	if (!take_bytes(&m->rest, 1, &kind)) return broken(m);
	if (kind.p[0] == 'n') c->state = WAL_NULL;
	else if (kind.p[0] != 't') c->state = WAL_UNKNOWN;
	if (kind.p[0] == 'n' || kind.p[0] == 'u') return true;
	return (take_number(&m->rest, 4, &n) && take_bytes(&m->rest, n, &c->value)) || broken(m);
}
