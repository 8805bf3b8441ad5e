// Any bytes as an Avro file: read to its end or to an error, and every batch on the way is valid.
#include <arrow/record_batch.h>

#include <cstdint>
#include <string>

#include "base/check.h"
#include "formats/avro_reader.h"
#include "formats/testing/memory_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  const bool as_text = (data[0] & 1) != 0;
  const int64_t chunk = 1 + data[0] / 2;
  MemoryReader bytes(std::string(reinterpret_cast<const char*>(data) + 1, size - 1), chunk);
  const auto reader = AvroReader::Open(bytes, as_text, {});
  if (!reader.ok()) return 0;
  while (true) {
    const auto batch = (*reader)->Next();
    if (!batch.ok() || batch->rows == nullptr) return 0;
    MR_CHECK(batch->rows->ValidateFull().ok(), "a batch is valid");
    for (const FieldChange& change : batch->changes) {
      MR_CHECK(change.row >= 0 && change.row < batch->rows->num_rows(), "a change has a row");
    }
  }
}
