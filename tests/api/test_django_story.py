"""The secured blog of examples/django-blog: Django says who asks, Weir shows them what is theirs."""
import os
import shutil
import subprocess

import pytest
import requests

from pgcluster import free_port
from project import Django, metadata_of
from server import ROOT, SECRET, Weir

EXAMPLE = os.path.join(ROOT, "examples", "django-blog")
PASSWORD = "a long enough one"
REFUSED = [{"message": "Authentication hook unauthorized this request", "extensions": {"path": "$", "code": "access-denied"}}]
ARTICLES = "{ blog_article(order_by: {id: asc}) { id author { name user_id } } }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy, since the last test adds a migration."""
    path = tmp_path_factory.mktemp("blog") / "django-blog"
    shutil.copytree(EXAMPLE, path, ignore=shutil.ignore_patterns("__pycache__", "weir-data"))
    return path


@pytest.fixture(scope="module")
def weir_env(site):
    return {"HASURA_GRAPHQL_AUTH_HOOK": site.url + "/accounts/hook"}


@pytest.fixture(scope="module")
def site(folder, database):
    site = Django(folder, database.url)
    site.manage("migrate", "--verbosity", "0")
    site.manage("seed", "--articles", "200")
    for name in ("kavya.jensen", "farid.nakamura"):
        assert site.manage("password", name, text=PASSWORD + "\n") == f"{name} has a new password\n"
    site.manage("password", "ed", "--staff", "--create", text=PASSWORD + "\n")
    site.manage("password", "reader", "--create", text=PASSWORD + "\n")
    with site:
        yield site


@pytest.fixture(scope="module")
def api(weir):
    weir.metadata("replace_metadata", metadata_of(os.path.join(EXAMPLE, "weir", "metadata")))
    assert weir.metadata("get_inconsistent_metadata") == {"is_consistent": True, "inconsistent_objects": []}
    return weir


def bearer(text, **more):
    return {"Authorization": f"Bearer {text}", **more}


def log_in(site, name, password=PASSWORD, path="token", **more):
    return requests.post(f"{site.url}/accounts/{path}", json={"username": name, "password": password}, timeout=30, **more)


@pytest.fixture(scope="module")
def tokens(site):
    return {name: log_in(site, name).json()["token"] for name in ("kavya.jensen", "farid.nakamura", "ed", "reader")}


def data(api, query, token, role=None, variables=None):
    headers = bearer(token, **({"X-Hasura-Role": role} if role else {}))
    body = api.graphql(query, variables, headers=headers)
    assert "errors" not in body, body
    return body["data"]


def owner(database, name):
    return database.sql("SELECT u.id, a.id FROM auth_user u LEFT JOIN blog_author a ON a.user_id = u.id WHERE u.username = %s", (name,))[0]


