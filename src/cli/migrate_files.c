#include "cli/migrate_files.h"

#include "base/clock.h"
#include "cli/files.h"

#include <openssl/evp.h>
#include <stdlib.h>

str migrations_folder(const project *p, str source)
{
	return p->version < 3 ? p->migrations_dir : path_join(p->a, p->migrations_dir, source);
}

/* ---- reading ---- */

/* "1530_init" -> 1530, "init"; false: another thing. */
static bool split_name(str text, migration *m)
{
	size_t digits = 0;
	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	m->version = str_sub(text, 0, digits);
	if (!digits || digits >= text.n || text.p[digits] != '_') return false;
	m->name = str_from_at(text, digits + 1);
	return str_to_u64(m->version, &m->number);
}

static void look_for(arena *a, str folder, const char *file, str *out)
{
	str path = path_join(a, folder, str_from(file));
	if (path_exists(a, path)) *out = path;
}

static void read_folder(project *p, str path, str name, migrations *out)
{
	migration m = {.folder = path};
	if (!split_name(name, &m)) return;
	look_for(p->a, path, "up.sql", &m.up);
	look_for(p->a, path, "down.sql", &m.down);
	look_for(p->a, path, "up.yaml", &m.up_yaml);
	look_for(p->a, path, "down.yaml", &m.down_yaml);
	if (m.up.n || m.down.n || m.up_yaml.n || m.down_yaml.n) vec_push(p->a, out, m);
}

/* Flat: four files may belong together. */
static void read_flat(project *p, str path, str name, migrations *out)
{
	static const char *const ends[] = {".up.sql", ".down.sql", ".up.yaml", ".down.yaml"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		migration m = {0};
		str end = str_from(ends[i]);
		if (!str_ends(name, end) || !split_name(str_sub(name, 0, name.n - end.n), &m)) continue;
		migration *at = NULL;
		for (size_t k = 0; k < out->n && !at; k++)
			if (out->v[k].number == m.number && !out->v[k].folder.n && str_eq(out->v[k].name, m.name))
				at = &out->v[k];
		if (!at) {
			vec_push(p->a, out, m);
			at = &out->v[out->n - 1];
		}
		str *const places[] = {&at->up, &at->down, &at->up_yaml, &at->down_yaml};
		*places[i] = path;
	}
}

static int by_number(const void *x, const void *y)
{
	uint64_t a = ((const migration *)x)->number, b = ((const migration *)y)->number;
	return a < b ? -1 : a > b;
}

bool migrations_list(project *p, str source, migrations *out, error *err)
{
	str dir = migrations_folder(p, source);
	str_vec names = {0};
	*out = (migrations){0};
	if (!dir_list(p->a, dir, &names, err)) return false;
	for (size_t i = 0; i < names.n; i++) {
		str path = path_join(p->a, dir, names.v[i]);
		if (!path_is_dir(p->a, path)) read_flat(p, path, names.v[i], out);
		else read_folder(p, path, names.v[i], out);
	}
	if (out->n) qsort(out->v, out->n, sizeof *out->v, by_number);
	for (size_t i = 1; i < out->n; i++) {
		const migration *m = &out->v[i], *before = m - 1;
		if (m->number == before->number)
			return error_set(err, ERR_INVALID_PARAMS, STR(""),
				"%.*s: two migrations have the number %.*s (%.*s and %.*s): rename one",
				STR_ARG(project_shown(p, dir)), STR_ARG(m->version), STR_ARG(before->name),
				STR_ARG(m->name));
	}
	return true;
}

