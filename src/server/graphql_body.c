#include "server/graphql_body.h"
#include "graphql/document.h"

static bool read_query(const json *body, graphql_body *r, error *err)
{
	const json *query = json_getz(body, "query");
	if (!query) return error_set(err, ERR_PARSE_FAILED, STR_NULL, "key \"query\" not found");
	if (query->kind != JSON_STRING) {
		return error_set(err, ERR_PARSE_FAILED, STR("$.query"),
			"parsing Text failed, expected String, but encountered %s", json_kind_name(query));
	}
	r->query = query->text;
	return true;
}

/* Hasura v2: GQLReq's FromJSON. Unknown keys are ignored; null is as good as absent. */
bool graphql_body_read(const json *body, graphql_body *r, error *err)
{
	const json *name = json_getz(body, "operationName"), *variables = json_getz(body, "variables");
	if (body->kind != JSON_OBJECT) {
		return error_set(err, ERR_PARSE_FAILED, STR_NULL,
			"parsing GraphQL request failed, expected Object, but encountered %s", json_kind_name(body));
	}
	if (json_getz(json_getz(body, "extensions"), "persistedQuery"))
		return error_set(err, ERR_NOT_SUPPORTED, STR_NULL, "PersistedQueryNotSupported");
	if (!read_query(body, r, err)) return false;
	if (!json_is_null(name) && name->kind != JSON_STRING) {
		return error_set(err, ERR_PARSE_FAILED, STR("$.operationName"),
			"parsing Text failed, expected String, but encountered %s", json_kind_name(name));
	}
	if (!json_is_null(variables) && variables->kind != JSON_OBJECT) {
		return error_set(err, ERR_PARSE_FAILED, STR("$.variables"),
			"parsing HashMap failed, expected Object, but encountered %s", json_kind_name(variables));
	}
	r->operation_name = json_is_null(name) ? STR_NULL : name->text;
	r->variables = json_is_null(variables) ? NULL : variables;
	return true;
}

bool graphql_body_interval(const json *body, uint64_t min, uint64_t *out, error *err)
{
	enum { DAY_MS = 86400000 };
	const json *found = json_getz(json_getz(json_getz(body, "extensions"), "weir"), "interval");
	*out = 0;
	if (json_is_null(found)) return true;
	if (!min)
		return error_set(err, ERR_NOT_SUPPORTED, STR("$.extensions.weir.interval"),
			"subscriptions cannot have an interval of their own here (the setting is --live-min-interval)");
	if (found->kind == JSON_NUMBER && str_to_u64(found->text, out) && *out >= min && *out <= DAY_MS) return true;
	return error_set(err, ERR_VALIDATION_FAILED, STR("$.extensions.weir.interval"),
		"expected whole milliseconds from %llu to %d", (unsigned long long)min, DAY_MS);
}

/* Only a text that has the word can be one: the others are not parsed here. */
static bool is_kind(arena *a, const graphql_body *body, gq_operation_kind kind, str word)
{
	gq_document *doc;
	const gq_operation *op;
	error ignored; /* exec/ finds the same */
	if (str_find(body->query, word) == SIZE_MAX) return false;
	error_init(&ignored, a);
	return gq_parse(a, body->query, NULL, &doc, &ignored) &&
		gq_select_operation(doc, body->operation_name, &op, &ignored) && op->kind == kind;
}

bool graphql_body_is_subscription(arena *a, const graphql_body *body)
{
	return is_kind(a, body, GQ_SUBSCRIPTION, STR("subscription"));
}

bool graphql_body_is_mutation(arena *a, const graphql_body *body)
{
	return is_kind(a, body, GQ_MUTATION, STR("mutation"));
}