def test_the_files_are_what_export_writes(api, folder, site):
    """Applied and exported again by the command line: not a byte changes."""
    project = folder / "weir"
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    for words in (["apply"], ["export"]):
        subprocess.run([api.binary, "metadata", *words, "--endpoint", api.url, "--admin-secret", SECRET], cwd=project, check=True,
                       capture_output=True, timeout=60)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_try_it(weir_bin):
    """The script by hand: each of its questions is answered as it must be."""
    done = subprocess.run(["./try-it"], cwd=EXAMPLE, env={"PATH": os.environ["PATH"], "WEIR": os.path.abspath(weir_bin)}, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nok    ") == 11 and done.stdout.endswith("All as it must be.\n")


# -- who gets in

@pytest.mark.parametrize("headers", [
    {}, bearer("x"), bearer(""), {"Authorization": "Basic cm9zYTp4"}, {"Cookie": "sessionid=nobody"}, {"X-Hasura-Role": "user", "X-Hasura-User-Id": "1"},
])
def test_rejected_without_a_token(api, headers):
    assert api.graphql(ARTICLES, headers=headers) == {"errors": REFUSED}
    answer = api.post("/v1/metadata", {"type": "export_metadata", "args": {}}, headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "access-denied")


def test_admin_with_the_key(api, tokens):
    for name in ("X-Hasura-Admin-Secret", "X-Hasura-Access-Key"):
        found = api.graphql(ARTICLES, headers={name: SECRET})["data"]["blog_article"]
        assert len(found) == 200 and len({row["author"]["name"] for row in found}) > 20
        assert "invalid" in api.graphql(ARTICLES, headers={name: "no", **bearer(tokens["ed"])})["errors"][0]["message"]


def test_an_author_sees_only_their_own(api, database, tokens):
    seen = {}
    for name in ("kavya.jensen", "farid.nakamura"):
        user, author = owner(database, name)
        found = data(api, ARTICLES, tokens[name])["blog_article"]
        assert {row["author"]["user_id"] for row in found} == {user}
        mine = database.sql("SELECT id FROM blog_article WHERE author_id = %s ORDER BY id", (author,))
        seen[name] = [row["id"] for row in found]
        assert seen[name] == [row[0] for row in mine] and seen[name]
        about = data(api, "{ blog_author { user_id articles_aggregate { aggregate { count } } } }", tokens[name])
        assert about == {"blog_author": [{"user_id": user, "articles_aggregate": {"aggregate": {"count": len(mine)}}}]}
    assert not set(seen["kavya.jensen"]) & set(seen["farid.nakamura"])
    # By primary key, through a tag and through a comment it is the same.
    other = seen["farid.nakamura"][0]
    assert data(api, "query ($id: bigint!) { blog_article_by_pk(id: $id) { id } }", tokens["kavya.jensen"], variables={"id": other}) == {
        "blog_article_by_pk": None}
    ways = data(api, "{ blog_tag { article_tags { article_id } } blog_comment { article_id } }", tokens["kavya.jensen"])
    reached = {row["article_id"] for tag in ways["blog_tag"] for row in tag["article_tags"]} | {row["article_id"] for row in ways["blog_comment"]}
    assert reached and reached <= set(seen["kavya.jensen"])


def test_a_readers_and_an_editors_view(api, database, tokens):
    published = database.sql("SELECT count(*) FROM blog_article WHERE status = 'published'")[0][0]
    query = "{ blog_article_aggregate { aggregate { count } } }"
    assert data(api, query, tokens["ed"]) == {"blog_article_aggregate": {"aggregate": {"count": 200}}}
    assert len(data(api, "{ blog_article { id } }", tokens["reader"])["blog_article"]) == min(published, 100)
    assert "field 'status' not found" in api.graphql("{ blog_article { status } }", headers=bearer(tokens["reader"]))["errors"][0]["message"]
    hidden = data(api, "{ blog_comment(where: {article: {author: {name: {_is_null: false}}}}) { id } }", tokens["reader"])["blog_comment"]
    approved = database.sql("SELECT c.id FROM blog_comment c JOIN blog_article a ON a.id = c.article_id WHERE c.is_approved AND a.status = 'published'")
    assert {row["id"] for row in hidden} == {row[0] for row in approved}


def test_a_role_of_ones_own(api, tokens):
    query = "{ __type(name: \"query_root\") { name } blog_author { name } }"
    assert len(data(api, query, tokens["kavya.jensen"], role="reader")["blog_author"]) > 20
    assert len(data(api, query, tokens["ed"], role="reader")["blog_author"]) > 20
    for name, role in (("kavya.jensen", "editor"), ("kavya.jensen", "admin"), ("reader", "user"), ("ed", "user"), ("ed", "admin")):
        assert api.graphql(query, headers=bearer(tokens[name], **{"X-Hasura-Role": role})) == {"errors": REFUSED}


# -- writing

def test_an_author_writes_and_cannot_write_for_others(api, database, tokens):
    insert = """mutation ($more: blog_article_insert_input!) { insert_blog_article_one(object: $more) {
        id author_id status is_featured word_count public_id created_at updated_at } }"""
    user, author = owner(database, "kavya.jensen")
    row = data(api, insert, tokens["kavya.jensen"], variables={"more": {"title": "Mine", "slug": "mine", "body": "A text."}})["insert_blog_article_one"]
    assert (row["author_id"], row["status"], row["is_featured"], row["word_count"]) == (author, "draft", False, 0)
    assert row["public_id"] and row["created_at"] == row["updated_at"]
    foreign = {"title": "Theirs", "slug": "theirs", "body": "x", "author_id": owner(database, "farid.nakamura")[1]}
    assert "author_id" in api.graphql(insert, {"more": foreign}, headers=bearer(tokens["kavya.jensen"]))["errors"][0]["message"]

    update = "mutation ($id: bigint!) { update_blog_article_by_pk(pk_columns: {id: $id}, _set: {summary: \"s\"}) { id } }"
    assert data(api, update, tokens["kavya.jensen"], variables={"id": row["id"]})["update_blog_article_by_pk"]["id"] == row["id"]
    assert data(api, update, tokens["farid.nakamura"], variables={"id": row["id"]}) == {"update_blog_article_by_pk": None}
    assert database.sql("SELECT updated_at > created_at FROM blog_article WHERE slug = 'mine'") == [(True,)]

    delete = "mutation ($id: bigint!) { delete_blog_article_by_pk(id: $id) { id } }"
    published = database.sql("SELECT id FROM blog_article WHERE author_id = %s AND status = 'published' LIMIT 1", (author,))[0][0]
    assert data(api, delete, tokens["kavya.jensen"], variables={"id": published}) == {"delete_blog_article_by_pk": None}
    assert data(api, delete, tokens["farid.nakamura"], variables={"id": row["id"]}) == {"delete_blog_article_by_pk": None}
    assert data(api, delete, tokens["kavya.jensen"], variables={"id": row["id"]}) == {"delete_blog_article_by_pk": {"id": row["id"]}}


def test_a_comment_waits_for_its_approval(api, database, tokens):
    user, author = owner(database, "kavya.jensen")
    article = database.sql("SELECT id FROM blog_article WHERE author_id = %s AND status = 'published' LIMIT 1", (author,))[0][0]
    insert = "mutation ($a: bigint!) { insert_blog_comment_one(object: {article_id: $a, name: \"R\", body: \"Well said.\"}) { id } }"
    comment = data(api, insert, tokens["reader"], variables={"a": article})["insert_blog_comment_one"]["id"]
    see = "query ($id: bigint!) { blog_comment_by_pk(id: $id) { id } }"
    here, nothing = {"blog_comment_by_pk": {"id": comment}}, {"blog_comment_by_pk": None}
    assert data(api, see, tokens["farid.nakamura"], role="reader", variables={"id": comment}) == nothing
    assert data(api, see, tokens["farid.nakamura"], variables={"id": comment}) == nothing
    assert data(api, see, tokens["reader"], variables={"id": comment}) == here
    approve = "mutation ($id: bigint!) { update_blog_comment_by_pk(pk_columns: {id: $id}, _set: {is_approved: true}) { is_approved } }"
    assert data(api, approve, tokens["farid.nakamura"], variables={"id": comment}) == {"update_blog_comment_by_pk": None}
    assert data(api, approve, tokens["kavya.jensen"], variables={"id": comment}) == {"update_blog_comment_by_pk": {"is_approved": True}}
    assert data(api, see, tokens["farid.nakamura"], role="reader", variables={"id": comment}) == here
    draft = database.sql("SELECT id FROM blog_article WHERE status = 'draft' LIMIT 1")[0][0]
    assert api.graphql(insert, {"a": draft}, headers=bearer(tokens["reader"]))["errors"][0]["extensions"]["code"] == "permission-error"


# -- sessions and tokens

def test_a_session_cookie(api, site, database):
    browser = requests.Session()
    assert log_in(site, "kavya.jensen", "wrong", "login").status_code == 401
    answer = browser.post(f"{site.url}/accounts/login", json={"username": "kavya.jensen", "password": PASSWORD}, timeout=30)
    assert answer.json() == {"user": "kavya.jensen"}
    cookie = {"Cookie": "sessionid=" + browser.cookies["sessionid"]}
    assert "SameSite=Lax" in answer.headers["Set-Cookie"] and "HttpOnly" in answer.headers["Set-Cookie"]
    user = owner(database, "kavya.jensen")[0]
    assert api.graphql("{ blog_author { user_id } }", headers=cookie) == {"data": {"blog_author": [{"user_id": user}]}}
    # A token beside it counts, and a bad one is not made good by the cookie.
    assert api.graphql(ARTICLES, headers={**cookie, **bearer("x")}) == {"errors": REFUSED}
    assert browser.post(f"{site.url}/accounts/logout", json={}, timeout=30).status_code == 200
    assert api.graphql(ARTICLES, headers=cookie) == {"errors": REFUSED}


def test_a_revoked_token(api, site):
    text = log_in(site, "farid.nakamura").json()["token"]
    assert data(api, ARTICLES, text)["blog_article"]
    requests.post(f"{site.url}/accounts/logout", json={}, headers=bearer(text), timeout=30)
    assert api.graphql(ARTICLES, headers=bearer(text)) == {"errors": REFUSED}


def test_tokens_end(api, site, database):
    text = site.manage("token", "ed", "--days", "1", "--name", "script").strip()
    assert data(api, "{ blog_tag(limit: 1) { id } }", text)
    database.sql("UPDATE accounts_token SET expires_at = now() WHERE name = 'script'")
    assert api.graphql(ARTICLES, headers=bearer(text)) == {"errors": REFUSED}
    one = site.manage("token", "ed").strip()
    database.sql("UPDATE auth_user SET is_active = false WHERE username = 'ed'")
    assert api.graphql(ARTICLES, headers=bearer(one)) == {"errors": REFUSED}
    database.sql("UPDATE auth_user SET is_active = true WHERE username = 'ed'")
    assert data(api, ARTICLES, one)
    assert int(site.manage("token", "ed", "--revoke-all").split()[0]) >= 1
    assert api.graphql(ARTICLES, headers=bearer(one)) == {"errors": REFUSED}
    # What is kept opens nothing.
    kept = database.sql("SELECT digest FROM accounts_token LIMIT 1")[0][0]
    assert api.graphql(ARTICLES, headers=bearer(kept)) == {"errors": REFUSED}


def test_what_the_hook_says(site, database):
    text = log_in(site, "kavya.jensen").json()["token"]
    user, author = owner(database, "kavya.jensen")
    answer = requests.get(f"{site.url}/accounts/hook", headers=bearer(text), timeout=30)
    assert answer.json() == {"X-Hasura-Role": "user", "X-Hasura-User-Id": str(user), "X-Hasura-Author-Id": str(author), "Cache-Control": "max-age=900"}
    # Of this token: those of other tests live on.
    database.sql("UPDATE accounts_token SET expires_at = now() + interval '60 s' WHERE id = (SELECT max(id) FROM accounts_token)")
    age = requests.get(f"{site.url}/accounts/hook", headers=bearer(text), timeout=30).json()["Cache-Control"]
    assert 1 <= int(age.partition("=")[2]) <= 60
    anonymous = requests.get(f"{site.url}/accounts/hook", timeout=30)
    assert (anonymous.status_code, anonymous.json()) == (401, {"message": "log in first"})
    assert requests.post(f"{site.url}/accounts/hook", timeout=30).status_code == 405


@pytest.mark.parametrize("path", ["login", "token", "logout"])
def test_logging_in_takes_json_alone(site, path):
    url = f"{site.url}/accounts/{path}"
    form = {"username": "kavya.jensen", "password": PASSWORD}
    assert requests.post(url, data=form, timeout=30).status_code == 415
    assert requests.get(url, timeout=30).status_code == 405
    json = {"Content-Type": "application/json"}
    assert requests.post(url, data="{", headers=json, timeout=30).status_code == 400
    assert requests.post(url, data="[]", headers=json, timeout=30).status_code == 400
    if path != "logout":
        for body in ({}, {"username": "kavya.jensen"}, {"username": ["kavya.jensen"], "password": PASSWORD}, {"username": "kavya.jensen", "password": "!"}):
            assert requests.post(url, json=body, timeout=30).status_code == 401


def test_one_call_of_the_hook_for_each_request(api, site, tokens, database):
    """As Hasura v2 does it; docs/django.md tells what that costs."""
    import http.server
    import threading

    asked = []

    class Between(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            answer = requests.get(site.url + "/accounts/hook", headers={"Authorization": self.headers["Authorization"]}, timeout=30)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_):
            pass

    between = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=between.serve_forever, daemon=True).start()
    try:
        env = {"HASURA_GRAPHQL_AUTH_HOOK": f"http://127.0.0.1:{between.server_address[1]}/accounts/hook"}
        with Weir(database.url, env=env, binary=api.binary) as other:
            for _ in range(3):
                assert "data" in other.graphql("{ a: blog_article { id } b: blog_author { id } }", headers=bearer(tokens["kavya.jensen"]))
            assert len(asked) == 3
            assert "data" in other.graphql(ARTICLES)
            assert len(asked) == 3
    finally:
        between.shutdown()
        between.server_close()


