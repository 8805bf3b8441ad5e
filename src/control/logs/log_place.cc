// Which storage a server's options name.
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "control/logs/attempt_logs.h"

namespace millrace {

Result<std::unique_ptr<AttemptLogs>> AttemptLogs::OpenAt(const std::string& place,
                                                         const std::filesystem::path& data_dir,
                                                         const Clock& clock) {
  if (place.empty()) {
    MR_ASSIGN_OR_RETURN(auto folder, OpenLogFolder(data_dir / "logs"));
    return std::make_unique<AttemptLogs>(std::move(folder), clock);
  }
  const auto url = boost::urls::parse_uri(place);
  if (!url || url->scheme() != "s3" || url->host().empty()) {
    return ConfigError("{} is no place for logs: give s3://BUCKET/PREFIX, or leave it out", place);
  }
  S3Config config;
  config.bucket = url->host();
  for (const auto parameter : url->params()) {
    if (parameter.key == "endpoint") {
      config.endpoint = parameter.value;
    } else if (parameter.key == "region") {
      config.region = parameter.value;
    } else {
      return ConfigError(
          "the place for logs has an unknown setting {}: endpoint and region are known",
          parameter.key);
    }
  }
  std::string prefix = url->path();
  prefix.erase(0, prefix.find_first_not_of('/'));
  MR_ASSIGN_OR_RETURN(auto bucket, MakeLogBucket(config, std::move(prefix)));
  Options options;
  // Each write is an object.
  options.write_interval = std::chrono::seconds(2);
  return std::make_unique<AttemptLogs>(std::move(bucket), clock, options);
}

}  // namespace millrace
