"""examples/django-blog: its migrations and rows, and the ways to name a database."""
import importlib.util
import os
import subprocess
import resource

import pytest

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "django-blog")

COUNTS = {
    "auth_user": 50,
    "blog_author": 50,
    "blog_category": 12,
    "blog_tag": 40,
    "blog_article": 1200,
    "blog_article_tags": 2945,
    "blog_comment": 5000,
}


def run(argv, url=None, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k not in ("DATABASE_URL", "PYTHON")}
    clean["PYTHONDONTWRITEBYTECODE"] = "1"
    if url:
        clean["DATABASE_URL"] = url
    return subprocess.run(argv, cwd=EXAMPLE, env=dict(clean, **(env or {})), capture_output=True, text=True, timeout=120)


def manage(*words, url=None, env=None):
    return run(["/usr/bin/python3", "manage.py", *words], url, env)


def fingerprint(database):
    """One hash over every row of the seeded tables."""
    return [
        database.sql(f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM {table} t")[0][0] for table in sorted(COUNTS)
    ]


@pytest.fixture(scope="module")
def blog(database):
    done = run(["./setup"], database.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Seeded: 50 authors, 1200 articles, 40 tags, 5000 comments\n"
    return database


def test_rows(blog):
    assert {table: blog.sql(f"SELECT count(*) FROM {table}")[0][0] for table in COUNTS} == COUNTS
    tables = {row[0] for row in blog.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")}
    assert tables >= {*COUNTS, "auth_group", "auth_permission", "django_admin_log", "django_session", "django_migrations", "accounts_token"}


def test_rows_make_sense(blog):
    one = lambda text: blog.sql(text)[0][0]  # noqa: E731
    assert one("SELECT count(*) FROM blog_article WHERE status = 'published' AND published_at IS NULL") == 0
    assert one("SELECT count(*) FROM blog_article WHERE word_count <> cardinality(regexp_split_to_array(trim(body), '\\s+'))") == 0
    assert one("SELECT count(*) FROM blog_comment c JOIN blog_comment p ON p.id = c.parent_id WHERE c.article_id <> p.article_id") == 0
    assert one("SELECT count(*) FROM blog_comment c JOIN blog_article a ON a.id = c.article_id WHERE a.published_at IS NULL") == 0
    assert one("SELECT count(*) FROM blog_comment WHERE parent_id IS NOT NULL") == 1500
    assert one("SELECT count(*) FROM auth_user WHERE password <> '!'") == 0
    # Nulls, text beyond ASCII, JSON and arrays are there for the API to show.
    for condition in ("rating IS NULL", "category_id IS NULL", "metadata ? 'cover'", "published_at IS NULL"):
        assert 0 < one(f"SELECT count(*) FROM blog_article WHERE {condition}") < 1200, condition
    assert one("SELECT count(*) FROM blog_author WHERE name ~ '[^ -~]'") > 0
    assert one("SELECT count(*) FROM blog_author WHERE interests = '{}'") > 0


def test_second_run_changes_nothing(blog):
    before = fingerprint(blog)
    done = run(["./setup"], blog.url)
    assert (done.returncode, done.stdout) == (0, "The blog has rows already; nothing to do.\n")
    assert fingerprint(blog) == before


def child_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_same_rows_every_time_and_quick(blog, new_database):
    other = new_database()
    assert manage("migrate", "--verbosity", "0", url=other.url).returncode == 0
    begun = child_cpu()
    # A Unix socket this time: the folder is an option of the URL.
    done = manage("seed", url=f"postgresql://postgres@/{other.name}?host={other.cluster.dir}&port={other.cluster.port}")
    assert done.returncode == 0, done.stderr
    assert child_cpu() - begun < 6  # CPU seconds, about 1: the machine may be busy
    assert fingerprint(other) == fingerprint(blog)


def test_other_sizes_by_libpqs_variables(new_database):
    other = new_database()
    env = {"PGHOST": other.cluster.dir, "PGPORT": str(other.cluster.port), "PGUSER": "postgres", "PGDATABASE": other.name}
    assert manage("migrate", "--verbosity", "0", env=env).returncode == 0
    done = manage("seed", "--articles", "30", env=env)
    assert done.stdout == "Seeded: 50 authors, 30 articles, 40 tags, 125 comments\n", done.stderr
    assert "cannot be negative" in manage("seed", "--articles", "-1", env=env).stderr


def test_a_seed_that_fails_leaves_no_rows(new_database):
    other = new_database()
    assert manage("migrate", "--verbosity", "0", url=other.url).returncode == 0
    other.sql("ALTER TABLE blog_comment ADD CHECK (parent_id IS NULL)")
    assert manage("seed", "--articles", "30", url=other.url).returncode != 0
    assert other.sql("SELECT count(*) FROM blog_author") == [(0,)]


def test_migrations_are_those_of_the_models(blog):
    assert manage("makemigrations", "--check", "--dry-run", url=blog.url).returncode == 0
    assert manage("check", "--fail-level", "WARNING", url=blog.url).returncode == 0


def test_admin_shows_the_articles(blog, new_database):
    code = (
        "from django.contrib.auth import get_user_model as u; from django.test import Client; "
        "from django.db import transaction; transaction.set_autocommit(False); "
        "c = Client(HTTP_HOST='localhost'); c.force_login(u().objects.create_superuser('root', 'r@example.org', 'x')); "
        "print([c.get(p).status_code for p in ('/', '/admin/', '/admin/blog/article/', '/admin/blog/comment/1/change/')]); "
        "transaction.rollback()"
    )
    done = manage("shell", "-c", code, url=blog.url)
    assert done.stdout == "[302, 200, 200, 200]\n", done.stderr


def test_setup_says_what_is_missing(tmp_path):
    done = run(["./setup"])
    assert done.returncode == 2 and "set DATABASE_URL" in done.stderr
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\nexec /usr/bin/python3 -I -S \"$@\"\n")
    bare.chmod(0o755)
    done = run(["./setup"], "postgresql:///blog", {"PYTHON": str(bare)})
    assert done.returncode == 3 and "apt install python3-django python3-psycopg2" in done.stderr


@pytest.fixture(scope="module")
def settings():
    spec = importlib.util.spec_from_file_location("blog_settings", os.path.join(EXAMPLE, "project", "settings.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "url, name, user, password, host, port, options",
    [
        ("postgresql://me:s%40c@db.example.org:6432/blog", "blog", "me", "s@c", "db.example.org", "6432", {}),
        ("postgres:///blog", "blog", "", "", "", "", {}),
        ("postgresql://weir@/weir?host=/a/B%20c&port=5432", "weir", "weir", "", "/a/B c", "5432", {}),
        ("postgresql://weir@%2Frun%2FPg/weir", "weir", "weir", "", "/run/Pg", "", {}),
        ("postgresql://u@[::1]:5433/x?sslmode=require", "x", "u", "", "::1", "5433", {"sslmode": "require"}),
        ("postgresql://u@h", "u", "u", "", "h", "", {}),
    ],
)
def test_database_url(settings, url, name, user, password, host, port, options):
    got = settings.database({"DATABASE_URL": url})
    assert got == {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": user, "PASSWORD": password, "HOST": host,
                   "PORT": port, "OPTIONS": options}


def test_database_url_of_something_else(settings):
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured):
        settings.database({"DATABASE_URL": "mysql://u@h/x"})
