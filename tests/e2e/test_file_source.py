"""source-file: every format and wrapping from every place that this machine can serve, and what broken files get."""
import gzip
import io
import json

import pyarrow
import pyarrow.parquet
import pytest

from support import file_samples, output_files

CASES = [(kind, None) for kind in file_samples.PLAIN] + [(kind, wrap) for kind in ("csv", "jsonl", "json") for wrap in file_samples.WRAPPED]


class Place:
    """Where a test puts a file, and the url and provider that name it."""

    def __init__(self, kind, request):
        self.kind, self.request = kind, request

    def put(self, name, data, tmp_path):
        if self.kind == "local":
            (tmp_path / name).write_bytes(data)
            return str(tmp_path / name), {"storage": "local"}
        if self.kind in ("http", "https"):
            web = self.request.getfixturevalue("web")
            (web.folder / name).write_bytes(data)
            return f"{web.url if self.kind == 'http' else web.secure_url}/{name}", {"storage": "HTTPS"}
        from support.s3_server import KEY, SECRET
        bucket = self.request.getfixturevalue("bucket")
        bucket.put(f"in/{name}", data)
        return f"s3://{bucket.name}/in/{name}", {"storage": "S3", "aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "endpoint": bucket.server.endpoint}

    def environment(self):
        if self.kind == "https":
            return {"SSL_CERT_FILE": str(self.request.getfixturevalue("tls").ca), "CURL_CA_BUNDLE": str(self.request.getfixturevalue("tls").ca)}
        return {}


@pytest.fixture(params=["local", "http", "https", "s3"])
def place(request):
    return Place(request.param, request)


@pytest.fixture
def local(request):
    return Place("local", request)


def source(url, provider, format, reader_options=None, **more):
    config = {"dataset_name": "things", "format": format, "url": url, "provider": provider, **more}
    if reader_options is not None:
        config["reader_options"] = json.dumps(reader_options)
    return "file", config


def read(millrace, tmp_path, end, env=None, **keys):
    out = tmp_path / "out"
    outcome = millrace.sync(millrace.file(end, ("local", {"path": str(out), "format": {"format_type": "Parquet"}}), metadata="none", **keys), env=env)
    return output_files.table(out), outcome


def fail(millrace, tmp_path, end, env=None, code=1):
    outcome = millrace.run("sync", millrace.file(end, ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "Parquet"}})), env=env)
    assert outcome.code == code, outcome
    assert not output_files.visible(tmp_path / "out"), "a failed refresh shows nothing"
    return outcome


@pytest.mark.parametrize("kind, wrap", CASES, ids=[f"{k}{'.' + w if w else ''}" for k, w in CASES])
def test_every_format_and_wrapping(millrace, tmp_path, local, kind, wrap):
    check_values(millrace, tmp_path, local, kind, wrap)


@pytest.mark.parametrize("kind, wrap", [("csv", None), ("jsonl", "gz"), ("parquet", None), ("json", "zip"), ("excel", None)])
def test_every_place(millrace, tmp_path, place, kind, wrap):
    check_values(millrace, tmp_path, place, kind, wrap)


@pytest.mark.torture
@pytest.mark.parametrize("kind, wrap", CASES)
def test_every_format_from_every_place(millrace, tmp_path, place, kind, wrap):
    check_values(millrace, tmp_path, place, kind, wrap)


def check_values(millrace, tmp_path, place, kind, wrap):
    format, data, options = file_samples.PLAIN[kind]
    name = f"things.{format}"
    if wrap:
        data, name = file_samples.WRAPPED[wrap](data, name), f"{name}.{wrap}"
    url, provider = place.put(name, data, tmp_path)
    table, _ = read(millrace, tmp_path, source(url, provider, format, options), env=place.environment())
    rows = sorted(table.to_pylist(), key=lambda r: r["id"])
    assert [r["id"] for r in rows] == [1, 2, 3, 4, 5]
    assert [r["name"] or "" for r in rows] == [r["name"] for r in file_samples.ROWS]
    assert [float(r["price"]) for r in rows] == [r["price"] for r in file_samples.ROWS]
    assert [str(r["day"]) for r in rows] == [r["day"] for r in file_samples.ROWS]
    assert [r["flag"] in (True, "true", "True") for r in rows] == [r["flag"] for r in file_samples.ROWS]


