/* console_serve: what the threads of `weir console` share. Everything in it is fixed while they run. */
#pragma once
#include "cli/console_http.h"
#include "cli/project.h"

typedef struct console_server {
	cmd *c;           /* flags; each request reads the project anew with a copy of it */
	const project *p; /* as read at start */
	str token;        /* of this run */
	str_vec hosts;    /* values of Host that are ours */
	str server_version;
} console_server;

/* console_apis.c: /apis/…: changes that are written into the project too. One at a time. */
void console_apis(console_server *s, console_request *r);
/* console_page.c: /console/…: the page, its files and config.json. known: the browser showed this run's token. */
void console_page(console_server *s, console_request *r, bool known);
/* console_relay.c: everything else, to the server; as_admin: with the admin secret. */
void console_relay(console_server *s, console_request *r, bool as_admin);
