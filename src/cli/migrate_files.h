/*
 * migrate_files: the migrations of a project, as files. Hasura v2: cli/migrate/source.
 * Folders VERSION_NAME with up.sql, down.sql (or .yaml), and the older flat form VERSION_NAME.up.sql beside each other.
 */
#pragma once
#include "cli/project.h"

typedef struct migration {
	uint64_t number;
	str version; /* the digits */
	str name;
	str folder;             /* empty: flat files */
	str up, down;           /* paths of SQL; empty: none */
	str up_yaml, down_yaml; /* paths of lists of API calls */
} migration;
typedef VEC(migration) migrations;

/* Where the migrations of a source are: a folder of its own since version 3. */
str migrations_folder(const project *p, str source);
/* In order of their numbers. Error: two of one number. */
MUST_CHECK bool migrations_list(project *p, str source, migrations *out, error *err);
/* Names what lies among them and is none: a folder with another name, or without a file that counts. */
void migrations_say_passed(project *p, str source);
/* NULL: none of that number. */
const migration *migrations_find_file(const migrations *m, str version);
/* Text of the up (or down) part, SQL or YAML. Error: there is none. */
MUST_CHECK bool migration_text(project *p, const migration *m, bool down, str *text, bool *yaml, error *err);
/* SHA-256 of a text, hexadecimal. */
str migration_checksum(arena *a, str text);
/* Milliseconds since 1970, as names of new migrations begin. */
str migration_new_version(arena *a);
/* A name as part of a path: what is no letter, digit, "-" or "_" becomes "_". */
str migration_file_name(arena *a, str name);
/* Writes VERSION_NAME/up.sql and down.sql (down p NULL: none). *folder may be NULL. */
MUST_CHECK bool migration_write(
	project *p, str source, str version, str name, str up, str down, str *folder, error *err);
