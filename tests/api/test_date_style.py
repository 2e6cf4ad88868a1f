"""DateStyle changed under a running server: dates stay ISO, as with to_json, on the connections that come after."""
import pytest

from wsclient import TRANSPORT, Socket, wait_for

WANTED = {"day": "2020-04-03", "at": "2020-04-03T01:02:03.5", "tz": "2020-04-03T01:02:03+00:00"}
READ = "{t(order_by: {id: asc}) {day at tz}}"


@pytest.fixture(scope="module")
def weir_env():
    return {"WEIR_WORKERS": "1", "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100"}


class Api:
    """The server, and its database beside it."""

    def __init__(self, weir, database):
        self.weir, self.database = weir, database

    def __getattr__(self, name):
        return getattr(self.weir, name)

    def sql(self, sql):
        return self.database.sql(sql)

    def style(self, style):
        """The database's from now on, for who connects; None: the server's."""
        (name,), = self.sql("select current_database()")
        self.sql(f'alter database "{name}" ' + (f"set datestyle = '{style}'" if style else "reset datestyle"))

    def new_connections(self):
        self.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")


@pytest.fixture(scope="module")
def served(weir, database):
    database.sql("create table t (id int primary key, day date, at timestamp, tz timestamptz);"
                 "insert into t values (1, '2020-04-03', '2020-04-03 01:02:03.5', '2020-04-03 01:02:03+00')")
    weir.track("t")
    (name,), = database.sql("select current_database()")
    database.sql(f'alter database "{name}" set timezone = \'UTC\'')
    made = Api(weir, database)
    made.new_connections()
    return made


@pytest.fixture
def api(served):
    yield served
    served.style(None)
    served.new_connections()
    served.metadata("reload_metadata", {})


def everywhere(api):
    assert api.data(READ) == {"t": [WANTED]}
    select = {"type": "select", "args": {"table": "t", "columns": ["day", "at", "tz"]}}
    assert api.post("/v2/query", select).json() == [WANTED]
    with Socket(api, TRANSPORT).init() as s:
        s.start("1", "subscription " + READ)
        s.expect("1", {"data": {"t": [WANTED]}})


@pytest.mark.parametrize("style", ["SQL, DMY", "German", "Postgres, MDY"])
def test_of_the_database(api, style):
    everywhere(api)
    api.style(style)
    api.new_connections()
    everywhere(api)
    # Read anew, the database's own style is known; back again, connections of the other style are used no more.
    api.metadata("reload_metadata", {})
    everywhere(api)
    api.new_connections()
    everywhere(api)
    api.style(None)
    everywhere(api)
    api.metadata("reload_metadata", {})
    everywhere(api)
    api.new_connections()
    api.metadata("reload_metadata", {})
    everywhere(api)


def test_the_order_of_what_is_read_is_the_databases(api):
    """Only the form is settled: 04/03 is the third of March to who says DMY."""
    everywhere(api)
    api.style("SQL, DMY")
    api.new_connections()
    assert api.data('{t(where: {day: {_eq: "03/04/2020"}}) {day}}') == {"t": [{"day": "2020-04-03"}]}


def test_of_the_server(api):
    """A reload of its configuration reaches connections that are open: they go within a second."""
    everywhere(api)
    try:
        api.sql("alter system set datestyle = 'SQL, DMY'")
        api.sql("select pg_reload_conf()")
        wait_for(lambda: api.data(READ) == {"t": [WANTED]})
    finally:
        api.sql("alter system reset datestyle")
        api.sql("select pg_reload_conf()")