class TestCsv:
    def csv(self, millrace, tmp_path, local, text, options=None):
        url, provider = local.put("x.csv", text if isinstance(text, bytes) else text.encode(), tmp_path)
        table, _ = read(millrace, tmp_path, source(url, provider, "csv", options))
        return table.to_pylist()

    def test_quotes_newlines_and_crlf(self, millrace, tmp_path, local):
        rows = self.csv(millrace, tmp_path, local, 'a,b\r\n"x\r\ny","say ""hi"""\r\n1,\r\n')
        assert rows == [{"a": "x\r\ny", "b": 'say "hi"'}, {"a": "1", "b": None}]

    def test_byte_order_mark_and_no_last_newline(self, millrace, tmp_path, local):
        assert self.csv(millrace, tmp_path, local, b"\xef\xbb\xbfid,v\n1,x\n2,y") == [{"id": 1, "v": "x"}, {"id": 2, "v": "y"}]

    def test_options_of_pandas(self, millrace, tmp_path, local):
        rows = self.csv(millrace, tmp_path, local, "skipped\n1|2\n3|4\n", {"sep": "|", "skiprows": 1, "header": None, "names": ["a", "b"]})
        assert rows == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]

    def test_latin1(self, millrace, tmp_path, local):
        assert self.csv(millrace, tmp_path, local, "n\nécole\n".encode("latin-1"), {"encoding": "latin-1"}) == [{"n": "école"}]

    def test_a_type_that_changes_late_keeps_every_value(self, millrace, tmp_path, local):
        text = "v\n" + "".join(f"{i}\n" for i in range(200_000)) + "word\n1.5\n"
        rows = self.csv(millrace, tmp_path, local, text)
        assert len(rows) == 200_002 and [str(r["v"]) for r in rows[-2:]] == ["word", "1.5"]

    def test_an_empty_table(self, millrace, tmp_path, local):
        assert self.csv(millrace, tmp_path, local, "a,b\n") == []

    def test_too_many_fields_name_the_line(self, millrace, tmp_path, local):
        url, provider = local.put("x.csv", b"a,b\n1,2\n3,4\n5,6,7\n8,9\n", tmp_path)
        outcome = fail(millrace, tmp_path, source(url, provider, "csv"))
        assert "4" in outcome.err and "x.csv" in outcome.err and "field" in outcome.err, outcome

    def test_a_value_out_of_its_type_s_range_names_line_and_column(self, millrace, tmp_path, local):
        url, provider = local.put("x.csv", b"id,v\n1,2\n2,99999999999999999999\n", tmp_path)
        outcome = fail(millrace, tmp_path, source(url, provider, "csv", {"dtype": {"v": "int64"}}))
        assert "line 3" in outcome.err and "v" in outcome.err, outcome

    def test_unknown_option_is_named(self, millrace, tmp_path, local):
        url, provider = local.put("x.csv", b"a\n1\n", tmp_path)
        outcome = millrace.run("sync", millrace.file(source(url, provider, "csv", {"engine_of_doom": 1}), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "CSV"}})))
        assert "engine_of_doom" in outcome.text, outcome

    def test_options_that_are_no_json(self, millrace, tmp_path, local):
        url, provider = local.put("x.csv", b"a\n1\n", tmp_path)
        outcome = millrace.run("sync", millrace.file(("file", {"dataset_name": "x", "format": "csv", "url": url, "provider": provider, "reader_options": "{sep:"}),
                                                     ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "CSV"}})))
        assert outcome.code in (1, 2) and "reader_options" in outcome.err, outcome


