"""How files are named, laid out, formatted, compressed and rolled: on disk and in a bucket alike."""
import collections
import datetime
import gzip
import json
import re

import pyarrow.parquet
import pytest

from support import output_files
from support.postgres_tables import customers, stream

FAKER = ("faker", {"count": 50, "seed": 7})
PARQUET = {"format_type": "Parquet"}


@pytest.fixture(params=["local", "s3"])
def lake(request, tmp_path):
    """A destination of either kind; .files() is what a reader sees, as paths relative to its root."""
    if request.param == "local":
        return LocalLake(tmp_path / "lake")
    return S3Lake(request.getfixturevalue("bucket"), tmp_path)


class LocalLake:
    def __init__(self, folder):
        self.folder = folder

    def end(self, s3_bucket_path="", format=PARQUET, **more):
        self.prefix = s3_bucket_path
        config = {"path": str(self.folder / s3_bucket_path.split("$")[0]) if "$" not in s3_bucket_path else str(self.folder / s3_bucket_path), "format": format, **more}
        return "local", config

    def names(self):
        return [p.relative_to(self.folder).as_posix() for p in output_files.visible(self.folder)]

    def read(self, name):
        return (self.folder / name).read_bytes()

    def download(self):
        return self.folder


class S3Lake:
    def __init__(self, bucket, folder):
        self.bucket, self.folder = bucket, folder / "downloaded"

    def end(self, s3_bucket_path="", format=PARQUET, **more):
        return "s3", self.bucket.config(s3_bucket_path=s3_bucket_path or "lake", format=format, **more)

    def names(self):
        return self.bucket.visible_keys()

    def read(self, name):
        return self.bucket.get(name)

    def download(self):
        return self.bucket.download(self.folder)


class TestLayout:
    def test_seed_document_example(self, millrace, db, bucket):
        """raw/postgres_customers/2025/01/20/data-001.parquet, with today's date; numbers go on over syncs."""
        customers(db, 100)
        file = millrace.file(("postgres", db.config()), ("s3", bucket.config(s3_bucket_path="raw", s3_path_format="${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/",
                                                                            file_name_pattern="data-{part_number:3}{format_extension}")),
                             streams=[stream(sync_mode="full_refresh_append")], prefix="postgres_")
        for sync in (1, 2):
            day = datetime.datetime.now(datetime.timezone.utc)
            millrace.sync(file)
            assert bucket.visible_keys()[-1] == f"raw/postgres_customers/{day:%Y/%m/%d}/data-00{sync}.parquet"
            assert len(bucket.visible_keys()) == sync

    def test_guide_example(self, millrace, db, bucket):
        customers(db, 100)
        millrace.sync(millrace.file(("postgres", db.config()), ("s3", bucket.config(s3_bucket_path="airbyte-data/${NAMESPACE}/${STREAM_NAME}",
                                                                                    format={"format_type": "Parquet", "compression_codec": "GZIP", "block_size_mb": 128}))))
        [key] = bucket.visible_keys()
        assert re.fullmatch(r"airbyte-data/public/customers/\w+\.parquet", key), key
        (millrace.folder / "x.parquet").write_bytes(bucket.get(key))
        assert pyarrow.parquet.ParquetFile(millrace.folder / "x.parquet").metadata.row_group(0).column(0).compression == "GZIP"

    def test_garage_example_schema_and_table(self, millrace, db, bucket):
        customers(db, 1)
        millrace.sync(millrace.file(("postgres", db.config()), ("s3", bucket.config(s3_bucket_path="raw/{schema}/{table}"))))
        assert bucket.visible_keys()[0].startswith("raw/public/customers/")

    def test_default_is_airbyte_s(self, millrace, db, lake):
        customers(db, 1)
        millrace.sync(millrace.file(("postgres", db.config()), lake.end("top")))
        [name] = lake.names()
        assert re.fullmatch(r"top/public/customers/\d{4}_\d\d_\d\d_\d+_0\.parquet", name), name

    def test_no_two_files_share_a_name(self, millrace, lake):
        file = millrace.file(FAKER, lake.end("x", s3_path_format="${STREAM_NAME}/", file_name_pattern="part-{part_number:4}{format_extension}"),
                             streams=[{"name": "products", "sync_mode": "full_refresh_append"}])
        seen = []
        for _ in range(4):
            millrace.sync(file)
            seen = lake.names()
        assert [n.rsplit("/", 1)[1] for n in seen] == ["part-0001.parquet", "part-0002.parquet", "part-0003.parquet", "part-0004.parquet"]

    @pytest.mark.parametrize("namespace, prefix, expected", [
        ("source", "", "x/public/customers/"),
        ("source", "pg_", "x/public/pg_customers/"),
        ("production_${SOURCE_NAMESPACE}", "", "x/production_public/customers/"),
        ("fixed", "p-", "x/fixed/p-customers/"),
    ])
    def test_namespace_and_prefix(self, millrace, db, lake, namespace, prefix, expected):
        customers(db, 1)
        millrace.sync(millrace.file(("postgres", db.config()), lake.end("x"), destination_namespace=namespace, prefix=prefix))
        [name] = lake.names()
        assert name.startswith(expected), name

    def test_every_placeholder(self, millrace, lake):
        path = "${NAMESPACE}/${STREAM_NAME}/y${YEAR}/m${MONTH}/d${DAY}/h${HOUR}/i${MINUTE}/s${SECOND}/l${MILLISECOND}/e${EPOCH}/u${UUID}/${UNKNOWN}/"
        millrace.sync(millrace.file(FAKER, lake.end("x", s3_path_format=path, file_name_pattern="{date}-{timestamp}-{part_number}-{what}{format_extension}"),
                                    streams=[{"name": "products"}]), env={"UNKNOWN": "unused"})
        [name] = lake.names()
        assert re.fullmatch(r"x/(\w+/)?products/y\d{4}/m\d\d/d\d\d/h\d\d/i\d\d/s\d\d/l\d+/e\d{13}/u[0-9a-f-]{36}/.*/\d{4}_\d\d_\d\d-\d{13}-0-\{what\}\.parquet", name), name


