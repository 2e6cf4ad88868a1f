/* console_assets: the built console inside the binary; the tables are made by tools/embed_assets. */
#pragma once
#include <stddef.h>

typedef struct console_asset {
	const char *path; /* below /console/, no slash before it */
	const char *type;
	const char *etag;                          /* with its quotes */
	size_t length;                             /* of the file as it is */
	size_t br_at, br_length, gz_at, gz_length; /* in console_blob */
} console_asset;

/* index.html, NULL when the binary was built without the console. */
extern const char *const console_index;
extern const console_asset console_assets[];
extern const size_t console_asset_count;
extern const unsigned char console_blob[];
