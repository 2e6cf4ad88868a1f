/* purge: taking inconsistent objects out of the metadata. Hasura v2: purgeMetadataObj. */
#pragma once
#include "admin/admin_in.h"

/* How many of the snapshot's inconsistencies go away when their object is dropped. */
size_t purge_droppable(const snapshot *s);
/* md without the objects of s's inconsistencies; a new reference. */
MUST_CHECK bool purge_inconsistent(arena *a, const metadata *md, const snapshot *s, metadata **out, error *err);
