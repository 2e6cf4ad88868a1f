/* ops_source: sources. Hasura v2: RQL/DDL/Schema/Source.hs. */
#include "admin/args.h"

static json *source_doc(candidate *c, const json *args, str name)
{
	static const char *const KEYS[] = {"configuration", "customization", "health_check"};
	json *doc = json_new_object(c->a);
	json_setz(doc, "name", json_new_str(c->a, name));
	json_setz(doc, "kind", json_new_str(c->a, STR("postgres")));
	json_setz(doc, "tables", json_new_array(c->a));
	for (size_t i = 0; i < 3; i++) {
		const json *v = json_getz(args, KEYS[i]);
		if (!json_is_null(v)) json_setz(doc, KEYS[i], json_copy(c->a, v));
	}
	return doc;
}

static bool replace_configuration(candidate *c, const json *args, const md_source *old, md_source **out, error *err)
{
	static const char *const KEYS[] = {"configuration", "customization"};
	json *own = md_source_json(c->a, old);
	for (size_t i = 0; i < 2; i++) {
		const json *v = json_getz(args, KEYS[i]);
		if (!json_is_null(v)) json_setz(own, KEYS[i], json_copy(c->a, v));
		else json_remove(own, str_from(KEYS[i]));
	}
	return md_source_with_own(old, own, out, err) || arg_failed(c, err);
}

static bool put_source(candidate *c, str name, md_source *s, buf *out, error *err)
{
	metadata *next = metadata_with_source(c->md, s);
	md_source_unref(s);
	candidate_source_reloaded(c, name);
	return candidate_apply(c, next, object_source(c->a, name), err) && reply_success(out);
}

static bool add_source(candidate *c, const json *args, buf *out, error *err)
{
	str name;
	const json *conf;
	bool replaces = false;
	md_source *s;
	if (!arg_object(c, args, "AddSource", err) || !arg_nonempty(c, args, "name", &name, err)) return false;
	if (!arg_member(c, args, "configuration", &conf, err)) return false;
	if (!arg_opt_bool(c, args, "replace_configuration", &replaces, err)) return false;
	if (!md_source_parse(source_doc(c, args, name), &s, err)) return arg_failed(c, err);
	const md_source *old = metadata_source(c->md, name);
	if (old) {
		md_source_unref(s);
		if (!replaces)
			return error_set(err, ERR_ALREADY_EXISTS, STR(""), "source with name \"%.*s\" already exists",
				STR_ARG(name));
		if (!replace_configuration(c, args, old, &s, err)) return false;
	}
	return put_source(c, name, s, out, err);
}

static bool update_source(candidate *c, const json *args, buf *out, error *err)
{
	static const char *const KEYS[] = {"configuration", "customization", "health_check"};
	str name;
	md_source *s;
	if (!arg_object(c, args, "UpdateSource", err) || !arg_nonempty(c, args, "name", &name, err)) return false;
	const md_source *old = metadata_source(c->md, name);
	if (!old)
		return error_set(
			err, ERR_NOT_EXISTS, STR(""), "source with name \"%.*s\" does not exist", STR_ARG(name));
	json *own = md_source_json(c->a, old);
	for (size_t i = 0; i < 3; i++) {
		const json *v = json_getz(args, KEYS[i]);
		if (!json_is_null(v)) json_setz(own, KEYS[i], json_copy(c->a, v));
	}
	if (!md_source_with_own(old, own, &s, err)) return arg_failed(c, err);
	return put_source(c, name, s, out, err);
}

static bool drop_source(candidate *c, const json *args, buf *out, error *err)
{
	str name;
	bool cascade = false;
	if (!arg_object(c, args, "DropSource", err) || !arg_nonempty(c, args, "name", &name, err)) return false;
	if (!arg_opt_bool(c, args, "cascade", &cascade, err)) return false;
	if (!metadata_source(c->md, name))
		return error_set(
			err, ERR_NOT_EXISTS, STR(""), "source with name \"%.*s\" does not exist", STR_ARG(name));
	const snap_source *s = snapshot_source(c->snap, name);
	if (cascade && (!s || !s->cat)) {
		(void)error_set(
			err, ERR_UNEXPECTED, STR(""), "source with name \"%.*s\" is inconsistent", STR_ARG(name));
		err->status = 400;
		return false;
	}
	return candidate_apply(c, metadata_without_source(c->md, name), object_source(c->a, name), err) &&
		reply_success(out);
}

static bool rename_source(candidate *c, const json *args, buf *out, error *err)
{
	str name, to;
	md_source *s;
	if (!arg_object(c, args, "RenameSource", err) || !arg_nonempty(c, args, "name", &name, err)) return false;
	if (!arg_nonempty(c, args, "new_name", &to, err)) return false;
	const md_source *old = metadata_source(c->md, name);
	if (!old)
		return error_set(
			err, ERR_NOT_EXISTS, STR(""), "Could not find source with name \"%.*s\"", STR_ARG(name));
	if (metadata_source(c->md, to))
		return error_set(
			err, ERR_ALREADY_EXISTS, STR(""), "Source with name \"%.*s\" already exists", STR_ARG(to));
	json *own = md_source_json(c->a, old);
	json_setz(own, "name", json_new_str(c->a, to));
	if (!md_source_with_own(old, own, &s, err)) return arg_failed(c, err);
	metadata *less = metadata_without_source(c->md, name);
	metadata *next = metadata_with_source(less, s);
	metadata_unref(less);
	md_source_unref(s);
	return candidate_apply(c, next, object_source(c->a, to), err) && reply_success(out);
}

#define PG (OP_METADATA | OP_PG | OP_MODIFIES)

const op ops_source[] = {
	{"add_source", add_source, PG},
	{"update_source", update_source, PG},
	{"drop_source", drop_source, PG},
	{"rename_source", rename_source, OP_METADATA | OP_MODIFIES},
	{0},
};
