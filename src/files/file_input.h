#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/byte_reader.h"
#include "base/result.h"
#include "clients/object_store/object_store.h"

namespace millrace {

/// What is known of a file before it is read.
struct FileFacts {
  int64_t size = -1;      ///< -1: unknown
  bool ranged = false;    ///< Open can begin anywhere at little cost
  std::string version;    ///< changes when the content does (ETag, modification time); may be empty
  bool may_grow = false;  ///< a larger file of another version still begins with the same bytes
};

/// The bytes of one file, wherever they lie. Errors name the file; a
/// missing file and a refused permission are config errors. Thread-safe.
class FileInput {
 public:
  virtual ~FileInput() = default;

  /// For messages: a path or an address, without secrets.
  virtual const std::string& name() const = 0;
  /// Looks whether the file is there. Blocks for I/O.
  virtual Result<FileFacts> Stat() = 0;
  /// Reads from `offset` on, to the file's end or at most `size` bytes (-1: no bound).
  virtual Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) = 0;
};

/// A file of this machine.
std::unique_ptr<FileInput> MakeLocalInput(std::string path);
/// What a web server answers a GET request with. Ranged when the server says that it gives out
/// parts.
std::unique_ptr<FileInput> MakeHttpInput(std::string url);
/// An object of a store that gives out parts: all that we know.
std::unique_ptr<FileInput> MakeObjectInput(std::shared_ptr<ObjectStore> store, std::string key);
/// An object as a listing showed it: Stat asks nobody.
std::unique_ptr<FileInput> MakeListedInput(std::shared_ptr<ObjectStore> store,
                                           const ObjectInfo& listed);

}  // namespace millrace