# -- migrations are Django's

def add_column(folder, site, name):
    models = folder / "blog" / "models.py"
    anchor = '    summary = models.CharField(max_length=300, blank=True)\n'
    text = models.read_text()
    assert anchor in text
    models.write_text(text.replace(anchor, anchor + f"    {name} = models.CharField(max_length=200, null=True)\n"))
    site.manage("makemigrations", "blog", "--name", name)


def test_a_migration_then_reload(api, site, folder, tokens):
    query = "{ blog_article(limit: 1, order_by: {id: asc}) { subtitle } }"
    add_column(folder, site, "subtitle")
    assert "Applying blog.0003_subtitle... OK" in site.manage("migrate")
    assert "field 'subtitle' not found" in api.graphql(query)["errors"][0]["message"]
    assert api.metadata("reload_metadata", {"reload_sources": True})["is_consistent"] is True
    for headers in (None, bearer(log_in(site, "ed").json()["token"])):
        assert api.graphql(query, headers=headers) == {"data": {"blog_article": [{"subtitle": None}]}}
    # An author's columns are a list: a new one is theirs when somebody says so.
    assert "field 'subtitle' not found" in api.graphql(query, headers=bearer(tokens["kavya.jensen"]))["errors"][0]["message"]


def test_migrate_tells_weir(api, site, folder):
    add_column(folder, site, "source")
    told = {"WEIR_RELOAD_URL": api.url, "WEIR_ADMIN_SECRET": SECRET}
    assert site.manage("migrate", env=told).endswith("Weir has reloaded its metadata.\n")
    assert api.data("{ blog_article(limit: 1) { source } }") == {"blog_article": [{"source": None}]}
    # Back: what is gone is named.
    site.manage("migrate", "blog", "0002", env=told)
    assert "field 'source' not found" in api.graphql("{ blog_article(limit: 1) { source } }")["errors"][0]["message"]
    assert site.manage("migrate", "--verbosity", "0", env=told) == ""


def test_a_server_that_is_away_or_refuses_does_not_undo_a_migration(api, site):
    assert "Applying" not in site.manage("migrate", env={"WEIR_RELOAD_URL": f"http://127.0.0.1:{free_port()}"})
    assert "Weir did not reload its metadata:" in site.stderr
    site.manage("migrate", env={"WEIR_RELOAD_URL": api.url, "WEIR_ADMIN_SECRET": "wrong"})
    assert "Weir did not reload its metadata: 401" in site.stderr


def test_a_column_that_goes_is_named(api, site, database):
    database.sql("ALTER TABLE blog_author DROP COLUMN bio CASCADE")
    site.manage("migrate", env={"WEIR_RELOAD_URL": api.url, "WEIR_ADMIN_SECRET": SECRET})
    assert "Weir leaves out:" in site.stderr and "bio" in site.stderr
