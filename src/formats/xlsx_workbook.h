#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

/// Opens an .xlsx file's bytes from the start; called once for each part that is read.
using OpenWorkbook = std::function<Result<std::unique_ptr<ByteReader>>()>;

/// What an .xlsx file says about its sheets: their names and parts, the shared texts, which cell
/// styles are dates, from when dates count. Immutable once opened.
class XlsxWorkbook {
 public:
  struct Sheet {
    std::string name, part;
  };

  /// The shared texts may take this much in all: they are held in memory.
  static constexpr size_t kSharedBytesMax = 256 << 20;

  /// Config errors say what is wrong; workbooks of before 2007, and encrypted ones, are refused by
  /// name.
  static Result<XlsxWorkbook> Open(OpenWorkbook open);

  const std::vector<Sheet>& sheets() const { return sheets_; }
  const std::vector<std::string>& shared_texts() const { return shared_texts_; }
  bool IsDate(size_t style) const { return style < dates_.size() && dates_[style]; }
  bool counts_from_1904() const { return from_1904_; }

  /// A sheet's XML, unpacked.
  Result<std::unique_ptr<ByteReader>> OpenPart(const std::string& part) const;

 private:
  explicit XlsxWorkbook(OpenWorkbook open) : open_(std::move(open)) {}

  Status ReadSheets();
  Status ReadStyles(const std::string& part);
  Status ReadSharedTexts(const std::string& part);

  OpenWorkbook open_;
  std::vector<Sheet> sheets_;
  std::vector<std::string> shared_texts_;
  std::vector<bool> dates_;  // by style
  bool from_1904_ = false;
};

/// Whether a number format ("yyyy-mm-dd", "[h]:mm", "0.00") shows dates or times.
bool IsDateFormat(std::string_view format);

/// "_x000D_" and the like as the characters they stand for.
std::string UnescapeXlsxText(std::string_view text);

}  // namespace millrace
