/* The v3 document. Hasura v2: RQL/Types/Metadata.hs metadataToOrdJSON, Metadata/Serialization.hs. */
#include "metadata/model_impl.h"

static void write_key(buf *b, str key, bool *first)
{
	if (!*first) buf_putc(b, ',');
	*first = false;
	json_write_str(b, key);
	buf_putc(b, ':');
}

static void write_tables(buf *b, arena *scratch, const md_source *s)
{
	const md_table **v = md_source_tables_sorted(scratch, s);
	buf_putc(b, '[');
	for (size_t i = 0; i < s->tables.n; i++) {
		if (i) buf_putc(b, ',');
		json_write(b, v[i]->raw);
	}
	buf_putc(b, ']');
}

static void write_functions(buf *b, arena *scratch, const md_source *s)
{
	const md_function **v = md_source_functions_sorted(scratch, s);
	buf_putc(b, '[');
	for (size_t i = 0; i < s->functions.n; i++) {
		if (i) buf_putc(b, ',');
		json_write(b, v[i]->raw);
	}
	buf_putc(b, ']');
}

/* Tables and functions stand behind the kind; other engines' are in raw already. */
static void write_source(buf *b, arena *scratch, const md_source *s)
{
	bool first = true;
	buf_putc(b, '{');
	JSON_EACH (m, s->raw) {
		write_key(b, m->key, &first);
		json_write(b, m);
		if (!str_eqz(m->key, "kind") || !md_kind_is_pg(s->kind)) continue;
		write_key(b, STR("tables"), &first);
		write_tables(b, scratch, s);
		if (!s->functions.n) continue;
		write_key(b, STR("functions"), &first);
		write_functions(b, scratch, s);
	}
	buf_putc(b, '}');
}

static void write_part(buf *b, str key, const md_part *p)
{
	bool first = false;
	write_key(b, key, &first);
	json_write(b, p->value);
}

/* Hasura v2: RQL/DDL/Metadata.hs runExportMetadata. */
static void write_public_crons(buf *b, const md_part *p)
{
	bool first = true;
	JSON_EACH (e, p->value) {
		if (!json_bool_or(e, "include_in_metadata", true)) continue;
		if (first) buf_puts(b, ",\"cron_triggers\":[");
		else buf_putc(b, ',');
		first = false;
		json_write(b, e);
	}
	if (!first) buf_putc(b, ']');
}

/* Parts in Hasura's order, then those nobody knows, by name. */
static void write_parts(buf *b, arena *scratch, const metadata *m, bool public)
{
	map rest = {0};
	for (const shape_part *p = shape_parts; p->key; p++) {
		const md_part *part = map_get(&m->parts, str_from(p->key));
		if (!part) continue;
		if (public && str_eqz(STR("cron_triggers"), p->key)) write_public_crons(b, part);
		else write_part(b, str_from(p->key), part);
	}
	for (size_t i = 0; i < m->parts.n; i++) {
		if (shape_part_of(m->parts.items[i].key).key) continue;
		map_put(scratch, &rest, m->parts.items[i].key, m->parts.items[i].value);
	}
	map_sort(&rest);
	for (size_t i = 0; i < rest.n; i++)
		write_part(b, rest.items[i].key, rest.items[i].value);
}

static void write_document(buf *b, const metadata *m, bool public)
{
	arena *scratch = arena_new(0);
	const md_source **v = metadata_sources_sorted(scratch, m);
	buf_puts(b, "{\"version\":3,\"sources\":[");
	for (size_t i = 0; i < m->sources.n; i++) {
		if (i) buf_putc(b, ',');
		write_source(b, scratch, v[i]);
	}
	buf_putc(b, ']');
	write_parts(b, scratch, m, public);
	buf_putc(b, '}');
	arena_free(scratch);
}

void metadata_write(buf *b, const metadata *m)
{
	write_document(b, m, false);
}

void metadata_write_public(buf *b, const metadata *m)
{
	write_document(b, m, true);
}

json *metadata_export(arena *a, const metadata *m)
{
	buf b = {0};
	json *doc = NULL;
	error err;
	error_init(&err, a);
	metadata_write(&b, m);
	if (!json_parse_copy(a, buf_str(&b), &doc, &err)) doc = NULL;
	buf_free(&b);
	return doc;
}

/* ---- copies of single objects ---- */

json *md_table_json(arena *a, const md_table *t)
{
	return json_copy(a, t->raw);
}

json *md_function_json(arena *a, const md_function *f)
{
	return json_copy(a, f->raw);
}

json *md_source_json(arena *a, const md_source *s)
{
	return json_copy(a, s->raw);
}

json *md_with_table_json(arena *a, str source, qname table, const json *object)
{
	json *o = json_new_object(a);
	json_setz(o, "source", json_new_str(a, str_copy(a, source)));
	json_setz(o, "table", md_qname_json(a, table));
	JSON_EACH (m, object)
		json_set(o, str_copy(a, m->key), json_copy(a, m));
	return o;
}
