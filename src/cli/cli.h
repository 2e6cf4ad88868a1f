/* cli: the commands of the program, as one table. Main thread only. */
#pragma once

/* Runs the command argv names; the exit status. */
int cli_main(int argc, char **argv);

/* serve.c: `weir serve`. Returns 0 after SIGTERM or SIGINT, 1 on an error. */
int serve_main(int argc, char **argv);
