/*
 * demo: `weir demo [--track-all] [--embedded DIR] [SERVE'S OPTIONS]`. Starts the embedded cluster, has the Django blog of
 * examples/ migrated and filled, runs `weir serve` on it as a child, says what to try, and stops both on Ctrl-C.
 * Main thread only; the program ends with it.
 */
#pragma once

/* argv as main got it, the word `demo` included. Returns the exit status: 0 after Ctrl-C or SIGTERM, 1 on an error. */
int demo_main(int argc, char **argv);
