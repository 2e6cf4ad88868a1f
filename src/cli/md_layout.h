/*
 * md_layout: metadata as the files of a project, and back. Hasura v2: cli/internal/metadataobject.
 *
 * Version 3: one file for each kind of object, databases/databases.yaml with the sources, a file for each table and function
 * below databases/SOURCE. Version 2: tables.yaml and functions.yaml of the one database. "!include x.yaml" in any text or as
 * a tag is read everywhere, relative to the file it stands in. A metadata_file, and version 1's migrations/metadata.yaml, are
 * one document.
 * Ownership: everything lives in the arena given.
 */
#pragma once
#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"

/* Where a piece of metadata stands. */
typedef struct md_place {
	str file; /* as the folder was named, with the file's path in it */
	unsigned line;
} md_place;

typedef struct md_folder {
	arena *a;
	map places; /* a node's address -> md_place * */
	size_t files;
	unsigned depth;
	str_vec notes; /* things that were passed over, for a warning */
} md_folder;

/* Which object stands in which file. */
typedef struct md_object {
	const char *key;  /* of the document */
	const char *file; /* below the metadata folder */
	bool list;        /* an empty one is [] and not {} */
	int since;        /* version of config.yaml */
} md_object;
extern const md_object md_objects[]; /* ends with a NULL key */

/* The folder's document. Error: file, line, cause. A folder without a single known file is an error. */
MUST_CHECK bool md_folder_read(md_folder *f, str dir, int version, json **out, error *err);
/* One file (.json, or YAML) that holds a document. */
MUST_CHECK bool md_document_read(md_folder *f, str file, json **out, error *err);
/* A file with its includes in place. */
MUST_CHECK bool md_file_read(md_folder *f, str file, json **out, error *err);
/* NULL: not from a file. */
const md_place *md_place_of(const md_folder *f, const json *node);
/* The nearest known place of what a path like $.sources[0].tables[3].x leads to in doc; "$.args.metadata" in front is
 * passed over. NULL: none. */
const md_place *md_place_at(const md_folder *f, const json *doc, str path);

/* What to do about an error of the server's on the form of metadata, to be put behind it; or empty. */
str md_hint(arena *a, str message);

typedef struct md_file {
	str path;          /* below the metadata folder */
	str text;          /* what to write */
	const json *plain; /* what stands in it: includes are texts */
	const json *whole; /* includes in place; NULL: as plain */
	bool same; /* the folder means the same already, however it says it: left alone where there is such a file */
} md_file;
typedef VEC(md_file) md_files;

/* The files of a document in the layout of a version (2, 3). notes: what has no file there. */
MUST_CHECK bool md_layout_files(arena *a, const json *doc, int version, md_files *out, str_vec *notes, error *err);
/* Writes those that say something else than what is there; removes files of tables and functions that the folder's own
 * lists had and the new ones have not. */
MUST_CHECK bool md_layout_write(arena *a, str dir, const md_files *files, size_t *written, size_t *removed, error *err);

/* Marks the files whose part of the two documents (as md_meaning has them) is the same. */
MUST_CHECK bool md_layout_mark_same(
	arena *a, md_files *files, const json *now, const json *then, int version, error *err);

/*
 * The document in one fixed form: members and defaults as the server exports them (when it is well-formed), columns,
 * roles and names sorted. Two documents that mean the same are equal then. A copy; a document before version 3 becomes
 * one of version 3 with the source `default` (and a stand-in for its configuration).
 */
json *md_canonical(arena *a, const json *doc);
/* The same, of a version of config.yaml: before 3 only what is said of the one database. NULL: there are several. */
json *md_meaning(arena *a, const json *doc, int version);
/* The same without knowing what it is: sorts lists whose order means nothing. In place. */
void md_sort(arena *a, json *j);
/* The parts of version 2 from a document of version 3: tables and functions of the one source. NULL: several sources. */
json *md_as_version_2(arena *a, const json *doc);

/* md_sdl*.c: actions.graphql. */
/* Adds to actions (list with name and definition) and types (custom_types) what the text says; notes: what it says that
 * actions cannot have. Error: line and cause. */
MUST_CHECK bool md_sdl_read(arena *a, str text, json *actions, json *types, str_vec *notes, error *err);
/* The text of actions and types, without comments of actions: those are in actions.yaml. */
void md_sdl_write(buf *b, const json *actions, const json *types);
