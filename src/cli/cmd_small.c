/* cmd_small: version, and commands of Hasura's CLI that have no place here, by name. */
#include "cli/cmd_small.h"

#include "cli/project.h"
#include "server/server.h"

/* ---- version ---- */

static bool version(cmd *c, error *err)
{
	project p;
	str text;
	const char *format;
	error ignored;
	error_init(&ignored, c->a);
	if (!term_format(c, &format, err)) return false;
	bool known =
		project_open(c, &p, &ignored) || (error_init(&ignored, c->a), project_without_folder(c, &p, &ignored));
	bool asked = known && (cmd_given(c, "endpoint") || p.config) && remote_version(&p, &text, &ignored);
	if (cmd_given(c, "output")) {
		json *o = json_new_object(c->a);
		json_setz(o, "cli", json_new_str(c->a, STR(WEIR_VERSION)));
		json_setz(o, "api", json_new_str(c->a, STR(SERVER_ENGINE_VERSION)));
		json_setz(o, "server", asked ? json_new_str(c->a, text) : json_new_null(c->a));
		term_value(c, o);
		return true;
	}
	term_printf("weir %s (API of Hasura GraphQL Engine %s)\n", WEIR_VERSION, SERVER_ENGINE_VERSION);
	if (asked) say_info(c, "the server at %.*s is %.*s", STR_ARG(p.endpoint), STR_ARG(text));
	return true;
}

const cmd_spec cmd_version = {.name = "version",
	.groups = CMD_SERVER | CMD_OUTPUT,
	.what = "the version, and the server's inside a project",
	.run = version};

/* ---- not here ---- */

static bool no_plugins(cmd *c, error *err)
{
	(void)c;
	return error_set(
		err, ERR_NOT_SUPPORTED, STR(""), "there are no plugins: nothing is downloaded or run from elsewhere");
}

static bool no_update(cmd *c, error *err)
{
	(void)c;
	return error_set(
		err, ERR_NOT_SUPPORTED, STR(""), "the program does not update itself: install the new package");
}

static bool no_actions(cmd *c, error *err)
{
	(void)c;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"actions are edited in metadata/actions.yaml and actions.graphql and applied with metadata apply; code is not "
		"generated");
}

static bool no_scripts(cmd *c, error *err)
{
	(void)c;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"projects of config.yaml version 1 and 2 are used as they are, and none needs to be rewritten; metadata export "
		"--config-version writes the metadata in another version's layout");
}

const cmd_spec cmd_scripts = {
	.name = "scripts", .refuses = true, .what = "not served: old projects are used as they are", .run = no_scripts};
const cmd_spec cmd_plugins = {.name = "plugins",
	.aliases = "plugin",
	.refuses = true,
	.what = "not served: there are no plugins",
	.run = no_plugins};
const cmd_spec cmd_update = {
	.name = "update-cli", .refuses = true, .what = "not served: install a new package", .run = no_update};
const cmd_spec cmd_actions = {
	.name = "actions", .refuses = true, .what = "not served: actions are files of the metadata", .run = no_actions};
