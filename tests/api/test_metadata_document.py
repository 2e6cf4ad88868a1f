"""The document as a whole: export, replace, clear, reload, inconsistencies, bulks, versions."""
import pytest


@pytest.fixture(autouse=True)
def clean(weir, database):
    database.sql("drop schema public cascade; create schema public; "
                 "create table author (id serial primary key, name text); "
                 "create table article (id serial primary key, author_id int references author (id))")
    weir.metadata("clear_metadata")
    weir.metadata("reload_metadata")
    yield


def track(weir):
    weir.track("author", "article")
    weir.metadata("pg_create_object_relationship",
                  {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}})


def version(weir):
    return weir.metadata("export_metadata", version=2)["resource_version"]


def test_round_trip(weir):
    track(weir)
    document = weir.metadata("export_metadata")
    assert [t["table"]["name"] for t in document["sources"][0]["tables"]] == ["article", "author"]
    weir.metadata("clear_metadata")
    empty = weir.metadata("export_metadata")
    assert empty["sources"][0]["tables"] == [] and empty["sources"][0]["name"] == "default"
    assert weir.metadata("replace_metadata", document) == {"message": "success"}
    assert weir.metadata("export_metadata") == document
    assert weir.data("{ article { author { name } } }") == {"article": []}
    assert weir.metadata("replace_metadata", {"metadata": document}) == {"is_consistent": True, "inconsistent_objects": []}
    assert weir.metadata("replace_metadata", {"metadata": document}, version=2) == {"is_consistent": True, "inconsistent_objects": []}


