#include "formats/decompressor.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <random>
#include <vector>

#include "formats/testing/memory_reader.h"
#include "formats/text_converter.h"

namespace millrace {
namespace {

/// Files packed by libarchive, which is another implementation than the readers under test for
/// gzip and zstd.
std::string Pack(Compression compression,
                 const std::vector<std::pair<std::string, std::string>>& files) {
  std::string packed(16 << 20, '\0');
  size_t used = 0;
  archive* const a = archive_write_new();
  compression == Compression::kZip ? archive_write_set_format_zip(a)
                                   : archive_write_set_format_raw(a);
  if (compression == Compression::kGzip) archive_write_add_filter_gzip(a);
  if (compression == Compression::kBzip2) archive_write_add_filter_bzip2(a);
  if (compression == Compression::kZstd) archive_write_add_filter_zstd(a);
  if (compression == Compression::kXz) archive_write_add_filter_xz(a);
  archive_write_open_memory(a, packed.data(), packed.size(), &used);
  for (const auto& [name, content] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    EXPECT_EQ(archive_write_header(a, entry), ARCHIVE_OK) << archive_error_string(a);
    archive_write_data(a, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  packed.resize(used);
  return packed;
}

struct Unpacked {
  Status status;
  std::string text;
};

Unpacked Unpack(const std::string& packed, Compression compression, int64_t chunk = 1 << 30,
                const std::string& member = "") {
  auto reader = Decompress(std::make_unique<MemoryReader>(packed, chunk), compression, member);
  if (!reader.ok()) return {reader.status(), ""};
  Unpacked result;
  char block[1000];
  for (;;) {
    const auto got = (*reader)->Read(block, sizeof(block));
    if (!got.ok()) return {got.status(), result.text};
    if (*got == 0) return result;
    result.text.append(block, static_cast<size_t>(*got));
  }
}

std::string SomeText() {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < 300'000) text += std::to_string(random()) + ",row\n";
  return text;
}

class EveryCompression : public testing::TestWithParam<Compression> {};

TEST_P(EveryCompression, ReadsWhatWasPacked) {
  const std::string text = SomeText();
  const std::string packed = Pack(GetParam(), {{"data.csv", text}});
  EXPECT_EQ(CompressionOfBytes(packed.substr(0, 6)), GetParam());
  for (const int64_t chunk : {int64_t{1}, int64_t{777}, int64_t{1 << 30}}) {
    const Unpacked result = Unpack(packed, GetParam(), chunk);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_TRUE(result.text == text);
  }
}

TEST_P(EveryCompression, NoticesWhatIsCutShortOrSpoilt) {
  const std::string text = SomeText();
  const std::string packed = Pack(GetParam(), {{"data.csv", text}});
  for (const size_t size : {packed.size() / 2, packed.size() / 10, size_t{3}}) {
    const Unpacked cut = Unpack(packed.substr(0, size), GetParam());
    ASSERT_TRUE(cut.status.failed()) << size;
    EXPECT_EQ(cut.status.error().type, FailureType::kConfigError);
  }
  // A checksum stands in each format but zstd as libarchive writes it.
  if (GetParam() == Compression::kZstd) return;
  std::string spoilt = packed;
  spoilt[spoilt.size() / 2] = static_cast<char>(spoilt[spoilt.size() / 2] ^ 0x55);
  EXPECT_TRUE(Unpack(spoilt, GetParam()).status.failed());
}

INSTANTIATE_TEST_SUITE_P(Compressions, EveryCompression,
                         testing::Values(Compression::kGzip, Compression::kZip, Compression::kZstd,
                                         Compression::kBzip2, Compression::kXz),
                         [](const auto& info) { return std::string(ToString(info.param)); });

TEST(Decompressor, ReadsMembersAndFramesInARow) {
  const std::string gzip = Pack(Compression::kGzip, {{"a", "one\n"}});
  EXPECT_EQ(Unpack(gzip + gzip, Compression::kGzip).text, "one\none\n");
  std::string frame(100, '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), "two\n", 4, 1));
  EXPECT_EQ(Unpack(frame + frame, Compression::kZstd, 1).text, "two\ntwo\n");
}

TEST(Decompressor, NoticesAWrongGzipChecksum) {
  std::string packed = Pack(Compression::kGzip, {{"a", SomeText()}});
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);
  EXPECT_TRUE(Unpack(packed, Compression::kGzip).status.failed());
}

TEST(Decompressor, AsksWhichFileOfAZip) {
  const std::string packed = Pack(Compression::kZip, {{"a.csv", "A"}, {"b.csv", "B"}});
  const Unpacked two = Unpack(packed, Compression::kZip);
  ASSERT_TRUE(two.status.failed());
  EXPECT_NE(two.status.ToString().find("'a.csv', 'b.csv'"), std::string::npos);
  EXPECT_EQ(Unpack(packed, Compression::kZip, 1 << 30, "b.csv").text, "B");
  EXPECT_TRUE(Unpack(packed, Compression::kZip, 1 << 30, "c.csv").status.failed());
}

TEST(Decompressor, KnowsCompressionsByName) {
  EXPECT_EQ(CompressionOfName("a/b.CSV.GZ"), Compression::kGzip);
  EXPECT_EQ(CompressionOfName("a.csv"), Compression::kNone);
  EXPECT_EQ(CompressionFromString("bz2"), Compression::kBzip2);
  EXPECT_FALSE(CompressionFromString("rar").has_value());
}

TEST(TextConverter, ConvertsByteByByte) {
  const std::string wide("\xFE\xFF\0a\0\xE9\xD8\x3D\xDE\x00", 10);  // a, e acute, an emoji
  for (const int64_t chunk : {int64_t{1}, int64_t{3}, int64_t{100}}) {
    auto reader = ConvertToUtf8(std::make_unique<MemoryReader>(wide, chunk), "utf-16");
    std::string text;
    char c = 0;
    for (;;) {
      const auto got = (*reader)->Read(&c, 1);
      ASSERT_TRUE(got.ok()) << got.status().ToString();
      if (*got == 0) break;
      text += c;
    }
    EXPECT_EQ(text, "a\xC3\xA9\xF0\x9F\x98\x80");
  }
  EXPECT_FALSE(ConvertToUtf8(std::make_unique<MemoryReader>(""), "klingon").ok());
}

}  // namespace
}  // namespace millrace
