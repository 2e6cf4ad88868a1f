/* help_topics: what `weir help TOPIC` says of things that are no command. */
#include "cli/help_topics.h"

#include <string.h>

static const char environment[] =
	"Where a setting comes from, the first that says something:\n"
	"  1. the flag                    --endpoint URL\n"
	"  2. the environment             HASURA_GRAPHQL_ENDPOINT, or WEIR_ENDPOINT\n"
	"  3. .env of the project         the same names; --envfile FILE names another file, which must be there then\n"
	"  4. config.yaml                 endpoint: URL; ${NAME} as a whole value is that variable's\n"
	"  5. the default\n"
	"\n"
	"of a project:\n"
	"  HASURA_GRAPHQL_ENDPOINT                   endpoint (http://localhost:8080)\n"
	"  HASURA_GRAPHQL_ADMIN_SECRET               admin_secret; the older ACCESS_KEY means the same\n"
	"  HASURA_GRAPHQL_ADMIN_SECRETS              a list in JSON, of which the first is used\n"
	"  HASURA_GRAPHQL_METADATA_DIRECTORY         metadata_directory (metadata)\n"
	"  HASURA_GRAPHQL_METADATA_FILE              metadata_file: one document instead of the folder\n"
	"  HASURA_GRAPHQL_MIGRATIONS_DIRECTORY       migrations_directory (migrations)\n"
	"  HASURA_GRAPHQL_SEEDS_DIRECTORY            seeds_directory (seeds)\n"
	"  HASURA_GRAPHQL_CERTIFICATE_AUTHORITY      certificate_authority\n"
	"  HASURA_GRAPHQL_INSECURE_SKIP_TLS_VERIFY   insecure_skip_tls_verify\n"
	"  HASURA_GRAPHQL_NO_TRANSACTION             no_transaction\n"
	"  HASURA_GRAPHQL_DISABLE_INTERACTIVE        disable_interactive: no question is asked\n"
	"  HASURA_GRAPHQL_API_PATHS_QUERY …          api_paths.query, v2_query, v1_metadata, graphql, config, pg_dump, version\n"
	"  HASURA_GRAPHQL_DISALLOW_INCONSISTENT_METADATA   as the flag of metadata apply\n"
	"\n"
	"of everything:\n"
	"  NO_COLOR   no colours          CI   no questions, no colours, no progress line\n"
	"  VISUAL, EDITOR                 what seed create opens\n"
	"\n"
	"The server's own variables are in weir serve --help. A .env that both read may name a metadata folder of the server:\n"
	"HASURA_GRAPHQL_METADATA_DIRECTORY is the project's, HASURA_GRAPHQL_METADATA_DIR the server's.\n";

static const char config[] =
	"config.yaml makes a folder a project. It is looked for from the current folder upwards, or named with --project DIR.\n"
	"\n"
	"  version: 3                     1, 2 or 3 (1 when it is not said): see weir help layouts\n"
	"  endpoint: http://localhost:8080\n"
	"  admin_secret: ${HASURA_GRAPHQL_ADMIN_SECRET}\n"
	"  metadata_directory: metadata\n"
	"  metadata_file: metadata.json   one document (.json, .yaml) instead of the folder\n"
	"  migrations_directory: migrations\n"
	"  seeds_directory: seeds\n"
	"  certificate_authority: ca.pem\n"
	"  insecure_skip_tls_verify: false\n"
	"  no_transaction: false          migrations run outside a transaction\n"
	"  disable_interactive: false\n"
	"  migrations_owner: django       the migrations are Django's: migrate changes nothing here\n"
	"  api_paths:                     where a proxy has other paths\n"
	"    v1_metadata: v1/metadata     and query, v2_query, graphql, config, pg_dump, version\n"
	"  actions:\n"
	"    kind: synchronous\n"
	"    handler_webhook_baseurl: http://localhost:3000\n"
	"\n"
	"A value that is ${NAME} is the variable's, of the environment or of .env. Paths are relative to config.yaml. A name that\n"
	"is no setting is warned of. Variables and their order: weir help environment.\n";