static const char *why_passed(project *p, str path, str name)
{
	migrations found = {0};
	migration m = {0};
	if (name.p[0] == '.' || str_starts(name, STR("squashed_"))) return NULL;
	if (!path_is_dir(p->a, path)) {
		bool looks_so = str_ends(name, STR(".sql")) || str_ends(name, STR(".yaml"));
		read_flat(p, path, name, &found);
		bool metadata = str_eqz(name, "metadata.yaml") || str_eqz(name, "metadata.json");
		return looks_so && !found.n && !metadata ? "its name is not VERSION_NAME.up.sql" : NULL;
	}
	if (!split_name(name, &m)) return "its name is not VERSION_NAME, with a version of digits";
	read_folder(p, path, name, &found);
	return found.n ? NULL : "it has no up.sql and no down.sql";
}

void migrations_say_passed(project *p, str source)
{
	str dir = migrations_folder(p, source);
	str_vec names = {0};
	error ignored;
	error_init(&ignored, p->a);
	if (!dir_list(p->a, dir, &names, &ignored)) return;
	for (size_t i = 0; i < names.n; i++) {
		str path = path_join(p->a, dir, names.v[i]);
		const char *why = why_passed(p, path, names.v[i]);
		if (why)
			say_warn(p->c, "%.*s is passed over: it is no migration, since %s",
				STR_ARG(project_shown(p, path)), why);
	}
}

const migration *migrations_find_file(const migrations *m, str version)
{
	uint64_t n;
	if (!str_to_u64(version, &n)) return NULL;
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].number == n) return &m->v[i];
	return NULL;
}

bool migration_text(project *p, const migration *m, bool down, str *text, bool *yaml, error *err)
{
	str sql = down ? m->down : m->up, list = down ? m->down_yaml : m->up_yaml;
	*yaml = !sql.n && list.n;
	if (sql.n && list.n)
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "%.*s and %.*s: keep one of them",
			STR_ARG(project_shown(p, sql)), STR_ARG(project_shown(p, list)));
	if (sql.n || list.n) return file_read(p->a, sql.n ? sql : list, text, err);
	return error_set(err, ERR_NOT_FOUND, STR(""),
		"the migration %.*s_%.*s has no %s.sql: write one (an empty one does "
		"nothing)",
		STR_ARG(m->version), STR_ARG(m->name), down ? "down" : "up");
}

/* Line ends are git's affair: a file is no other for them. */
static str with_plain_lines(arena *a, str text)
{
	if (str_find(text, STR("\r\n")) == SIZE_MAX) return text;
	char *p = arena_bytes(a, text.n);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r' || i + 1 == text.n || text.p[i + 1] != '\n') p[n++] = text.p[i];
	return str_make(p, n);
}

str migration_checksum(arena *a, str text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	buf b = {0};
	text = with_plain_lines(a, text);
	if (!EVP_Digest(text.n ? text.p : "", text.n, sum, &n, EVP_sha256(), NULL)) mem_fail("no SHA-256");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "%02x", sum[i]);
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

/* ---- writing ---- */

str migration_new_version(arena *a)
{
	return str_printf(a, "%llu", (unsigned long long)clock_wall_ms());
}

str migration_file_name(arena *a, str name)
{
	char *p = arena_bytes(a, name.n + 1);
	for (size_t i = 0; i < name.n; i++) {
		unsigned char ch = (unsigned char)name.p[i];
		bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
			ch == '-' || ch == '_' || ch >= 0x80;
		p[i] = plain ? (char)ch : '_';
	}
	return str_make(p, name.n);
}

bool migration_write(project *p, str source, str version, str name, str up, str down, str *folder, error *err)
{
	str dir = path_join(p->a, migrations_folder(p, source),
		str_cat(p->a, 3, version, STR("_"), migration_file_name(p->a, name)));
	if (folder) *folder = dir;
	if (path_exists(p->a, dir))
		return error_set(
			err, ERR_ALREADY_EXISTS, STR(""), "%.*s is there already", STR_ARG(project_shown(p, dir)));
	return file_write(p->a, path_join(p->a, dir, STR("up.sql")), up, NULL, err) &&
		(!down.p || file_write(p->a, path_join(p->a, dir, STR("down.sql")), down, NULL, err));
}
