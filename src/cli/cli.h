/* cli: the commands of the program, as one table. Main thread only. */
#pragma once

/* Runs the command argv names; the exit status. */
int cli_main(int argc, char **argv);

/* serve.c: `weir serve`. Returns 0 after SIGTERM or SIGINT, 1 on an error. */
int serve_main(int argc, char **argv);
/* auth_check.c: `weir auth check`. Returns 0 for a session, 1 when the request is refused, 2 on an error. */
int auth_main(int argc, char **argv);
/* permissions_explain.c: `weir permissions explain`. Returns 0, 1 when some field is refused, 2 on an error. */
int permissions_main(int argc, char **argv);