static const char layouts[] =
	"version 3, what weir init makes; one folder for each database:\n"
	"  metadata/version.yaml\n"
	"  metadata/databases/databases.yaml                     the databases and how they are reached\n"
	"  metadata/databases/default/tables/tables.yaml         - \"!include public_author.yaml\"\n"
	"  metadata/databases/default/tables/public_author.yaml  a table with its relationships and permissions\n"
	"  metadata/databases/default/functions/…                the same of functions\n"
	"  metadata/actions.yaml, actions.graphql, allow_list.yaml, api_limits.yaml, backend_configs.yaml, cron_triggers.yaml,\n"
	"  graphql_schema_introspection.yaml, inherited_roles.yaml, metrics_config.yaml, network.yaml, opentelemetry.yaml,\n"
	"  query_collections.yaml, remote_schemas.yaml, rest_endpoints.yaml\n"
	"  migrations/default/1600000000000_name/up.sql, down.sql\n"
	"  seeds/default/1600000000000_name.sql\n"
	"\n"
	"version 2, one database: metadata/tables.yaml and functions.yaml, migrations/1600000000000_name/, seeds/*.sql.\n"
	"version 1: migrations/metadata.yaml, and migrations/1600000000000_name.up.sql (or .yaml: a list of API calls).\n"
	"\n"
	"!include x.yaml is read in quotes or as a tag, relative to the file it stands in, nested as you like. metadata export writes\n"
	"files only that say something else than before, sorted, so that a difference is a difference.\n";

static const char exit_codes[] =
	"  0   it is done. Also: metadata applied that does not fit the database, unless --disallow-inconsistent-metadata;\n"
	"      differences that metadata diff found, unless --exit-code\n"
	"  1   it is not done, and standard error says why. Also: metadata inconsistency status when it is inconsistent\n"
	"  2   of the server's commands (serve, demo, auth, permissions): the command line is wrong\n"
	"\n"
	"With --exit-code (metadata diff, migrate status, status), as git diff has it: 0 all the same, 1 there are differences, 2 an\n"
	"error.\n";

static const char output[] =
	"Results go to standard output, all else to standard error.\n"
	"\n"
	"  -o json, -o yaml    metadata apply, export, build; metadata inconsistency list; migrate status; status; version\n"
	"  --log-format        text on a terminal, else json: a line for each message with level, msg and time\n"
	"  --log-level         DEBUG, INFO, WARN, ERROR or FATAL\n"
	"  --no-color          no colours (also NO_COLOR)\n"
	"\n"
	"A question is asked on a terminal only; --yes answers all with yes. Without a terminal, with CI set, or with\n"
	"--disable-interactive, a command that would have to ask ends with an error that names the flag to give.\n";

static const char roles[] =
	"A role sees nothing until it is granted: a select permission of a table names its columns and a filter of rows, an insert\n"
	"permission a check, an update permission both. They stand with their table:\n"
	"\n"
	"  select_permissions:\n"
	"    - role: user\n"
	"      permission:\n"
	"        columns: [id, title]\n"
	"        filter: {author_id: {_eq: X-Hasura-User-Id}}\n"
	"        limit: 100\n"
	"        allow_aggregations: false\n"
	"\n"
	"  weir permissions explain   what a role gets of a query, and which rule did it\n"
	"  weir auth check            which session a request would get, and why\n"
	"\n"
	"docs/permissions.md says all of it.\n";

const help_topic help_topics[] = {
	{"environment", "variables, .env, and which setting wins", environment},
	{"config", "config.yaml", config},
	{"layouts", "which file is where in a project", layouts},
	{"exit-codes", "what the exit status means", exit_codes},
	{"output", "formats, logs, questions", output},
	{"roles", "who sees what: permissions", roles},
	{NULL, NULL, NULL},
};

const help_topic *help_topic_find(const char *name)
{
	for (const help_topic *t = help_topics; t->name; t++)
		if (strcmp(t->name, name) == 0) return t;
	return NULL;
}
