/* ops_role: what is set for roles: inherited ones, and those without introspection. Hasura v2: RQL/DDL/InheritedRoles.hs,
 * RQL/DDL/GraphqlSchemaIntrospection.hs. */
#include "admin/args.h"

static str object_of(arena *a, str role)
{
	return str_cat(a, 2, STR("inherited_role inherited role "), role);
}

static json *roles_of(candidate *c)
{
	const md_part *part = map_get(&c->md->parts, STR("inherited_roles"));
	json *owner = json_new_object(c->a);
	if (part) json_setz(owner, "roles", json_copy(c->a, part->value));
	return owner;
}

static bool put_roles(candidate *c, json *owner, str role, buf *out, error *err)
{
	metadata *next;
	const json *list = json_getz(owner, "roles");
	if (!metadata_with_part(c->md, STR("inherited_roles"), list ? list : json_new_array(c->a), &next, err))
		return arg_failed(c, err);
	return candidate_apply(c, next, object_of(c->a, role), err) && reply_success(out);
}

static bool add_role(candidate *c, const json *args, buf *out, error *err)
{
	str name;
	const json *set;
	if (!arg_object(c, args, "Role", err) || !arg_nonempty(c, args, "role_name", &name, err)) return false;
	if (!arg_member(c, args, "role_set", &set, err)) return false;
	if (set->kind != JSON_ARRAY) return arg_mismatch(c, "role_set", "HashSet", "Array", set, err);
	JSON_EACH (r, set) {
		if (r->kind == JSON_STRING && str_eq(r->text, name))
			return error_set(err, ERR_INVALID_PARAMS, STR(""),
				"an inherited role name cannot be in the role combination");
	}
	json *owner = roles_of(c), *entry = json_new_object(c->a);
	json_setz(entry, "role_name", json_new_str(c->a, name));
	json_setz(entry, "role_set", json_copy(c->a, set));
	(void)edit_remove(c->a, owner, "roles", "role_name", name);
	edit_append(c->a, owner, "roles", entry);
	return put_roles(c, owner, name, out, err);
}

static bool drop_role(candidate *c, const json *args, buf *out, error *err)
{
	str name;
	if (!arg_object(c, args, "DropInheritedRole", err) || !arg_nonempty(c, args, "role_name", &name, err))
		return false;
	json *owner = roles_of(c);
	if (!edit_remove(c->a, owner, "roles", "role_name", name))
		return error_set(err, ERR_NOT_EXISTS, STR(""), "\"%.*s\" inherited role doesn't exist", STR_ARG(name));
	return put_roles(c, owner, name, out, err);
}

/* The whole list is replaced. */
static bool set_introspection(candidate *c, const json *args, buf *out, error *err)
{
	const json *roles;
	metadata *next;
	if (!arg_object(c, args, "SetGraphqlIntrospectionOptions", err) ||
		!arg_member(c, args, "disabled_for_roles", &roles, err))
		return false;
	if (roles->kind != JSON_ARRAY) return arg_mismatch(c, "disabled_for_roles", "HashSet", "Array", roles, err);
	json *part = json_new_object(c->a);
	json_setz(part, "disabled_for_roles", json_copy(c->a, roles));
	if (!metadata_with_part(c->md, STR("graphql_schema_introspection"), part, &next, err))
		return arg_failed(c, err);
	return candidate_apply_drop(c, next, err) && reply_success(out);
}

const op ops_role[] = {
	{"set_graphql_schema_introspection_options", set_introspection, OP_METADATA | OP_MODIFIES},
	{"add_inherited_role", add_role, OP_METADATA | OP_V1 | OP_MODIFIES},
	{"drop_inherited_role", drop_role, OP_METADATA | OP_V1 | OP_MODIFIES},
	{0},
};
