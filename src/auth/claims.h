/*
 * claims: from a verified token's payload to roles and session variables, as one token configuration says.
 * Hasura v2: Server/Auth/JWT.hs.
 */
#pragma once
#include "auth/claims_path.h"
#include "auth/session.h"

/* Where one variable of claims_map comes from. */
typedef struct claim_source {
	str name;
	bool has_path;
	claims_path path;
	const json *value; /* with a path: its default, or NULL; else the value */
} claim_source;

typedef struct claims_rule {
	bool mapped; /* by claims_map; else by namespace */
	claim_source allowed_roles, default_role;
	claim_source *others;
	size_t nothers;
	str space; /* claims_namespace; empty: by path */
	claims_path space_path;
	bool stringified;
} claims_rule;

/* What a token says once it is believed. Lives in an arena of its own, so that it can be kept. */
typedef struct verified {
	str *roles; /* allowed */
	size_t nroles;
	str default_role;
	session_var *vars; /* sorted; without x-hasura-role and the two claims of roles */
	size_t nvars;
	uint64_t expires_ms; /* exp, wall clock; 0: never */
	uint64_t until_ms;   /* exp with the allowed skew; UINT64_MAX: never */
} verified;

/* The keys claims_* of a configuration. Error: invalid-configuration with Hasura's text. */
MUST_CHECK bool claims_rule_parse(arena *a, const json *config, claims_rule *out, error *err);
/* Fills roles and variables of *out. claims: an object. Errors: jwt-invalid-claims, jwt-missing-role-claims. */
MUST_CHECK bool claims_read(arena *a, const claims_rule *rule, const json *claims, verified *out, error *err);
