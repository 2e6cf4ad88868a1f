/* endpoints: the handlers of the routes, one file per family. */
#pragma once
#include "server/call.h"

/* graphql.c */
void graphql_post(call *c);
void graphql_get(call *c);
/* explain.c */
void explain_post(call *c);
/* metadata_api.c; the route's tag is the admin_path */
void metadata_post(call *c);
/* The command weir_explain_permissions, its args as the body. */
void permissions_explain_post(call *c);
/* A source's database as SQL; admins only. */
void pg_dump_post(call *c);
/* auth_explain.c */
void auth_explain_post(call *c);
/* health.c, version.c, config.c */
void health_get(call *c);
void version_get(call *c);
void config_get(call *c);
/* dev_subscriptions.c; the route's tag: extended */
void dev_subscriptions_get(call *c);
/* dev_stats.c */
void dev_ekg_get(call *c);
void dev_plan_cache_get(call *c);
/* metrics.c */
void metrics_get(call *c);
/* console.c */
void console_root(call *c);
void console_get(call *c);
/* not_found.c */
void not_found(call *c);

/* refuse.c: what Hasura serves and Weir does not yet, by name; the route's tag says what. */
enum { REFUSE_DEVELOPER, REFUSE_SWAGGER, REFUSE_REST };
void refuse(call *c);
void refuse_admin(call *c); /* for admins; others get access-denied */
void relay_post(call *c);
/* Says why the Relay API answers nothing. */
MUST_CHECK bool relay_refuse(const server_config *g, error *err);
