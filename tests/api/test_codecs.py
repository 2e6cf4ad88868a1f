"""What Weir makes of PostgreSQL's text is what to_json makes of the value, byte for byte, for every type that has a codec.

WEIR_CODEC_VALUES: values per type (1,000; the full measure is 30000).
"""
import json
import math
import os
import random
import struct

import pytest
from tool import Tool

VALUES = int(os.environ.get("WEIR_CODEC_VALUES", "1000"))
rand = random.Random(20200229)

CHARACTERS = ("\x01\x02\x07\b\t\n\x0b\f\r\x0e\x1f \"'\\/{}[],:<>&;%$#@!~`|^*()-_=+?.0123456789"
              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\x7f\x80\x9f\u00a0äßéłŝЖ中文\u2028\u2029\ufeff\uffff😀𝒳\U0010ffff")
WORDS = ["", "NULL", "null", "true", "a b", "\\u0041", "\\x41", "{}", "\"", "\\", "tab\there", "line\nbreak", "'quoted'", "\x01"]


def text():
    if rand.random() < 0.1:
        return rand.choice(WORDS)
    return "".join(rand.choice(CHARACTERS) for _ in range(rand.randint(0, 40)))


def word(n=12):
    return "".join(rand.choice("abcdefghij") for _ in range(rand.randint(1, n)))


def float_text(kind, size):
    if rand.random() < 0.3:
        return f"{(rand.random() - 0.5) * 10.0 ** rand.randint(-20, 20):.{8 if kind == '<f' else 17}g}"
    value = struct.unpack(kind, rand.randbytes(size))[0]
    return "NaN" if math.isnan(value) else repr(value).replace("inf", "Infinity")


def numeric_text():
    digits = "".join(rand.choice("0123456789") for _ in range(rand.randint(1, 40)))
    at = rand.randint(0, len(digits))
    return ("-" if rand.random() < 0.5 else "") + (digits[:at] or "0") + ("." + digits[at:] if digits[at:] else "")


def json_text(depth=3):
    kind = rand.randint(0, 6 if depth else 4)
    if kind == 0:
        return rand.choice(["true", "false", "null"])
    if kind <= 2:
        return rand.choice([str(rand.randint(-10**18, 10**18)), repr(rand.random() * 10.0 ** rand.randint(-30, 30)), "1.50", "-0"])
    if kind <= 4:
        return json.dumps(text(), ensure_ascii=rand.random() < 0.5)
    blank = rand.choice(["", " ", "\n\t"])
    if kind == 5:
        return "[" + blank + ",".join(json_text(depth - 1) for _ in range(rand.randint(0, 4))) + blank + "]"
    return "{" + ", ".join(json.dumps(word(3)) + blank + ": " + json_text(depth - 1) for _ in range(rand.randint(0, 4))) + "}"


def quote(value):
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def from_python(make):
    """The values are made here."""
    return lambda n, sql_type: f"SELECT v::{sql_type} FROM unnest(ARRAY[" + ",".join(quote(make()) for _ in range(n)) + "]::text[]) AS u(v)"


def from_sql(expression):
    """The values are made by PostgreSQL, from the number i; m: 32 hexadecimal digits."""
    return lambda n, sql_type: (f"SELECT ({expression})::{sql_type} FROM (SELECT i, md5(i::text || '7') AS m "
                                f"FROM generate_series(1, {n}) AS g(i)) AS q")


TS = ("'4713-01-01 BC'::timestamp + floor(random() * 298000 * 365)::int * interval '1 day'"
      " + round((random() * 86400)::numeric, (random() * 6)::int)::float8 * interval '1 second'")
TS_NEAR = "'1850-01-01'::timestamp + random() * 200 * 365 * interval '1 day'"
POINT = "point((random() - 0.5) * 10 ^ (i % 40 - 20), random() * i)"
BITS = "('x' || m)::bit(128)"
RANGE = "CASE i % 5 WHEN 0 THEN 'empty'::{0} WHEN 1 THEN {0}(NULL, {1}) WHEN 2 THEN {0}({1}, NULL, '[]') ELSE {0}(least({1}, {2}), greatest({1}, {2}), (ARRAY['[]','()','(]','[)'])[i % 4 + 1]) END"


def ranges(name, low, high):
    return from_sql("(SELECT " + RANGE.format(name, "a", "b") + f" FROM (SELECT {low} AS a, {high} AS b) AS ab)")


def multiranges(name, range_name, low, high):
    return from_sql(f"(SELECT {name}(" + RANGE.format(range_name, "a", "b") + f") FROM (SELECT {low} AS a, {high} AS b) AS ab)")


INTEGER = "(random() * 4294967295 - 2147483648)::int8"
DAY = "('4000-01-01 BC'::date + (random() * 2000000)::int)"
NUMBER = "((random() - 0.5) * 10 ^ (i % 30))::numeric"

# type: (how values are made, edge values)
TYPES = {
    "bool": (from_sql("i % 2 = 0"), ["t", "f"]),
    "int2": (from_sql("(random() * 65535 - 32768)::int4"), ["-32768", "32767", "0", "-1"]),
    "int4": (from_sql(INTEGER), ["-2147483648", "2147483647", "0"]),
    "int8": (from_sql("('x' || m)::bit(64)::int8"), ["-9223372036854775808", "9223372036854775807", "0", "9007199254740993"]),
    "float4": (from_python(lambda: float4_text()), ["NaN", "Infinity", "-Infinity", "0", "-0", "1e-45", "3.4028235e+38", "1e15", "1e-5"]),
    "float8": (from_python(lambda: float_text("<d", 8)), ["NaN", "Infinity", "-Infinity", "0", "-0", "5e-324", "1.7976931348623157e308",
                                                       "1e15", "1e16", "1e-5", "0.1", "1.5809101108354118e+17"]),
    "numeric": (from_python(numeric_text), ["NaN", "Infinity", "-Infinity", "0", "-0", "0.00", "1.50", "1e400", "1e-400", "-.5"]),
    "money": (from_sql("((random() - 0.5) * 10 ^ (i % 16))::numeric"), ["0", "-92233720368547758.08", "92233720368547758.07", "-0.01"]),
    "text": (from_python(text), WORDS),
    "varchar": (from_python(text), WORDS),
    "bpchar": (from_python(text), WORDS + ["   ", "a   "]),
    "char": (from_sql("chr(i % 127 + 1)::\"char\""), ["", "a", "\\", "\"", "\\200"]),
    "name": (from_python(text), WORDS),
    "json": (from_python(json_text), ["null", " {\"a\" : 1, \"a\" : 2 } ", "\"\\u0000\"", "1e400", "[\n]", "-0.0"]),
    "jsonb": (from_python(json_text), ["null", " {\"b\" : 1, \"a\" : 2 } ", "1e400", "[\n]", "-0.0", "\"\\u00e4\""]),
    "uuid": (from_sql("m"), ["00000000-0000-0000-0000-000000000000"]),
    "bytea": (from_sql("decode(substr(m, 1, i % 17 * 2), 'hex')"), ["", "\\x00", "\\xff5c22"]),
    "date": (from_sql("'4713-01-01 BC'::date + floor(random() * 298000 * 365)::int"),
             ["infinity", "-infinity", "4713-11-24 BC", "5874897-12-31", "0001-01-01", "0001-12-31 BC", "10000-01-01"]),
    "time": (from_sql("'00:00'::time + random() * interval '86400 seconds'"), ["00:00", "24:00", "23:59:59.999999"]),
    "timetz": (from_sql(f"({TS_NEAR})::timestamptz::timetz"), ["00:00+00", "24:00-15:59", "12:00+05:30", "12:00:00.1-00:19:32"]),
    "timestamp": (from_sql(TS), ["infinity", "-infinity", "4713-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "epoch",
                                 "0001-01-01 BC", "10000-01-01", "2020-02-29 12:00:00.1", "2020-01-01 00:00:00"]),
    "timestamptz": (from_sql(f"CASE i % 3 WHEN 0 THEN {TS} ELSE {TS_NEAR} END"),
                    ["infinity", "-infinity", "4713-11-25 00:00:00 BC", "294276-12-30 23:59:59.999999", "epoch", "0044-03-15 12:00 BC",
                     "10000-01-01", "2020-02-29 12:00:00.1", "1883-11-18 12:03:57", "1937-07-01 00:00:28"]),
    "interval": (from_sql("make_interval((random() * 100 - 50)::int, (random() * 24 - 12)::int, 0, (random() * 60 - 30)::int,"
                          " (random() * 48 - 24)::int, 0, (random() * 100 - 50))"),
                 ["0", "-1 month +1 day -00:00:00.000001", "178000000 years", "1 year 2 mons"]),
    "inet": (from_sql("CASE i % 2 WHEN 0 THEN '0.0.0.0'::inet + (random() * 4294967295)::int8 ELSE ('::'::inet + ('x' || m)::bit(62)::int8) END"),
             ["10.0.0.1/8", "::1/64", "0.0.0.0/0", "::ffff:1.2.3.4"]),
    "cidr": (from_sql("network(set_masklen('0.0.0.0'::inet + (random() * 4294967295)::int8, i % 33))"), ["10.0.0.0/8", "::/0", "2001:db8::/32"]),
    "macaddr": (from_sql("substr(m, 1, 12)"), ["00:00:00:00:00:00"]),
    "macaddr8": (from_sql("substr(m, 1, 16)"), ["ff:ff:ff:ff:ff:ff:ff:ff"]),
    "bit": (from_sql(f"{BITS}::bit(17)"), ["", "1"]),
    "varbit": (from_sql(f"substring({BITS} from 1 for i % 100)"), ["", "0"]),
    "xml": (from_python(lambda: f"<a b=\"{word()}\">{word()}\n</a>"), ["<a/>", "plain \" text", "<?xml version=\"1.0\"?><a>ä</a>"]),
    "tsvector": (from_python(lambda: " ".join(quote(word()) + f":{rand.randint(1, 99)}A" for _ in range(3))), ["", "'a''b':1 'c\\\\d'"]),
    "tsquery": (from_python(lambda: f"{word()} & ({word()}:* | !{word()})"), ["", "'a''b' <-> c"]),
    "point": (from_sql(POINT), ["(0,0)", "(Infinity,-Infinity)", "(NaN,1e-300)"]),
    "line": (from_sql("line(point(random(), i), point(random() + 1, i + 1))"), ["{1,2,3}"]),
    "lseg": (from_sql(f"lseg({POINT}, {POINT})"), ["[(0,0),(1,1)]"]),
    "box": (from_sql(f"box({POINT}, {POINT})"), ["(1,1),(0,0)"]),
    "path": (from_sql(f"('[' || {POINT}::text || ',' || {POINT}::text || ']')"), ["((0,0),(1,1))", "[(0,0)]"]),
    "polygon": (from_sql(f"polygon(box({POINT}, {POINT}))"), ["((0,0),(1,1),(2,0))"]),
    "circle": (from_sql(f"circle({POINT}, random())"), ["<(0,0),0>"]),
    "oid": (from_sql("(random() * 4294967295)::int8"), ["0", "4294967295"]),
    "xid": (from_sql("(random() * 4294967295)::int8::text"), ["0", "4294967295"]),
    "xid8": (from_sql("(random() * 1e18)::int8::text"), ["0"]),
    "cid": (from_sql("(random() * 4294967295)::int8::text"), ["0"]),
    "tid": (from_sql("format('(%s,%s)', i, i % 200)"), ["(0,0)", "(4294967295,65535)"]),
    "pg_lsn": (from_sql("upper(to_hex(i) || '/' || substr(m, 1, 8))"), ["0/0", "FFFFFFFF/FFFFFFFF"]),
    "txid_snapshot": (from_sql("format('%s:%s:%s', i, i + 5, i + 2)"), ["1:1:"]),
    "pg_snapshot": (from_sql("format('%s:%s:%s', i, i + 5, i + 2)"), ["1:1:"]),
    "jsonpath": (from_sql("format('$.\"a%s\"[*] ? (@.b > %s)', i, i)"), ["$", "strict $.\"\\\"\"", "$.a ? (@ like_regex \"\\\\d\")"]),
    "regclass": (from_sql("(SELECT oid FROM pg_class OFFSET i % 300 LIMIT 1)::regclass"), ["pg_class", "information_schema.tables"]),
    "regtype": (from_sql("(SELECT oid FROM pg_type OFFSET i % 300 LIMIT 1)::regtype"), ["\"char\"", "0", "timestamptz"]),
    "regproc": (from_sql("(SELECT oid FROM pg_proc OFFSET i % 300 LIMIT 1)::regproc"), ["now", "0"]),
    "regrole": (from_sql("(SELECT oid FROM pg_roles OFFSET i % 8 LIMIT 1)::regrole"), ["postgres", "0"]),
    "regnamespace": (from_sql("(SELECT oid FROM pg_namespace OFFSET i % 3 LIMIT 1)::regnamespace"), ["pg_catalog", "0"]),
    "int4range": (ranges("int4range", INTEGER + "::int4 - 2", "(i - 500)"), ["empty", "(,)"]),
    "int8range": (ranges("int8range", INTEGER, "(i * 7)::int8"), ["empty"]),
    "numrange": (ranges("numrange", NUMBER, NUMBER), ["empty", "[NaN,)", "(,Infinity]"]),
    "daterange": (ranges("daterange", DAY, DAY), ["empty", "[-infinity,infinity]"]),
    "tsrange": (ranges("tsrange", f"({TS})", f"({TS})"), ["empty", "[infinity,]"]),
    "tstzrange": (ranges("tstzrange", f"({TS_NEAR})::timestamptz", f"({TS})::timestamptz"), ["empty", "[infinity,]"]),
    "int4multirange": (multiranges("int4multirange", "int4range", "(i - 500)", "(i * 3)"), ["{}", "{[1,2],[5,6]}"]),
    "int8multirange": (multiranges("int8multirange", "int8range", INTEGER, "(i * 7)::int8"), ["{}"]),
    "nummultirange": (multiranges("nummultirange", "numrange", NUMBER, NUMBER), ["{}"]),
    "datemultirange": (multiranges("datemultirange", "daterange", DAY, DAY), ["{}"]),
    "tsmultirange": (multiranges("tsmultirange", "tsrange", f"({TS})", f"({TS})"), ["{}"]),
    "tstzmultirange": (multiranges("tstzmultirange", "tstzrange", f"({TS_NEAR})::timestamptz", f"({TS})::timestamptz"), ["{}"]),
}


def float4_text():
    return float_text("<f", 4)


def sql_name(name):
    return '"' + name + '"'


def query(name, n, edges, json_of="v"):
    make = TYPES[name][0]
    literals = ",".join("(" + quote(edge) + ")" for edge in edges)
    return (f"SELECT v, to_json({json_of}) FROM ({make(n, sql_name(name))} UNION ALL SELECT e::{sql_name(name)} "
            f"FROM (VALUES {literals}) AS w(e)) AS all_values(v)")


class Codecs(Tool):
    def ask(self, line):
        answer = self(json.dumps(line))
        assert not (answer and "error" in answer), answer
        return answer

    def edges(self, name):
        """PostgreSQL 14 brought multiranges and numeric's infinities."""
        old = name in ("numeric", "numrange") and "int4multirange" not in self.known
        return [edge for edge in TYPES[name][1] if not (old and "Infinity" in edge)]

    def compare(self, name, settings=(), how="plain", json_of="v", n=VALUES):
        for setting in settings:
            self.ask("set: " + setting)
        edges = self.edges(name)
        answer = self.ask(f"{how}: {query(name, n, edges, json_of)}")
        for setting in settings:
            self.ask("set: RESET " + setting.split()[1])
        assert answer["rows"] == n + len(edges)
        assert answer["differ"] == 0, answer
        return answer["codec"]


@pytest.fixture(scope="module")
def codecs(database):
    with Codecs("codec_tool", database.url) as tool:
        tool.known = tool.ask("catalog")
        yield tool


def test_every_codec_is_tested(codecs):
    """A fast codec without a comparison below is a defect; so is a type below that lost its codec."""
    fast = {name for name, codec in codecs.known.items() if codec != "to_json"}
    assert fast == set(TYPES) & set(codecs.known)


@pytest.mark.parametrize("name", TYPES)
def test_equals_to_json(codecs, name):
    if name not in codecs.known:
        pytest.skip("this PostgreSQL has no such type")
    assert codecs.compare(name) == codecs.known[name] != "to_json"


ZONES = ["UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Amsterdam", "Pacific/Apia", "America/New_York", "Africa/Monrovia"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", ["timestamptz", "timetz", "tstzrange"])
def test_time_zones(codecs, name, zone):
    codecs.compare(name, [f"SET TimeZone = '{zone}'"], n=max(200, VALUES // 4))


@pytest.mark.parametrize("name, setting", [
    ("interval", "SET IntervalStyle = 'iso_8601'"), ("interval", "SET IntervalStyle = 'sql_standard'"),
    ("bytea", "SET bytea_output = 'escape'"), ("float8", "SET extra_float_digits = 0"), ("float4", "SET extra_float_digits = 0"),
    ("timestamptz", "SET DateStyle = 'ISO, DMY'"), ("xml", "SET xmloption = 'document'"),
])
def test_settings(codecs, name, setting):
    if name == "xml":
        codecs.ask("set: SET xmlbinary = hex")
        codecs.compare(name)
        codecs.ask("set: RESET xmlbinary")
    else:
        codecs.compare(name, [setting])


def test_other_date_styles_ask_the_database(codecs):
    """Only ISO's text form is known; ranges print the same both ways."""
    codecs.ask("set: SET DateStyle = 'German'")
    try:
        known = codecs.ask("catalog")
        assert {known[n] for n in ("date", "timestamp", "timestamptz")} == {"to_json"}
        assert known["int4"] == "number"
        for name in ("tsrange", "tstzrange", "daterange", "timetz", "interval"):
            assert codecs.compare(name, n=200) == "quoted"
    finally:
        codecs.ask("set: RESET DateStyle")
        assert codecs.ask("catalog") == codecs.known


@pytest.mark.parametrize("name", ["int8", "numeric", "float8", "money"])
def test_stringify(codecs, name):
    """Hasura v2: --stringify-numeric-types selects these as text."""
    assert codecs.compare(name, how="stringify", json_of="v::text") == "quoted"


@pytest.mark.parametrize("name, codec", [("int2", "number"), ("int4", "number"), ("float4", "float")])
def test_stringify_leaves_small_numbers(codecs, name, codec):
    assert codecs.compare(name, how="stringify") == codec


USER_TYPES = """
CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION cube; CREATE EXTENSION hstore; CREATE EXTENSION seg;
CREATE EXTENSION isn;
CREATE TYPE mood AS ENUM ('sad', 'o"k', 'very \\ happy');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE text_range AS RANGE (subtype = text);
CREATE DOMAIN money_amount AS numeric(10, 2);
CREATE DOMAIN twice AS money_amount CHECK (VALUE > -1e9);
CREATE DOMAIN moods AS mood;
CREATE DOMAIN ints AS int[];
CREATE TYPE tagged AS (t text);
CREATE FUNCTION mood_json(mood) RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT ''{"mood": 1}''::json';
CREATE TYPE weather AS ENUM ('rain', 'sun');
CREATE FUNCTION weather_json(weather) RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT ''{"weather": 1}''::json';
CREATE CAST (weather AS json) WITH FUNCTION weather_json(weather);
"""


@pytest.mark.parametrize("value, codec", [
    ("'Straße \"x\"\t'::citext", "quoted"), ("'a.b_c.d'::ltree", "quoted"), ("'a.*{1,2}.!b'::lquery", "quoted"),
    ("'a & !b'::ltxtquery", "quoted"), ("'(1,2),(3,4)'::cube", "quoted"), ("'1 .. 2.50'::seg", "quoted"),
    ("'978-0-393-04002-9'::isbn13", "quoted"), ("'very \\ happy'::mood", "quoted"), ("'o\"k'::mood", "quoted"),
    ("'[\"a,\\\"\",b)'::text_range", "quoted"), ("1.5::money_amount", "float"), ("'-7'::twice", "float"), ("'sad'::moods", "quoted"),
    ("'{1,2}'::ints", "to_json"), ("'{1,2}'::int[]", "to_json"), ("'{}'::text[]", "to_json"), ("row(1,'x')::pair", "to_json"),
    ("'a=>1'::hstore", "to_json"), ("'sun'::weather", "to_json"), ("'1 2'::int2vector", "to_json"), ("'1 2'::oidvector", "to_json"),
])
def test_types_of_users(codecs, user_types, value, codec):
    answer = codecs.ask(f"plain: SELECT v, to_json(v) FROM (SELECT {value} AS v) AS q")
    assert (answer["codec"], answer["differ"]) == (codec, 0), answer


@pytest.fixture(scope="module")
def user_types(codecs, database):
    database.sql(USER_TYPES)
    codecs.ask("catalog")


def test_geometry_is_geojson(codecs, new_database):
    database = new_database()
    if not database.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"):
        pytest.skip("PostGIS is not installed")
    database.sql("CREATE EXTENSION postgis")
    with Codecs("codec_tool", database.url) as tool:
        tool.ask("catalog")
        for kind in ("geometry", "geography"):
            assert tool.ask(f"plain: SELECT v, NULL FROM (SELECT 'POINT(1 2)'::{kind} AS v) AS q")["codec"] == "geojson"
        assert tool.ask("plain: SELECT v, to_json(v) FROM (SELECT 'BOX(0 0,1 1)'::box2d AS v) AS q")["codec"] == "quoted"
