/* clock: monotonic time for measuring, wall time for stamps. */
#pragma once
#include "str.h"
#include <stdint.h>

uint64_t clock_mono_ns(void);
uint64_t clock_thread_cpu_ns(void);
uint64_t clock_wall_ms(void);
/* "2019-06-19T15:39:36.289+0000" of wall milliseconds into out (32 bytes). Hasura v2: Logging.hs. */
void clock_format(uint64_t wall_ms, char out[32]);