def test_documents_without_sources(weir):
    weir.metadata("replace_metadata", {"version": 2, "tables": [{"table": "author"}]})
    assert weir.data("{ author { id } }") == {"author": []}
    weir.metadata("replace_metadata", {"version": 3, "sources": []})
    answer = weir.metadata("replace_metadata", {"version": 2, "tables": []}, ok=False)
    assert answer.json() == {"error": "cannot import metadata without sources since no default source is defined",
                             "path": "$.args", "code": "not-supported"}
    weir.metadata("pg_add_source", {"name": "default", "configuration": {
        "connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}}})


def test_resource_versions(weir):
    track(weir)
    before = version(weir)
    document = weir.metadata("export_metadata", version=2)
    body = {"type": "replace_metadata", "version": 2, "resource_version": before, "args": {"metadata": document["metadata"]}}
    assert weir.post("/v1/metadata", body).status_code == 200
    assert version(weir) == before + 1
    answer = weir.post("/v1/metadata", body)
    assert answer.status_code == 409
    assert answer.json() == {
        "error": f"metadata resource version referenced ({before}) did not match current version",
        "path": "$", "code": "conflict"}
    assert weir.post("/v1/metadata", {"type": "reload_metadata", "args": {}, "resource_version": before + 1}).status_code == 200
    assert version(weir) == before + 2
    assert weir.post("/v1/metadata", {"type": "export_metadata", "args": {}, "resource_version": 1}).status_code == 200


def test_inconsistencies(weir, database):
    track(weir)
    document = weir.metadata("export_metadata")
    database.sql("drop table author cascade")
    body = weir.metadata("reload_metadata")
    assert (body["message"], body["is_consistent"]) == ("success", False)
    assert body["inconsistent_objects"] == [
        {"type": "table", "name": "table author in source default", "definition": {"schema": "public", "name": "author"},
         "reason": 'Inconsistent object: no such table/view exists in source: "author"'},
        {"type": "object_relation", "name": "object_relation author in table article in source default",
         "definition": {"source": "default", "table": {"schema": "public", "name": "article"}, "name": "author", "comment": None,
                        "using": {"foreign_key_constraint_on": "author_id"}},
         "reason": 'Inconsistent object: in table "article": in relationship "author": '
                   'no foreign constraint exists on the given column(s)'}]
    assert weir.data("{ article { author_id } }") == {"article": []}
    assert weir.get("/healthz").text == "WARN: inconsistent objects in schema"
    answer = weir.metadata("replace_metadata", document, ok=False)
    assert answer.status_code == 400
    assert answer.json()["error"] == "cannot continue due to inconsistent metadata"
    assert answer.json()["internal"] == body["inconsistent_objects"]
    allowed = weir.metadata("replace_metadata", {"allow_inconsistent_metadata": True, "metadata": document})
    assert allowed == {"is_consistent": False, "inconsistent_objects": body["inconsistent_objects"]}
    assert weir.metadata("export_metadata") == document
    # an operation that brings nothing new goes through
    weir.metadata("pg_set_table_customization", {"table": "article", "configuration": {"custom_name": "essay"}})
    weir.metadata("drop_inconsistent_metadata")
    assert weir.metadata("get_inconsistent_metadata") == {"is_consistent": True, "inconsistent_objects": []}
    assert [t["table"]["name"] for t in weir.metadata("export_metadata")["sources"][0]["tables"]] == ["article"]


def test_what_comes_back_is_consistent_again(weir, database):
    track(weir)
    database.sql("alter table author rename to hidden")
    assert not weir.metadata("reload_metadata")["is_consistent"]
    database.sql("alter table hidden rename to author")
    assert weir.metadata("reload_metadata") == {"message": "success", "is_consistent": True}
    assert weir.data("{ article { author { id } } }") == {"article": []}


def test_parts_that_are_not_served(weir):
    track(weir)
    document = weir.metadata("export_metadata")
    document["actions"] = [{"name": "act", "definition": {"kind": "synchronous", "handler": "http://x", "output_type": "Out"}}]
    answer = weir.metadata("replace_metadata", document, ok=False)
    assert answer.status_code == 400
    assert answer.json()["internal"][0]["reason"] == "Inconsistent object: actions are not served by this version of Weir"
    weir.metadata("replace_metadata", {"allow_inconsistent_metadata": True, "metadata": document})
    assert weir.metadata("export_metadata")["actions"][0]["name"] == "act"
    weir.metadata("drop_inconsistent_metadata")
    assert "actions" not in weir.metadata("export_metadata")


def test_roles_without_introspection(weir):
    track(weir)
    weir.metadata("pg_create_select_permission", {"table": "author", "role": "user", "permission": {"columns": "*", "filter": {}}})
    weir.metadata("pg_create_select_permission", {"table": "author", "role": "other", "permission": {"columns": "*", "filter": {}}})
    queries = ["{ __schema { queryType { name } } }", '{ __type(name: "author") { name } }', "query { author { id } __schema { types { name } } }"]

    def answers(role):
        return [weir.graphql(q, role=role).get("errors", [None])[0] for q in queries]

    assert answers("user") == [None, None, None]
    assert weir.metadata("set_graphql_schema_introspection_options", {"disabled_for_roles": ["user"]}) == {"message": "success"}
    assert [e["message"] for e in answers("user")] == ['introspection is disabled for the role "user"'] * 3
    assert answers("user")[1]["extensions"] == {"path": "$.selectionSet.__type", "code": "access-denied"}
    assert weir.data("{ __typename author { __typename id } }", role="user") == {"__typename": "query_root", "author": []}
    assert answers("other") == answers("admin") == [None, None, None]
    document = weir.metadata("export_metadata")
    assert document["graphql_schema_introspection"] == {"disabled_for_roles": ["user"]}
    weir.metadata("clear_metadata")
    weir.metadata("replace_metadata", document)
    assert answers("user")[0] and not answers("other")[0]
    for bad in ({}, {"disabled_for_roles": "user"}, {"disabled_for_roles": [1]}, {"disabled_for_roles": [""]}):
        assert weir.metadata("set_graphql_schema_introspection_options", bad, ok=False).json()["code"] == "parse-failed"
    weir.metadata("set_graphql_schema_introspection_options", {"disabled_for_roles": []})
    assert "graphql_schema_introspection" not in weir.metadata("export_metadata")
    assert answers("user")[0] is None


def test_forms_of_replace(weir):
    answer = weir.metadata("replace_metadata", [], ok=False)
    assert (answer.status_code, answer.json()["path"]) == (400, "$.args")
    answer = weir.metadata("replace_metadata", {"metadata": {"version": 3, "sources": [{"name": "x"}]}}, ok=False)
    assert answer.json()["path"] == "$.args.metadata.sources[0]"
    answer = weir.metadata("pg_track_table", {"table": "author"}, ok=False, version=2)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse-failed")
    answer = weir.metadata("export_metadata", {}, ok=False, version=3)
    assert answer.json()["path"] == "$.version"


def test_reload_of_named_sources(weir):
    assert weir.metadata("reload_metadata", {"reload_sources": ["default"]})["is_consistent"]
    answer = weir.metadata("reload_metadata", {"reload_sources": ["nope"]}, ok=False)
    assert answer.json() == {"error": 'Source with name "nope" not found in metadata', "path": "$.args", "code": "not-exists"}
    for key, what in (("reload_remote_schemas", "Remote schema"), ("reload_data_connectors", "Data connector")):
        assert weir.metadata("reload_metadata", {key: True})["is_consistent"]
        assert weir.metadata("reload_metadata", {key: []})["is_consistent"]
        answer = weir.metadata("reload_metadata", {key: ["nope"]}, ok=False)
        assert answer.json() == {"error": f'{what} with name "nope" not found in metadata', "path": "$.args", "code": "not-exists"}
        assert weir.metadata("reload_metadata", {key: "nope"}, ok=False).json()["path"] == "$.args." + key


def test_root_fields_that_clash(weir, database):
    track(weir)

    def refused(configuration):
        answer = weir.metadata("pg_set_table_customization", {"table": "article", "configuration": configuration}, ok=False)
        assert answer.json()["code"] == "unexpected" and answer.json()["path"] == "$.args"
        return answer.status_code, answer.json()["error"]

    both = "[table article in source default, table author in source default]"
    text = "Encountered conflicting definitions in the selection set for '{}' for field{}. Fields must not be defined more than once across all sources."
    assert refused({"custom_root_fields": {"select_by_pk": "author"}}) == (
        500, text.format("subscription_root", f" 'author' defined in {both}"))
    assert refused({"custom_root_fields": {"insert": "insert_author"}}) == (
        500, text.format("mutation_root", f" 'insert_author' defined in {both}"))
    assert refused({"custom_root_fields": {"select": "author", "insert": "insert_author", "delete": "delete_author"}}) == (
        500, text.format("mutation_root", f"s: ['insert_author' defined in {both}, 'delete_author' defined in {both}]"))
    assert weir.data("{ author { id } article { id } }") == {"author": [], "article": []}
    # A document that asks for it twice is served as far as it can be.
    document = weir.metadata("export_metadata")
    document["sources"][0]["tables"][0]["configuration"] = {"custom_root_fields": {"select": "author"}}
    assert weir.metadata("replace_metadata", document, ok=False).status_code == 400
    answer = weir.metadata("replace_metadata", {"metadata": document, "allow_inconsistent_metadata": True}, version=2)
    assert [i["type"] for i in answer["inconsistent_objects"]] == ["table"]
    assert weir.data("{ author { id } }") == {"author": []}


def test_names_of_the_backend(weir):
    """A source's kind and an operation's prefix have several spellings; the document knows one."""
    for prefix in ("pg", "postgres", "alloy"):
        assert weir.metadata(prefix + "_track_table", {"table": "author"}) == {"message": "success"}
        assert weir.metadata(prefix + "_untrack_table", {"table": "author"}) == {"message": "success"}
    for prefix in ("mssql", "citus", "cockroach", "bigquery", "snowflake"):
        answer = weir.metadata(prefix + "_track_table", {"table": "author"}, ok=False)
        assert (answer.status_code, answer.json()["code"]) == (400, "not-supported"), prefix
    document = weir.metadata("export_metadata")
    for given, kept in ((None, "postgres"), ("pg", "postgres"), ("postgres", "postgres"), ("alloy", "alloy")):
        source = {k: v for k, v in document["sources"][0].items() if k != "kind"}
        weir.metadata("replace_metadata", {"version": 3, "sources": [{**source, **({"kind": given} if given else {})}]})
        assert weir.metadata("export_metadata")["sources"][0]["kind"] == kept


NOT_SERVED = ["pg_create_event_trigger", "pg_delete_event_trigger", "pg_redeliver_event", "pg_invoke_event_trigger", "pg_get_event_logs",
              "pg_create_remote_relationship", "pg_track_native_query", "pg_track_logical_model", "pg_set_apollo_federation_config",
              "add_remote_schema", "reload_remote_schema", "create_action", "set_custom_types", "create_cron_trigger",
              "create_scheduled_event", "create_rest_endpoint", "add_collection_to_allowlist", "set_api_limits", "set_metrics_config",
              "add_host_to_tls_allowlist", "test_webhook_transform", "set_query_tags", "set_opentelemetry_config", "dc_add_agent"]


@pytest.mark.parametrize("name", NOT_SERVED)
def test_operations_that_are_not_served(weir, name):
    """By name, and neither alone nor in a bulk is anything half done."""
    before = version(weir)
    answer = weir.metadata(name, {}, ok=False)
    assert (answer.status_code, answer.json()) == (
        400, {"path": "$", "error": f'"{name}" is not served by this version of Weir', "code": "not-supported"})
    answer = weir.metadata("bulk", [op("pg_track_table", table="author"), {"type": name, "args": {}}], ok=False)
    assert answer.json()["code"] == "not-supported" and answer.json()["path"] == "$.args[1]"
    assert version(weir) == before


# ---- bulks


def op(name, /, **args):
    return {"type": name, "args": args}


def test_bulk_is_all_or_nothing(weir):
    before = version(weir)
    assert weir.metadata("bulk", [op("pg_track_table", table="author"), op("pg_track_table", table="article")]) == [
        {"message": "success"}] * 2
    assert version(weir) == before + 1
    answer = weir.metadata("bulk", [op("pg_untrack_table", table="author"), op("pg_track_table", table="nope")], ok=False)
    assert answer.json()["path"] == "$.args[1].args"
    assert version(weir) == before + 1
    assert weir.data("{ author { id } }") == {"author": []}
    answer = weir.metadata("bulk", [op("pg_untrack_table", table="author"), op("pg_nonsense")], ok=False)
    assert answer.json()["path"] == "$.args[1]"
    nested = weir.metadata("bulk", [{"type": "bulk", "args": [op("export_metadata")]}])
    assert nested[0][0]["version"] == 3


def test_bulk_keep_going(weir):
    body = weir.metadata("bulk_keep_going", [op("pg_track_table", table="author"), op("pg_track_table", table="nope"),
                                             op("pg_track_table", table="article")])
    assert [b.get("message") for b in body] == ["success", None, "success"]
    assert (body[1]["code"], body[1]["path"]) == ("invalid-configuration", "$.args[1].args")
    assert weir.data("{ author { id } article { id } }") == {"author": [], "article": []}


def test_bulk_atomic(weir):
    weir.track("author", "article")
    rel = {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}}
    assert weir.metadata("bulk_atomic", [op("pg_create_object_relationship", **rel)]) == {"message": "success"}
    swap = [op("pg_drop_relationship", table="article", relationship="author"), op("pg_create_object_relationship", **rel)]
    assert weir.metadata("bulk_atomic", swap) == {"message": "success"}
    bad = dict(rel, name="other", using={"foreign_key_constraint_on": "id"})
    answer = weir.metadata("bulk_atomic", [swap[0], op("pg_create_object_relationship", **bad)], ok=False)
    assert (answer.json()["error"], answer.json()["code"], answer.json()["path"]) == ("Schema inconsistency", "bad-request", "$.args")
    assert weir.data("{ article { author { id } } }") == {"article": []}
    answer = weir.metadata("bulk_atomic", [op("pg_track_table", table="author")], ok=False)
    assert (answer.status_code, answer.json()["error"]) == (500, "Bulk atomic does not support this command")


# ---- the rest


def test_states(weir):
    state = weir.metadata("get_catalog_state")
    assert set(state) == {"id", "cli_state", "console_state"}
    weir.metadata("set_catalog_state", {"type": "cli", "state": {"a": [1]}})
    weir.metadata("set_catalog_state", {"type": "console", "state": {"b": 2}})
    after = weir.metadata("get_catalog_state")
    assert after == {"id": state["id"], "cli_state": {"a": [1]}, "console_state": {"b": 2}}
    assert weir.metadata("set_catalog_state", {"type": "x", "state": {}}, ok=False).status_code == 400


def test_what_there_is(weir):
    names = weir.metadata("pg_get_source_tables", {"source": "default"})
    assert names == [{"name": "article", "schema": "public"}, {"name": "author", "schema": "public"}]
    assert weir.metadata("pg_get_source_trackables", {"source": "default"}) == {"functions": [], "tables": names}
    info = weir.metadata("pg_get_table_info", {"source": "default", "table": "article"})
    assert [c["name"] for c in info["columns"]] == ["id", "author_id"] and info["primary_key"] == ["id"]
    assert {"kind": "pg", "builtin": True, "available": True, "display_name": "pg"} in weir.metadata("list_source_kinds")["sources"]
    assert weir.metadata("dump_internal_state")["sources"]["default"]["tables"] == []


@pytest.fixture
def v1(weir):
    def ask(op_name, args, status=200, version=None):
        body = {"type": op_name, "args": args}
        if version:
            body["version"] = version
        answer = weir.post("/v1/query", body)
        assert answer.status_code == status, answer.text
        return answer.json()
    return ask


def test_the_old_endpoint(weir, v1):
    ok = {"message": "success"}
    assert v1("track_table", "author") == ok
    assert v1("add_existing_table_or_view", {"schema": "public", "name": "article"}) == ok
    assert v1("untrack_table", {"table": "article"}) == ok
    assert v1("track_table", {"table": "article", "configuration": {"custom_name": "essay"}}, version=2) == ok
    assert weir.data("{ essay { id } author { id } }") == {"essay": [], "author": []}
    assert v1("set_table_custom_fields", {"table": "article", "custom_column_names": {"id": "key"}}, version=2) == ok
    assert weir.data("{ article { key } }") == {"article": []}
    assert v1("create_object_relationship",
              {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}}) == ok
    assert v1("export_metadata", {})["version"] == 3
    assert v1("track_table", {"nam": "x"}, 400) == {"path": "$", "error": 'key "name" not found', "code": "parse-failed"}
    assert v1("nonsense", {}, 400)["code"] == "parse-failed"
    assert v1("track_table", "author", 400)["path"] == "$.args"


def test_collections_that_are_none(weir):
    def refused(definition, name="c"):
        answer = weir.metadata("create_query_collection", {"name": name, "definition": definition}, ok=False)
        return answer.status_code, answer.json()["path"], answer.json()["error"]

    q = {"name": "q", "query": "{ a }"}
    at = "$.args.definition.queries"
    assert refused({"queries": [q, {**q, "query": "{ b }"}]}) == (400, at, 'found duplicate query names "q"')
    assert refused({"queries": [q, {"name": "r", "query": "{"}]}) == (400, at + "[1].query", "parsing the graphql query failed")
    assert refused({"queries": [q, {"name": "r", "query": 1}]})[1] == at + "[1].query"
    assert refused({"queries": [{"name": "", "query": "{ a }"}]})[1] == at + "[0].name"
    assert refused({"queries": {}}) == (400, at, "parsing [] failed, expected Array, but encountered Object")
    assert refused({}) == (400, "$.args.definition", 'key "queries" not found')
    assert refused([])[1] == "$.args.definition"
    assert "query_collections" not in weir.metadata("export_metadata")
    weir.metadata("create_query_collection", {"name": "c", "definition": {"queries": []}})
    answer = weir.metadata("add_query_to_collection", {"collection_name": "c", "query_name": "q", "query": "query {"}, ok=False).json()
    assert (answer["path"], answer["error"]) == ("$.args.query", "parsing the graphql query failed")


def test_query_collections(weir):
    ok = {"message": "success"}
    one = {"name": "c", "definition": {"queries": [{"name": "q", "query": "{ __typename }"}]}}
    assert weir.metadata("create_query_collection", one) == ok
    answer = weir.metadata("create_query_collection", one, ok=False)
    assert answer.json() == {"error": 'query collection with name "c" already exists', "path": "$.args.name", "code": "already-exists"}
    add = {"collection_name": "c", "query_name": "r", "query": "{ a: __typename }"}
    assert weir.metadata("add_query_to_collection", add) == ok
    assert weir.metadata("add_query_to_collection", add, ok=False).json()["error"] == (
        'query with name "r" already exists in collection "c"')
    assert weir.metadata("drop_query_from_collection", {"collection_name": "c", "query_name": "q"}) == ok
    assert weir.metadata("drop_query_from_collection", {"collection_name": "c", "query_name": "q"}, ok=False).status_code == 400
    assert weir.metadata("rename_query_collection", {"name": "c", "new_name": "d"}) == ok
    assert weir.metadata("export_metadata")["query_collections"] == [
        {"name": "d", "definition": {"queries": [{"name": "r", "query": "{ a: __typename }"}]}}]
    assert weir.metadata("drop_query_collection", {"collection": "d"}) == ok
    assert weir.metadata("drop_query_collection", {"collection": "d"}, ok=False).json()["path"] == "$.args.collection"
