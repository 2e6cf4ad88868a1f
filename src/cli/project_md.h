/* project_md: the metadata of a project: reading its files, writing them, applying them. */
#pragma once
#include "cli/md_layout.h"
#include "cli/project.h"

/* The project's document, from its folder, its metadata_file or (version 1) migrations/metadata.yaml. */
MUST_CHECK bool project_metadata_read(project *p, md_folder *f, json **doc, error *err);
/* Where it is, for messages. */
str project_metadata_home(const project *p, int version);
/* Writes a document in the layout of a version of config.yaml (0: the project's). */
MUST_CHECK bool project_metadata_save(
	project *p, const json *doc, int version, size_t *written, size_t *removed, error *err);
/* export_metadata and save; says nothing. */
MUST_CHECK bool project_metadata_pull(project *p, size_t *written, size_t *removed, error *err);

typedef struct md_applied {
	bool consistent;
	json *objects;  /* the inconsistent ones; an array, or NULL */
	json *warnings; /* or NULL */
} md_applied;
/* replace_metadata; an error of the server names the file and line it is about. */
MUST_CHECK bool project_metadata_apply(
	project *p, const md_folder *f, json *doc, bool allow_inconsistent, md_applied *out, error *err);
/* Says each inconsistent object with its reason, and its place when f and doc are not NULL. */
void project_say_inconsistent(project *p, const md_folder *f, const json *doc, const json *objects);
/* "databases/default/tables/public_x.yaml:12", or empty. */
str project_place_of_object(arena *a, const md_folder *f, const json *doc, const json *object);
/* Name of an object of get_inconsistent_metadata. */
str inconsistent_name(const json *object);
