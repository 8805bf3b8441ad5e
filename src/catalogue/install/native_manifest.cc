#include "catalogue/install/native_manifest.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "base/file_io.h"
#include "catalogue/install/image_layer.h"
#include "catalogue/install/image_registry.h"
#include "clients/http/http_client.h"
#include "clients/http/http_error.h"

namespace millrace {
namespace {

constexpr int64_t kManifestFileBytesMax = 16 << 20;
constexpr const char* kManifestFile = "manifest.yaml";

/// "source-the-guardian": source_the_guardian.
std::string ModuleOf(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

Result<FoundManifest> ManifestAtUrl(const std::string& url, std::stop_token stop) {
  HttpOptions options;
  options.retry.attempts_max = 3;
  options.body_bytes_max = kManifestFileBytesMax;
  HttpClient client(options);
  HttpCall call;
  call.url = url;
  MR_ASSIGN_OR_RETURN(HttpReply reply, client.Send(call, std::move(stop)));
  if (!reply.head.ok()) return HttpStatusError(call, reply);
  return FoundManifest{std::move(reply.body), SafeUrl(url), false};
}

}  // namespace

Result<FoundManifest> ManifestAt(const std::string& from, std::stop_token stop) {
  if (from.starts_with("http://") || from.starts_with("https://")) {
    return ManifestAtUrl(from, std::move(stop));
  }
  MR_ASSIGN_OR_RETURN(std::string text, ReadFile(from, kManifestFileBytesMax));
  std::error_code ignored;
  const auto path = std::filesystem::absolute(from, ignored).lexically_normal();
  return FoundManifest{std::move(text), path.string(), false};
}

Result<FoundManifest> ManifestOfImage(const std::string& name, const std::string& repository,
                                      const std::string& tag, const Environment& environment,
                                      std::stop_token stop) {
  const std::string code = "airbyte/integration_code/";
  std::vector<ImageFile> files = {{code + "source_declarative_manifest/" + kManifestFile, {}},
                                  {code + ModuleOf(name) + "/" + kManifestFile, {}},
                                  {code + kManifestFile, {}}};
  const auto find = [&]() -> Status {
    MR_ASSIGN_OR_RETURN(ImagePlace place, PlaceOfImage(repository, environment));
    ImageRegistry registry(std::move(place), stop);
    MR_ASSIGN_OR_RETURN(const auto layers, registry.Layers(tag));
    return registry.Search(layers, LayerLimits{.file_bytes_max = kManifestFileBytesMax}, &files);
  };
  const std::string image = fmt::format("image {}:{}", repository, tag);
  if (const Status found = find(); !found.ok()) return found.WithContext(image);
  for (ImageFile& file : files) {
    if (file.content) return FoundManifest{*std::move(file.content), image, false};
  }
  return ConfigError("{} has no {}{}/{}: it is no low-code connector", image, code,
                     "source_declarative_manifest", kManifestFile);
}

Result<std::optional<std::string>> ManifestInEnvironment(const std::filesystem::path& venv,
                                                         const std::string& name) {
  std::error_code code;
  for (std::filesystem::directory_iterator at(venv / "lib", code), end; !code && at != end;
       at.increment(code)) {
    const std::filesystem::path packages = at->path() / "site-packages";
    for (const std::string& folder :
         {ModuleOf(name), std::string("source_declarative_manifest"), std::string(".")}) {
      const std::filesystem::path file = packages / folder / kManifestFile;
      std::error_code ignored;
      if (!std::filesystem::is_regular_file(file, ignored)) continue;
      MR_ASSIGN_OR_RETURN(std::string text, ReadFile(file, kManifestFileBytesMax));
      return std::optional(std::move(text));
    }
  }
  return std::optional<std::string>();
}

std::string InstallTimeText(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace millrace
