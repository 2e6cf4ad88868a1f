/*
 * aside: requests that leave the metadata alone (reading and writing data, run_sql without a look at the metadata) run on
 * threads of their own, so that a slow one holds up no change of the metadata and no other client.
 */
#pragma once
#include "admin/admin_in.h"

aside *aside_new(admin *adm);
/* Waits for what runs (adm->stop_fd cuts its waits short), refuses what waits. NULL is fine. */
void aside_free(aside *s);
/* Builder thread: takes the request over. */
void aside_submit(aside *s, admin_request *r);
