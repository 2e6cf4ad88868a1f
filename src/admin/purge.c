#include "admin/purge.h"
#include "admin/depends.h"

typedef struct purging {
	arena *a;
	metadata *md;
	error *err;
	const snap_inconsistency *i;
	bool ok;
	bool done;
} purging;

static bool take(purging *p, metadata *next)
{
	metadata_unref(p->md);
	p->md = next;
	p->done = true;
	return true;
}

static bool purge_dep(purging *p, dep_object d)
{
	d.source = p->i->source;
	d.table = p->i->object;
	d.name = p->i->sub;
	dep_list l = {0};
	metadata *next;
	vec_push(p->a, &l, d);
	return depends_purge(p->a, p->md, &l, &next, p->err) && take(p, next);
}

static bool purge_table(purging *p)
{
	return take(p, metadata_without_table(p->md, p->i->source, p->i->object));
}

static bool purge_function(purging *p)
{
	return take(p, metadata_without_function(p->md, p->i->source, p->i->object));
}

static bool purge_source(purging *p)
{
	return take(p, metadata_without_source(p->md, p->i->source));
}

static bool purge_rel(purging *p)
{
	return purge_dep(p, (dep_object){.kind = DEP_REL});
}

static bool purge_computed(purging *p)
{
	return purge_dep(p, (dep_object){.kind = DEP_COMPUTED});
}

#define PURGE_PERM(name, which)                                                     \
	static bool purge_##name(purging *p)                                        \
	{                                                                           \
		return purge_dep(p, (dep_object){.kind = DEP_PERM, .perm = which}); \
	}
PURGE_PERM(select, MD_PERM_SELECT)
PURGE_PERM(insert, MD_PERM_INSERT)
PURGE_PERM(update, MD_PERM_UPDATE)
PURGE_PERM(delete, MD_PERM_DELETE)

static bool purge_function_perm(purging *p)
{
	const md_source *s = metadata_source(p->md, p->i->source);
	const md_function *f = s ? md_source_function(s, p->i->object) : NULL;
	if (!f) return true;
	json *doc = md_function_json(p->a, f);
	metadata *next;
	(void)edit_remove(p->a, doc, "permissions", "role", p->i->sub);
	return edit_put_function(p->md, p->i->source, doc, &next, p->err) && take(p, next);
}

static bool purge_role(purging *p)
{
	const md_part *part = map_get(&p->md->parts, STR("inherited_roles"));
	if (!part) return true;
	json *owner = json_new_object(p->a);
	json_setz(owner, "roles", json_copy(p->a, part->value));
	(void)edit_remove(p->a, owner, "roles", "role_name", p->i->sub);
	metadata *next;
	return metadata_with_part(p->md, STR("inherited_roles"), json_getz(owner, "roles"), &next, p->err) &&
		take(p, next);
}

static const struct {
	const char *type;
	bool (*run)(purging *p);
} KINDS[] = {
	{"source", purge_source},
	{"table", purge_table},
	{"object_relation", purge_rel},
	{"array_relation", purge_rel},
	{"computed_field", purge_computed},
	{"select_permission", purge_select},
	{"insert_permission", purge_insert},
	{"update_permission", purge_update},
	{"delete_permission", purge_delete},
	{"function", purge_function},
	{"function_permission", purge_function_perm},
	{"inherited_role", purge_role},
};

static void purge_unserved(void *data, const md_unserved *u)
{
	purging *p = data;
	metadata *next;
	if (p->done || !p->ok || !str_eq(u->name, p->i->name)) return;
	p->ok = metadata_without_unserved(p->md, u, &next, p->err);
	if (p->ok) (void)take(p, next);
}

static bool purge_one(purging *p)
{
	p->done = false;
	metadata *before = metadata_ref(p->md);
	md_unserved_walk(p->a, before, purge_unserved, p);
	metadata_unref(before);
	if (p->done || !p->ok) return p->ok;
	for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++)
		if (str_eqz(p->i->type, KINDS[k].type)) return KINDS[k].run(p);
	return true;
}

size_t purge_droppable(const snapshot *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->ninconsistencies; i++)
		n += s->inconsistencies[i].blocks;
	return n;
}

bool purge_inconsistent(arena *a, const metadata *md, const snapshot *s, metadata **out, error *err)
{
	purging p = {.a = a, .md = metadata_ref((metadata *)(uintptr_t)md), .err = err, .ok = true};
	/* Dependents come after what they depend on. */
	for (size_t i = s->ninconsistencies; i-- > 0;) {
		p.i = &s->inconsistencies[i];
		if (!p.i->blocks || purge_one(&p)) continue;
		metadata_unref(p.md);
		return false;
	}
	*out = p.md;
	return true;
}
