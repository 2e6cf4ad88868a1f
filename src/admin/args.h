/*
 * args: reading the args of an operation with the errors of Hasura's parsers. Each sets c->arg_error when it fails, so that
 * dispatch wraps the text and places the path.
 */
#pragma once
#include "admin/admin_in.h"

/* j is an object; what: the parser's name in `parsing X failed, expected Object, but encountered …`. */
MUST_CHECK bool arg_object(candidate *c, const json *j, const char *what, error *err);
/* Required member, any kind. */
MUST_CHECK bool arg_member(candidate *c, const json *o, const char *key, const json **out, error *err);
MUST_CHECK bool arg_text(candidate *c, const json *o, const char *key, str *out, error *err);
/* Required, not empty. */
MUST_CHECK bool arg_nonempty(candidate *c, const json *o, const char *key, str *out, error *err);
/* Absent or null: dflt stays. */
MUST_CHECK bool arg_opt_text(candidate *c, const json *o, const char *key, str *out, error *err);
MUST_CHECK bool arg_opt_bool(candidate *c, const json *o, const char *key, bool *out, error *err);
MUST_CHECK bool arg_bool(candidate *c, const json *o, const char *key, bool *out, error *err);
/* `source`, "default" when absent. */
MUST_CHECK bool arg_source(candidate *c, const json *o, str *out, error *err);
/* Required qualified name. */
MUST_CHECK bool arg_qname(candidate *c, const json *o, const char *key, qname *out, error *err);
/* Marks err as one about args and gives false. */
bool arg_failed(candidate *c, error *err);
/* `parsing <what> failed, expected <want>, but encountered <kind>` at key (NULL: at args itself). */
bool arg_mismatch(candidate *c, const char *key, const char *what, const char *want, const json *j, error *err);
/* {"message":"success"} */
bool reply_success(buf *out);
/* with "warnings" when there are any */
bool reply_success_warnings(candidate *c, buf *out);
bool reply_json(buf *out, const json *j);
/* The request's answer is larger than max_result_bytes; gives false. */
bool answer_too_large(const candidate *c, error *err);
