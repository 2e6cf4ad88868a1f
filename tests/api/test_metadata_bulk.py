"""Long bulks of relationships and permissions: done with one schema build, and what fails is told as if they were done one by one."""
import pytest

MANY = 30


@pytest.fixture(scope="module")
def weir(weir, database):
    database.sql("create table hub (id int primary key, name text, owner int)")
    database.sql(";".join(f"create table spoke{n} (id int primary key, hub_id int references hub, owner int)" for n in range(MANY)))
    weir.track("hub", *(f"spoke{n}" for n in range(MANY)))
    return weir


@pytest.fixture(autouse=True)
def as_before(weir):
    before = weir.metadata("export_metadata")
    yield
    weir.metadata("replace_metadata", before)


def rel(kind, table, name, on):
    return {"type": f"pg_create_{kind}_relationship",
            "args": {"source": "default", "table": table, "name": name, "using": {"foreign_key_constraint_on": on}}}


def relationships():
    found = []
    for n in range(MANY):
        found.append(rel("object", f"spoke{n}", "hub", "hub_id"))
        found.append(rel("array", "hub", f"spokes{n}", {"table": f"spoke{n}", "column": "hub_id"}))
    return found


def perm(table, role, columns=("id",), **rule):
    return {"type": "pg_create_select_permission",
            "args": {"source": "default", "table": table, "role": role, "permission": {"columns": list(columns), "filter": rule}}}


def names(weir, table, kind="array_relationships"):
    tables = weir.metadata("export_metadata")["sources"][0]["tables"]
    return [r["name"] for r in next(t for t in tables if t["table"]["name"] == table).get(kind, [])]


def refused(weir, ops, kind="bulk"):
    """The error; nothing was done."""
    before = weir.metadata("export_metadata")
    answer = weir.metadata(kind, ops, ok=False)
    assert answer.status_code == 400 and weir.metadata("export_metadata") == before
    return {key: answer.json()[key] for key in ("code", "error", "path")}


def test_many_at_once(weir):
    ops = relationships() + [perm(f"spoke{n}", "user", owner={"_eq": "X-Hasura-User-Id"}) for n in range(MANY)]
    # A rule may speak of a relationship that comes in the same bulk.
    ops.append(perm("hub", "user", ["name"], spokes7={"id": {"_eq": 1}}))
    assert weir.metadata("bulk", ops) == [{"message": "success"}] * len(ops)
    assert names(weir, "hub") == sorted(f"spokes{n}" for n in range(MANY))
    assert weir.metadata("get_inconsistent_metadata")["is_consistent"] is True
    assert weir.data("{ spoke0 { hub { name spokes3 { id } } } }") == {"spoke0": []}
    assert weir.data("{ hub { name } spoke5 { id } }", role="user", session={"x-hasura-user-id": "1"}) == {"hub": [], "spoke5": []}


def test_dropped_and_made_again(weir):
    first = [perm(f"spoke{n}", "user") for n in range(MANY)]
    drop = [{"type": "pg_drop_select_permission", "args": {"source": "default", "table": f"spoke{n}", "role": "user"}} for n in range(MANY)]
    again = [perm(f"spoke{n}", "user", ["id", "owner"]) for n in range(MANY)]
    assert len(weir.metadata("bulk", first + [op for pair in zip(drop, again) for op in pair])) == 3 * MANY
    assert weir.data("{ spoke9 { owner } }", role="user") == {"spoke9": []}


def test_a_name_that_is_taken(weir):
    ops = relationships()
    ops.insert(40, rel("object", "spoke3", "hub", "hub_id"))
    assert refused(weir, ops) == {"code": "already-exists", "error": 'field with name "hub" already exists in table "spoke3"', "path": "$.args[40].args"}
    weir.metadata("bulk", ops[:40])
    assert refused(weir, ops[40:])["path"] == "$.args[0].args"


def test_the_other_kind_of_the_same_name(weir):
    ops = relationships() + [rel("object", "hub", "spokes1", "owner")]
    assert refused(weir, ops)["path"] == f"$.args[{2 * MANY}].args"


@pytest.mark.parametrize("bad, code", [
    (rel("object", "spoke2", "nothing", "owner"), "invalid-configuration"),
    (rel("object", "nowhere", "x", "owner"), "not-exists"),
    (perm("spoke2", "user", ["id"], no_such={"_eq": 1}), "invalid-configuration"),
    (perm("spoke2", "user", ["no_such"]), "invalid-configuration"),
    (perm("spoke2", "admin"), "already-exists"),
])
def test_which_one_fails(weir, bad, code):
    """As when it is alone."""
    alone = refused(weir, [bad])
    ops = relationships()
    ops.insert(17, bad)
    found = refused(weir, ops)
    assert alone["code"] == code and found == {**alone, "path": alone["path"].replace("[0]", "[17]", 1)}


def test_keep_going(weir):
    ops = relationships()
    ops.insert(17, rel("object", "spoke2", "nothing", "owner"))
    answers = weir.metadata("bulk_keep_going", ops)
    assert [i for i, a in enumerate(answers) if a != {"message": "success"}] == [17]
    assert len(names(weir, "hub")) == MANY


def test_a_commands_order_with_others(weir):
    """What is no relationship or permission ends a batch, and the next one begins behind it."""
    rename = {"type": "pg_rename_relationship", "args": {"source": "default", "table": "hub", "name": "spokes0", "new_name": "first"}}
    ops = relationships() + [rename] + [rel("array", "hub", "spokes0", {"table": "spoke0", "column": "hub_id"})]
    ops += [perm(f"spoke{n}", "user") for n in range(MANY)]
    assert len(weir.metadata("bulk", ops)) == len(ops)
    assert set(names(weir, "hub")) == {"first", *(f"spokes{n}" for n in range(MANY))}
