"""Tokens signed with a shared secret, and small HTTP services for the tests of authentication."""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading

KEY = "0123456789abcdef0123456789abcdef"
NAMESPACE = "https://hasura.io/jwt/claims"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims, key=KEY, header=None, algorithm="HS256"):
    head = {"typ": "JWT", "alg": algorithm, **(header or {})}
    text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return text + "." + b64(hmac.new(key.encode(), text.encode(), digest).digest())


def claims(user="1", roles=("user", "editor"), default="user", **more):
    return {NAMESPACE: {"x-hasura-allowed-roles": list(roles), "x-hasura-default-role": default, "x-hasura-user-id": user}, **more}


def bearer(text):
    return {"Authorization": "Bearer " + text}


class Service:
    """An HTTP service: `answer(handler, body)` returns (status, headers, text). .requests holds (method, headers, body)."""

    def __init__(self, answer, tls=None):
        """tls: (certificate, key), files; the URL is https then."""
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with service.lock:
                    service.requests.append((self.command, list(self.headers.items()), body))
                found = service.answer(self, body)
                if found is None:
                    self.close_connection = True
                    return
                status, headers, text = found
                data = text if isinstance(text, bytes) else text.encode()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = serve

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128  # many callers at once are not told to come again a second later

        self.answer = answer
        self.requests = []
        self.lock = threading.Lock()
        self.http = Server(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None  # clients that leave are part of the tests
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.http.server_address[1]}/auth"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def last(self):
        """Method, headers as a dict in lower case, JSON body or None of the last request."""
        method, headers, body = self.requests[-1]
        return method, {k.lower(): v for k, v in headers}, json.loads(body) if body else None

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def notes(server):
    """A table with one row for each user; the roles user and editor see their own."""
    server.sql("create table note (id int primary key, owner text); insert into note values (1, '1'), (2, '2'), (3, 'x')")
    server.track("note")
    for role in ("user", "editor", "anonymous"):
        server.metadata("pg_create_select_permission", {"source": "default", "table": "note", "role": role, "permission": {
            "columns": ["id"], "filter": {"owner": {"_eq": "X-Hasura-User-Id"}}}})
    return server


QUERY = {"query": "{note{id}}"}


def seen(server, headers, path="/v1/graphql"):
    """The rows a request with these headers sees, or the message of its error."""
    body = server.post(path, QUERY, headers).json()
    return [row["id"] for row in body["data"]["note"]] if "data" in body else body["errors"][0]["message"]


def error(message, code):
    return {"errors": [{"message": message, "extensions": {"path": "$", "code": code}}]}


def flat(message, code):
    return {"path": "$", "error": message, "code": code}
