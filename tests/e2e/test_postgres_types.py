"""Every PostgreSQL type, exactly: what is read by pyarrow and DuckDB equals what PostgreSQL says."""
import datetime
import decimal
import json

import pyarrow
import pytest

from support import output_files

D = decimal.Decimal
UTC = datetime.timezone.utc
NO_COMPRESSION = {"compression_type": "No Compression"}
# column type → literal, value that pyarrow reads, Arrow type (None: not looked at)
EXACT = [
    ("boolean", "true", True, pyarrow.bool_()),
    ("smallint", "-32768", -32768, pyarrow.int64()),
    ("integer", "2147483647", 2147483647, pyarrow.int64()),
    ("bigint", "-9223372036854775808", -9223372036854775808, pyarrow.int64()),
    ("oid", "4294967295", 4294967295, pyarrow.int64()),
    ("real", "1.5", 1.5, pyarrow.float64()),
    ("double precision", "0.1", 0.1, pyarrow.float64()),
    ("double precision", "1e308", 1e308, pyarrow.float64()),
    ("numeric(18,0)", "999999999999999999", 999999999999999999, pyarrow.int64()),
    ("numeric(19,0)", "9999999999999999999", D("9999999999999999999"), pyarrow.decimal128(19, 0)),
    ("numeric(15,2)", "-1234567890123.45", D("-1234567890123.45"), pyarrow.decimal128(15, 2)),
    ("numeric(38,10)", "1234567890123456789012345678.0123456789", D("1234567890123456789012345678.0123456789"), pyarrow.decimal128(38, 10)),
    ("numeric(40,0)", "1234567890123456789012345678901234567890", D("1234567890123456789012345678901234567890"), pyarrow.decimal256(40, 0)),
    ("numeric(60,20)", "1234567890123456789012345678901234567890.01234567890123456789", D("1234567890123456789012345678901234567890.01234567890123456789"),
     pyarrow.decimal256(60, 20)),
    ("money", "-12345.67", D("-12345.67"), pyarrow.decimal128(19, 2)),
    ("date", "2024-02-29", datetime.date(2024, 2, 29), pyarrow.date32()),
    ("date", "0001-01-01", datetime.date(1, 1, 1), pyarrow.date32()),
    ("date", "9999-12-31", datetime.date(9999, 12, 31), pyarrow.date32()),
    ("time", "23:59:59.999999", datetime.time(23, 59, 59, 999999), pyarrow.time64("us")),
    ("timestamp", "2025-06-07 08:09:10.123456", datetime.datetime(2025, 6, 7, 8, 9, 10, 123456), pyarrow.timestamp("us")),
    ("timestamp", "0001-01-01 00:00:00", datetime.datetime(1, 1, 1), pyarrow.timestamp("us")),
    ("timestamptz", "2025-06-07 08:09:10.123456+02", datetime.datetime(2025, 6, 7, 6, 9, 10, 123456, UTC), pyarrow.timestamp("us", "UTC")),
    ("timetz", "12:34:56.5+02", "12:34:56.5+02", None),
    ("text", "h€llo ' 🎈 \n\t\\", "h€llo ' 🎈 \n\t\\", pyarrow.string()),
    ("text", "", "", pyarrow.string()),
    ("varchar(10)", "abc", "abc", pyarrow.string()),
    ("char(5)", "ab", "ab   ", pyarrow.string()),
    ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", pyarrow.string()),
    ("bytea", "\\x00ff10", b"\x00\xff\x10", pyarrow.binary()),
    ("bit(5)", "10101", "10101", pyarrow.string()),
    ("varbit", "101", "101", pyarrow.string()),
    ("inet", "192.168.0.1/24", "192.168.0.1/24", pyarrow.string()),
    ("cidr", "10.0.0.0/8", "10.0.0.0/8", pyarrow.string()),
    ("macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03", pyarrow.string()),
    ("xml", "<a>1</a>", "<a>1</a>", pyarrow.string()),
    ("interval", "1 year 2 mons 3 days 04:05:06.789", "1 year 2 mons 3 days 04:05:06.789", pyarrow.string()),
    ("int4range", "[1,10)", "[1,10)", pyarrow.string()),
    ("tstzrange", "[2025-01-01 00:00:00+00,2025-01-02 00:00:00+00)", '["2025-01-01 00:00:00+00","2025-01-02 00:00:00+00")', pyarrow.string()),
    ("tsvector", "'a' 'b'", "'a' 'b'", pyarrow.string()),
    ("point", "(1,2.5)", "(1,2.5)", pyarrow.string()),
    ("box", "(2,2),(1,1)", "(2,2),(1,1)", pyarrow.string()),
    ("polygon", "((0,0),(1,1),(2,0))", "((0,0),(1,1),(2,0))", pyarrow.string()),
    ("pg_lsn", "16/B374D848", "16/B374D848", pyarrow.string()),
    ("mood", "happy", "happy", pyarrow.string()),
    ("positive", "7", 7, pyarrow.int64()),
    ("short_text", "dom", "dom", pyarrow.string()),
    ("pair", "(1,x)", "(1,x)", pyarrow.string()),
    ("hstore", '"a"=>"1", "b"=>NULL', '"a"=>"1", "b"=>NULL', pyarrow.string()),
    ("integer[]", "{1,NULL,3}", [1, None, 3], pyarrow.list_(pyarrow.int64())),
    ("text[]", '{"a","b c",NULL,""}', ["a", "b c", None, ""], pyarrow.list_(pyarrow.string())),
    ("numeric(10,2)[]", "{1.25,-2.50}", [D("1.25"), D("-2.50")], None),
    ("timestamptz[]", '{"2025-01-01 00:00:00+00"}', [datetime.datetime(2025, 1, 1, tzinfo=UTC)], None),
    ("boolean[]", "{t,f}", [True, False], None),
    ("uuid[]", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"], None),
    ("integer[]", "{}", [], None),
]
JSON = [("json", '{"b": 1, "a": [1, 2.50, null]}'), ("jsonb", '{"a": {"b": "é"}, "n": 12345678901234567890}'), ("jsonb", "null"), ("jsonb", '"text"'), ("jsonb", "[1]")]


@pytest.fixture
def typed(db):
    db.execute("""create type mood as enum ('sad', 'happy'); create domain positive as int check (value > 0); create domain short_text as varchar(3);
                  create type pair as (a int, b text); create extension hstore""")
    return db


def copy(millrace, db, tmp_path, **keys):
    out = tmp_path / "out"
    outcome = millrace.sync(millrace.file(("postgres", db.config()), ("local", {"path": str(out), "format": {"format_type": "Parquet"}}), **keys))
    return out, outcome


def test_every_type_exactly(millrace, typed, tmp_path):
    columns = ", ".join(f"c{i} {kind}" for i, (kind, *_) in enumerate(EXACT))
    typed.execute(f"create table types (id int primary key, {columns})")
    typed.execute(f"insert into types values (1, {', '.join(['%s'] * len(EXACT))})", [literal for _, literal, *_ in EXACT])
    typed.execute("insert into types (id) values (2)")
    out, _ = copy(millrace, typed, tmp_path, metadata="none")
    table = output_files.table(out / "public" / "types").sort_by("id")
    wrong = []
    for i, (kind, literal, value, arrow) in enumerate(EXACT):
        column = table.column(f"c{i}")
        got = column.to_pylist()
        if got != [value, None]:
            wrong.append(f"{kind} {literal!r}: {got[0]!r}, expected {value!r}; NULL became {got[1]!r}")
        if arrow is not None and column.type != arrow:
            wrong.append(f"{kind}: type {column.type}, expected {arrow}")
    assert not wrong, "\n".join(wrong)


def test_json_is_kept_as_text_with_all_digits(millrace, typed, tmp_path):
    columns = ", ".join(f"c{i} {kind}" for i, (kind, _) in enumerate(JSON))
    typed.execute(f"create table docs (id int primary key, {columns})")
    typed.execute(f"insert into docs values (1, {', '.join(['%s'] * len(JSON))})", [text for _, text in JSON])
    out, _ = copy(millrace, typed, tmp_path, metadata="none")
    row = output_files.table(out / "public" / "docs").to_pylist()[0]
    for i, (kind, text) in enumerate(JSON):
        assert json.loads(row[f"c{i}"], parse_float=D) == json.loads(text, parse_float=D), kind


def test_bc_dates(millrace, db, tmp_path):
    db.execute("create table old (id int primary key, d date, t timestamp); insert into old values (1, '4713-01-01 BC', '0044-03-15 12:00:00 BC')")
    out, _ = copy(millrace, db, tmp_path, metadata="none")
    table = output_files.table(out / "public" / "old")
    days, micros = db.execute("select d - date '1970-01-01', (extract(epoch from t) * 1000000)::bigint from old")[0]
    assert table.column("d").cast(pyarrow.int32()).to_pylist() == [days]
    assert table.column("t").cast(pyarrow.int64()).to_pylist() == [micros]


def test_what_files_cannot_hold_is_null_and_said(millrace, db, tmp_path):
    """NaN, infinities: null, and an entry in _airbyte_meta of the row. Never silent."""
    db.execute("""create table odd (id int primary key, f float8, g float4, d date, t timestamp, z timestamptz, n numeric(10,2));
                  insert into odd values (1, 'NaN', 'Infinity', 'infinity', '-infinity', 'infinity', 'NaN'), (2, 1, 1, '2025-01-01', '2025-01-01', '2025-01-01', 1)""")
    out, _ = copy(millrace, db, tmp_path)
    table = output_files.table(out / "public" / "odd").sort_by("id").to_pylist()
    assert [table[0][c] for c in "fgdtzn"] == [None] * 6
    assert None not in [table[1][c] for c in "fgdtzn"]
    first, second = (json.dumps(r["_airbyte_meta"], default=str) for r in table)
    for column in "fgdtzn":
        assert f'"{column}"' in first.replace('\\"', '"'), f"no entry for {column}: {first}"
    assert "NULLED" in first and "NULLED" not in second


class TestUnconstrainedNumeric:
    def test_doubles_while_every_value_survives(self, millrace, db, tmp_path):
        db.execute("create table n (id int primary key, v numeric); insert into n values (1, 1.5), (2, 0.1), (3, -123456), (4, null)")
        out, _ = copy(millrace, db, tmp_path, metadata="none")
        table = output_files.table(out / "public" / "n").sort_by("id")
        assert table.column("v").type == pyarrow.float64()
        assert table.column("v").to_pylist() == [1.5, 0.1, -123456.0, None]

    def test_text_when_one_does_not(self, millrace, db, tmp_path):
        values = {1: "0.5", 2: "1234567890123456789012345678901234567890", 3: "0.1234567890123456789012345678901234567890"}
        db.execute("create table n (id int primary key, v numeric)")
        for k, v in values.items():
            db.execute("insert into n values (%s, %s)", [k, v])
        out, outcome = copy(millrace, db, tmp_path, metadata="none")
        got = {r[0]: r[1] for r in output_files.rows(out / "public" / "n", "id, v::varchar")}
        assert {k: D(v) for k, v in got.items()} == {k: D(v) for k, v in values.items()}
        assert "v" in outcome.text

    def test_formats_on_request(self, millrace, db, tmp_path):
        db.execute("create table n (id int primary key, v numeric); insert into n values (1, 1.5)")
        for number_format, expected in (("double", pyarrow.float64()), ("string", pyarrow.string())):
            (tmp_path / number_format).mkdir()
            out, _ = copy(millrace, db, tmp_path / number_format, metadata="none", number_format=number_format, name=f"as_{number_format}")
            assert output_files.table(out / "public" / "n").column("v").type == expected


def test_csv_and_jsonl_hold_the_same_values(millrace, typed, tmp_path):
    typed.execute("create table t (id int primary key, a numeric(40,5), b timestamptz, c bytea, d int[], e jsonb, f text)")
    typed.execute("insert into t values (1, 12345678901234567890123456789012345.12345, '2025-01-01 00:00:00.000001Z', '\\x00ff', '{1,2}', '{\"a\": 1}', 'x,\"y\"\nz'), (2, null, null, null, null, null, '')")
    for kind in ("CSV", "JSONL"):
        out = tmp_path / kind
        millrace.sync(millrace.file(("postgres", typed.config()), ("local", {"path": str(out), "format": {"format_type": kind, "flattening": "Root level flattening", "compression": NO_COMPRESSION}}),
                                    metadata="none", name=f"to_{kind}"))
        [path] = output_files.visible(out)
        text = path.read_text()
        assert "12345678901234567890123456789012345.12345" in text, text
        assert "2025-01-01T00:00:00.000001" in text.replace(" ", "T"), text
    records = [json.loads(line, parse_float=D) for line in output_files.visible(tmp_path / "JSONL")[0].read_text().splitlines()]
    assert records[0]["d"] == [1, 2] and json.loads(records[0]["e"]) == {"a": 1} and records[0]["f"] == 'x,"y"\nz' and records[1].get("a") is None


@pytest.mark.torture
def test_a_million_random_values(millrace, db, tmp_path):
    db.execute("""create table many as select i as id, (random() * 1e12)::numeric(20,6) as n, md5(i::text) as t, now() - random() * interval '50 years' as z,
                  case when i % 7 = 0 then null else array[i, i * 2] end as a from generate_series(1, 1000000) i; alter table many add primary key (id)""")
    out, _ = copy(millrace, db, tmp_path, metadata="none")
    want = db.execute("select count(*), sum(n)::text, sum(('x' || substr(t, 1, 8))::bit(32)::bigint)::text, sum((extract(epoch from z) * 1000000)::bigint)::text, sum(a[2])::text from many")[0]
    got = output_files.rows(out / "public" / "many", "count(*), sum(n)::varchar, sum(('0x' || substr(t, 1, 8))::bigint)::varchar, sum(epoch_us(z))::varchar, sum(a[2])::varchar")[0]
    assert got == want
