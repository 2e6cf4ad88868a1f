/*
 * exec: plan cache (document, plan, statements), runs plans on the worker's pools, writes the response JSON straight from the
 * rows. One exec_worker per worker thread; nothing in it is shared.
 */
#pragma once
#include "auth/session.h"
#include "base/buf.h"
#include "schema/snapshot.h"

typedef struct exec_worker exec_worker;
