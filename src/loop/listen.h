/*
 * listen: TCP listeners, one socket per worker on the same port (SO_REUSEPORT), so that the kernel spreads connections
 * without a lock.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

/*
 * Opens, binds and listens n sockets on host:port into fds; *port_out is the port bound (for port 0). Blocking: called
 * before the workers start. host: a name or address; "*" all (IPv6 and IPv4), "*4"/"!4" all IPv4, "*6"/"!6" all IPv6
 * (Hasura v2: Warp's HostPreference). Error (ERR_START_FAILED): address unknown, port taken by another process (probed:
 * SO_REUSEPORT alone would share it silently), no right to bind.
 */
MUST_CHECK bool listen_open(str host, uint16_t port, unsigned n, int *fds, uint16_t *port_out, error *err);
void listen_close(int *fds, unsigned n);
/* Raises the soft limit of open files to the hard one; returns the limit now. */
uint64_t listen_raise_open_files(void);
