#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// For tests: a zip archive of these files, not compressed.
inline std::string StoredZip(const std::vector<std::pair<std::string, std::string>>& files) {
  const auto number = [](uint32_t value, int bytes) {
    std::string text;
    for (; bytes > 0; --bytes, value >>= 8) text += static_cast<char>(value & 0xff);
    return text;
  };
  std::string zip, directory;
  for (const auto& [name, content] : files) {
    const uint32_t size = static_cast<uint32_t>(content.size());
    const auto crc = static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(size)));
    const std::string common = number(20, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
                               number(crc, 4) + number(size, 4) + number(size, 4) +
                               number(static_cast<uint32_t>(name.size()), 2) + number(0, 2);
    directory += "PK\x01\x02" + number(20, 2) + common + number(0, 2) + number(0, 2) +
                 number(0, 2) + number(0, 4) + number(static_cast<uint32_t>(zip.size()), 4) + name;
    zip += "PK\x03\x04" + common + name + content;
  }
  const std::string count = number(static_cast<uint32_t>(files.size()), 2);
  return zip + directory + "PK\x05\x06" + number(0, 4) + count + count +
         number(static_cast<uint32_t>(directory.size()), 4) +
         number(static_cast<uint32_t>(zip.size()), 4) + number(0, 2);
}

/// The files of a workbook with one sheet, "Data"; the rest of its parts as tests need them.
inline std::string OneSheetWorkbook(const std::string& sheet, const std::string& shared = "",
                                    const std::string& styles = "", bool from_1904 = false) {
  const std::string relation = R"(<Relationship Type="http://x/)";
  return StoredZip({
      {"xl/workbook.xml",
       std::string(R"(<workbook xmlns:r="http://r"><workbookPr)") +
           (from_1904 ? R"( date1904="1")" : "") +
           R"(/><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>)"},
      {"xl/_rels/workbook.xml.rels",
       "<Relationships>" + relation + R"(worksheet" Id="rId1" Target="worksheets/sheet1.xml"/>)" +
           relation + R"(sharedStrings" Id="rId2" Target="/xl/sharedStrings.xml"/>)" + relation +
           R"(styles" Id="rId3" Target="styles.xml"/></Relationships>)"},
      {"xl/sharedStrings.xml", "<sst>" + shared + "</sst>"},
      {"xl/styles.xml", "<styleSheet>" + styles + "</styleSheet>"},
      {"xl/worksheets/sheet1.xml", sheet},
  });
}

}  // namespace millrace
