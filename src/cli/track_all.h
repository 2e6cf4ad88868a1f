/* track_all: what the console's two buttons "Track all" do, over the metadata API. */
#pragma once
#include "cli/api_call.h"

typedef struct track_all_result {
	size_t tables;        /* newly tracked */
	size_t relationships; /* newly made */
} track_all_result;

/*
 * Tracks every table and view of schema public in the source `default`, then every relationship the foreign keys
 * suggest; what is tracked already stays. A relationship is named after the column that leads away (author_id: author) or
 * after the table that points here (blog_articles, or blog_author when there is at most one).
 * Errors: as api_metadata. A relationship whose name is taken is left out.
 */
bool track_all(arena *a, const api_target *to, track_all_result *out, error *err) MUST_CHECK;

/* The relationship's name for one entry of pg_suggest_relationships; for tests. Text lives in a. */
str track_all_name(arena *a, const json *suggestion);
