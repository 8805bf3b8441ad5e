#include <cstddef>
#include <cstdint>
#include <string_view>

#include "declarative/manifest/manifest.h"
#include "declarative/manifest/yaml_reader.h"

/// Whatever the text: a value or an error, in bounded time; and so for what a manifest becomes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  millrace::YamlLines lines;
  const bool read = millrace::ReadYaml(text, {.lines = &lines}).ok();
  const bool read_strictly = millrace::ReadYaml(text, {.tabs = millrace::YamlTabs::kRefused}).ok();
  // What the stricter rule takes, the other one takes, too.
  if (read_strictly && !read) __builtin_trap();
  (void)millrace::LoadManifest(text).ok();
  return 0;
}
