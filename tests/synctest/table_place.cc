#include "table_place.h"

#include <cstdlib>

#include "clients/postgres/testing/temporary_server.h"
#include "clients/s3/testing/s3_server.h"

namespace millrace::synctest {

Result<std::unique_ptr<TablePlace>> OpenPlace(const std::string& kind,
                                              const std::filesystem::path& folder) {
  if (kind == "local") return OpenLocalPlace(folder);
  if (kind == "s3") return OpenS3Place(folder);
  if (kind == "postgres") return OpenPostgresPlace(folder);
  return ConfigError("unknown place {}", kind);
}

Status StartServerFor(const std::string& kind) {
  if (kind == "s3") {
    const S3Config config = S3Server::Get().Config();  // says itself why it can't
    auto client = S3Client::Make(config);
    if (!client.ok() || !(*client)->PutObject("synctest", "ready").ok()) {
      return SystemError("the S3 server for the golden tests did not start");
    }
    ::setenv("MILLRACE_TEST_S3_ENDPOINT", config.endpoint.c_str(), 1);
    ::setenv("MILLRACE_TEST_S3_BUCKET", config.bucket.c_str(), 1);
    ::setenv("MILLRACE_TEST_S3_KEY", config.credentials.access_key_id.c_str(), 1);
    ::setenv("MILLRACE_TEST_S3_SECRET", config.credentials.secret_access_key.c_str(), 1);
  } else if (kind == "postgres") {
    static std::unique_ptr<TemporaryServer> server;
    MR_ASSIGN_OR_RETURN(server, TemporaryServer::Start());
    ::setenv("MILLRACE_TEST_PG_PORT", std::to_string(server->port()).c_str(), 1);
  }
  return Status::Ok();
}

}  // namespace millrace::synctest