class TestJson:
    def test_malformed_line_is_named(self, millrace, tmp_path, local):
        url, provider = local.put("x.jsonl", b'{"a": 1}\n{"a": 2}\n{"a": \n{"a": 4}\n', tmp_path)
        outcome = fail(millrace, tmp_path, source(url, provider, "jsonl"))
        assert "line 3" in outcome.err and "x.jsonl" in outcome.err, outcome

    def test_drifting_keys_and_types(self, millrace, tmp_path, local):
        lines = [{"id": i, **({"late": i} if i > 20_000 else {}), "mixed": i if i % 2 else f"s{i}", "nested": {"x": [i]}} for i in range(20_010)]
        url, provider = local.put("x.jsonl", "".join(json.dumps(r) + "\n" for r in lines).encode(), tmp_path)
        table, _ = read(millrace, tmp_path, source(url, provider, "jsonl"))
        rows = table.to_pylist()
        assert len(rows) == 20_010 and rows[-1]["late"] == 20_009 and rows[0]["late"] is None
        assert str(rows[1]["mixed"]) == "1" and str(rows[2]["mixed"]).strip('"') == "s2"

    def test_big_numbers_survive(self, millrace, tmp_path, local):
        url, provider = local.put("x.jsonl", b'{"n": 12345678901234567890123}\n{"n": 0.1}\n', tmp_path)
        table, _ = read(millrace, tmp_path, source(url, provider, "jsonl"))
        assert [str(r["n"]) for r in table.to_pylist()] == ["12345678901234567890123", "0.1"]

    def test_deep_nesting_does_not_crash(self, millrace, tmp_path, local):
        url, provider = local.put("x.jsonl", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", tmp_path)
        outcome = millrace.run("sync", millrace.file(source(url, provider, "jsonl"), ("local", {"path": str(tmp_path / "out"), "format": {"format_type": "JSONL"}})))
        assert outcome.code in (0, 1) and (outcome.code == 0 or outcome.err.strip())


class TestBroken:
    def test_parquet_cut_short(self, millrace, tmp_path, local):
        data = file_samples.parquet()
        for cut in (len(data) - 10, len(data) // 2, 3, 0):
            url, provider = local.put("x.parquet", data[:cut], tmp_path)
            outcome = fail(millrace, tmp_path, source(url, provider, "parquet"))
            assert "x.parquet" in outcome.err, outcome

    def test_gzip_cut_short(self, millrace, tmp_path, local):
        data = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7919) for i in range(100_000)))
        url, provider = local.put("x.csv.gz", data[:len(data) // 2], tmp_path)
        assert "x.csv.gz" in fail(millrace, tmp_path, source(url, provider, "csv")).err

    def test_not_what_it_says(self, millrace, tmp_path, local):
        for format in ("parquet", "json", "jsonl"):
            url, provider = local.put(f"x.{format}", b"\x00\x01garbage\xff", tmp_path)
            fail(millrace, tmp_path, source(url, provider, format))

    def test_missing_file(self, millrace, tmp_path, place):
        url, provider = place.put("there.csv", b"a\n1\n", tmp_path)
        outcome = fail(millrace, tmp_path, source(url.replace("there", "not-there"), provider, "csv"), env=place.environment())
        assert "not-there.csv" in outcome.err, outcome

    def test_unknown_certificate(self, millrace, tmp_path, web):
        (web.folder / "x.csv").write_bytes(b"a\n1\n")
        outcome = fail(millrace, tmp_path, source(f"{web.secure_url}/x.csv", {"storage": "HTTPS"}, "csv"))
        assert "certificate" in outcome.err.lower(), outcome

    def test_server_errors_are_tried_again(self, millrace, tmp_path, web):
        (web.folder / "retry.csv").write_bytes(b"a\n" + b"1\n" * 1000)
        web.faults[:] = [503, 500]
        table, _ = read(millrace, tmp_path, source(f"{web.url}/retry.csv", {"storage": "HTTPS"}, "csv"))
        assert table.num_rows == 1000 and not web.faults

    def test_a_connection_cut_in_mid_body_loses_nothing(self, millrace, tmp_path, web):
        (web.folder / "cut.csv").write_bytes(b"a\n" + b"".join(b"%d\n" % i for i in range(500_000)))
        web.faults[:] = ["cut"]
        table, _ = read(millrace, tmp_path, source(f"{web.url}/cut.csv", {"storage": "HTTPS"}, "csv"))
        assert table.column("a").to_pylist() == list(range(500_000))


def test_parquet_types_pass_through(millrace, tmp_path, local):
    import datetime
    import decimal
    table = pyarrow.table({
        "i": pyarrow.array([1, None], pyarrow.int32()), "d": pyarrow.array([decimal.Decimal("1.23"), None], pyarrow.decimal128(10, 2)),
        "t": pyarrow.array([datetime.datetime(2025, 1, 1, 1, 2, 3, 4), None], pyarrow.timestamp("us")), "day": pyarrow.array([datetime.date(2025, 1, 1), None]),
        "l": pyarrow.array([[1, 2], None]), "s": pyarrow.array([{"a": 1, "b": "x"}, None]), "b": pyarrow.array([b"\x00\xff", None]), "y": pyarrow.array([True, None])})
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    url, provider = local.put("t.parquet", out.getvalue(), tmp_path)
    got, _ = read(millrace, tmp_path, source(url, provider, "parquet"))
    assert got.column("d").to_pylist() == table.column("d").to_pylist() and got.column("d").type == pyarrow.decimal128(10, 2)
    for c in ("i", "t", "day", "l", "b", "y"):
        assert got.column(c).to_pylist() == table.column(c).to_pylist(), c
    assert got.num_rows == 2