class TestFormats:
    @pytest.mark.parametrize("codec", ["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "LZ4", "ZSTD"])
    def test_parquet_codecs(self, millrace, tmp_path, codec):
        lake = LocalLake(tmp_path / "lake")
        millrace.sync(millrace.file(FAKER, lake.end(format={"format_type": "Parquet", "compression_codec": codec, "page_size_kb": 8, "dictionary_page_size_kb": 16,
                                                            "dictionary_encoding": codec != "GZIP", "block_size_mb": 1, "max_padding_size_mb": 8}), streams=[{"name": "users"}]))
        [path] = output_files.visible(lake.folder)
        metadata = pyarrow.parquet.ParquetFile(path).metadata
        got = {metadata.row_group(0).column(i).compression for i in range(metadata.num_columns)}
        assert got == {codec} or (codec == "LZ4" and got <= {"LZ4", "LZ4_RAW"}), got
        encodings = {e for i in range(metadata.num_columns) for e in metadata.row_group(0).column(i).encodings}
        assert any("DICTIONARY" in e for e in encodings) == (codec != "GZIP"), encodings
        assert metadata.num_rows == 50

    def test_zstd_is_the_default(self, millrace, tmp_path):
        lake = LocalLake(tmp_path / "lake")
        millrace.sync(millrace.file(FAKER, lake.end(), streams=[{"name": "users"}]))
        assert pyarrow.parquet.ParquetFile(output_files.visible(lake.folder)[0]).metadata.row_group(0).column(0).compression == "ZSTD"

    def test_lzo_is_refused_by_name(self, millrace, tmp_path):
        lake = LocalLake(tmp_path / "lake")
        outcome = millrace.run("sync", millrace.file(FAKER, lake.end(format={"format_type": "Parquet", "compression_codec": "LZO"})))
        assert outcome.code == 2 and "LZO" in outcome.err, outcome

    @pytest.mark.parametrize("kind, extension", [("CSV", ".csv"), ("JSONL", ".jsonl")])
    @pytest.mark.parametrize("compression", ["No Compression", "GZIP"])
    def test_text_formats(self, millrace, lake, kind, extension, compression):
        millrace.sync(millrace.file(FAKER, lake.end("x", format={"format_type": kind, "flattening": "Root level flattening", "compression": {"compression_type": compression}}),
                                    streams=[{"name": "users"}], metadata="none"))
        [name] = lake.names()
        assert name.endswith(extension + (".gz" if compression == "GZIP" else "")), name
        data = lake.read(name)
        text = (gzip.decompress(data) if compression == "GZIP" else data).decode()
        assert len(output_files.rows(lake.download(), "id")) == 50
        if kind == "JSONL":
            assert [json.loads(line)["id"] for line in text.splitlines()] == list(range(1, 51))
        else:
            assert text.splitlines()[0].startswith("id,")

    def test_without_flattening_data_is_one_column(self, millrace, tmp_path):
        for kind in ("CSV", "JSONL"):
            lake = LocalLake(tmp_path / kind)
            millrace.sync(millrace.file(FAKER, lake.end(format={"format_type": kind, "flattening": "No flattening", "compression": {"compression_type": "No Compression"}}), streams=[{"name": "users"}], name=f"c{kind}"))
            first = output_files.visible(lake.folder)[0].read_text().splitlines()[0]
            assert "_airbyte_data" in first, first

    @pytest.mark.torture
    def test_files_roll_at_the_target_size(self, millrace, db, tmp_path):
        db.execute("create table wide as select i as id, repeat(md5(i::text), 60) as filler from generate_series(1, 250000) i")
        lake = LocalLake(tmp_path / "lake")
        millrace.sync(millrace.file(("postgres", db.config()), lake.end(format={"format_type": "JSONL", "compression": {"compression_type": "No Compression"}}),
                                    metadata="none"), timeout=200)
        sizes = [p.stat().st_size for p in output_files.visible(lake.folder)]
        assert len(sizes) >= 3 and max(sizes) < 160 << 20, sizes
        assert output_files.rows(lake.folder, "count(*), count(distinct id)") == [(250_000, 250_000)]


class TestMetadata:
    def names(self, millrace, tmp_path, mode):
        lake = LocalLake(tmp_path / mode)
        millrace.sync(millrace.file(FAKER, lake.end(), streams=[{"name": "products"}], metadata=mode, name=mode))
        return output_files.table(lake.folder)

    def test_current(self, millrace, tmp_path):
        table = self.names(millrace, tmp_path, "current")
        assert [c for c in table.column_names if c.startswith("_airbyte")] == ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"]
        ids = table.column("_airbyte_raw_id").to_pylist()
        assert len(set(ids)) == table.num_rows and all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", i) for i in ids)
        extracted = table.column("_airbyte_extracted_at").to_pylist()
        assert all(abs((datetime.datetime.now(datetime.timezone.utc) - e.replace(tzinfo=datetime.timezone.utc)).total_seconds()) < 600 for e in extracted)
        assert "changes" in str(table.column("_airbyte_meta")[0])

    def test_classic(self, millrace, tmp_path):
        table = self.names(millrace, tmp_path, "classic")
        assert [c for c in table.column_names if c.startswith("_airbyte")] == ["_airbyte_ab_id", "_airbyte_emitted_at"]

    def test_none(self, millrace, tmp_path):
        assert not [c for c in self.names(millrace, tmp_path, "none").column_names if c.startswith("_airbyte")]

    def test_generation_counts_refreshes(self, millrace, tmp_path):
        lake = LocalLake(tmp_path / "g")
        file = millrace.file(FAKER, lake.end(), streams=[{"name": "products"}])
        seen = []
        for _ in range(3):
            millrace.sync(file)
            [generation] = set(output_files.table(lake.folder).column("_airbyte_generation_id").to_pylist())
            seen.append(generation)
        assert seen == sorted(set(seen)), "each overwrite has a generation of its own, greater than the last"


class TestBucket:
    def test_nothing_hidden_is_left_open(self, millrace, db, bucket):
        customers(db, 20_000)
        file = millrace.file(("postgres", db.config()), ("s3", bucket.config()))
        for _ in range(3):
            millrace.sync(file)
        assert bucket.pending_uploads() == []
        assert len(bucket.visible_keys()) == 1

    def test_overwrite_leaves_foreign_objects_alone(self, millrace, bucket):
        bucket.put("lake/other/thing.parquet", b"not ours")
        bucket.put("lake/readme.txt", b"nor this")
        file = millrace.file(FAKER, ("s3", bucket.config()), streams=[{"name": "products"}])
        millrace.sync(file)
        millrace.sync(file)
        assert bucket.get("lake/other/thing.parquet") == b"not ours" and bucket.get("lake/readme.txt") == b"nor this"

    def test_any_region_and_a_slash_at_the_end(self, millrace, bucket):
        config = bucket.config(s3_bucket_region="garage", s3_endpoint=bucket.server.endpoint + "/")
        millrace.sync(millrace.file(FAKER, ("s3", config), streams=[{"name": "products"}]))
        assert len(bucket.visible_keys()) == 1

    def test_check_leaves_nothing(self, millrace, bucket):
        millrace.run("check", millrace.file(FAKER, ("s3", bucket.config())), expect=0)
        assert bucket.keys() == [] and bucket.pending_uploads() == []

    def test_many_streams_at_once(self, millrace, db, bucket):
        db.execute("".join(f"create table t{i} as select g as id from generate_series(1, {i + 1}) g;" for i in range(40)))
        millrace.sync(millrace.file(("postgres", db.config()), ("s3", bucket.config())))
        assert len(bucket.visible_keys()) == 40


class TestLocal:
    def test_two_connections_into_one_folder(self, millrace, tmp_path):
        lake = LocalLake(tmp_path / "lake")
        for name, prefix in (("a", "a_"), ("b", "b_")):
            millrace.sync(millrace.file(FAKER, lake.end(), streams=[{"name": "products"}], prefix=prefix, name=name))
        folders = collections.Counter(p.parent.name for p in output_files.visible(lake.folder))
        assert folders == {"a_products": 1, "b_products": 1}

    def test_relative_paths_are_the_working_directory_s(self, millrace):
        millrace.sync(millrace.file(FAKER, ("local", {"path": "here", "format": PARQUET}), streams=[{"name": "products"}]))
        assert output_files.visible(millrace.folder / "here")
