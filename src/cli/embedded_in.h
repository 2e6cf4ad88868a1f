/*
 * embedded_in: what the files of the private cluster share: its folder and marker (embedded_folder.c), the cluster in it
 * (embedded_cluster.c), its socket (embedded_socket.c), and the life of the server (embedded.c). For these only.
 */
#pragma once
#include "cli/child.h"
#include "cli/embedded.h"
#include "cli/pg_programs.h"

#include <limits.h>
#include <string.h>
#include <sys/types.h>

#define EMBEDDED_ROLE "weir"
#define EMBEDDED_PORT "5432" /* names the socket file only */
#define FAIL(err, ...) error_set((err), ERR_START_FAILED, STR_NULL, __VA_ARGS__)

struct embedded {
	arena *a;
	child_user user;
	pg_programs programs;
	int lock;  /* the marker, locked; -1: not yet */
	pid_t pid; /* the postmaster; 0: none */
	bool made_dir, has_database, user_entered;
	bool borrowed;        /* sockets is outside dir, since dir's path is too long */
	const char *dir;      /* absolute */
	const char *pg;       /* dir/pg: PostgreSQL's data directory */
	const char *log;      /* dir/postgresql.log */
	const char *socket;   /* dir/socket: a directory, or a link to the borrowed one */
	const char *sockets;  /* where the socket really is */
	const char *url_file; /* dir/url */
	str url;
};

char *embedded_text(arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- files, as the cluster's user ---- */

/* how: further flags of open(2). */
bool embedded_file_write(const char *path, const char *text, int how, error *err);
/* At most cap - 1 bytes of a small file, from byte `from`; empty when there is none. */
str embedded_file_read(const char *path, off_t from, char *into, size_t cap);
/* Line number `at` (from 0), without its end and blanks around it. */
str embedded_line(str text, unsigned at);

/* ---- the folder ---- */

bool embedded_folder_resolve(embedded *e, error *err);
/* Decides who owns the cluster, and hands a new folder to them. */
bool embedded_folder_claim(embedded *e, error *err);
/* Root may pass where the user it becomes may not. */
bool embedded_folder_reach(const embedded *e, error *err);
/* A folder made for a start that came to nothing goes again; one with anything in it stays. */
void embedded_folder_undo(const embedded *e);
/* Holds the folder for this process; PostgreSQL and other children do not keep the lock. */
bool embedded_marker_lock(embedded *e, error *err);
bool embedded_marker_write(embedded *e, error *err);

/* ---- the cluster and its database ---- */

bool embedded_cluster_prepare(embedded *e, const char *bin, error *err);
bool embedded_database_make(embedded *e, error *err);

/* ---- the socket ---- */

bool embedded_socket_place(embedded *e, error *err);
/* Takes away a borrowed directory, ours by the link that leads to it. */
void embedded_socket_return(embedded *e);
bool embedded_socket_answers(const embedded *e);
/* The cluster's URL. */
void embedded_socket_url(embedded *e);
