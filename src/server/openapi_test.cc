// The contract says what is served, and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/uuid.h"
#include "server/millrace_server.h"
#include "server/openapi/openapi_document.h"

namespace millrace {
namespace {

/// "GET /path" of each method below each path: the file keeps paths two blanks in, methods four.
std::vector<std::string> ContractRoutes() {
  std::vector<std::string> routes;
  std::string_view text = OpenApiText();
  text.remove_prefix(text.find("\npaths:\n") + 1);
  std::string path;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("components:")) break;
    if (line.starts_with("  /")) path = line.substr(2, line.rfind(':') - 2);
    if (line.starts_with("    ") && line.size() > 4 && line[4] != ' ') {
      std::string method(line.substr(4, line.find(':') - 4));
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return std::toupper(c); });
      routes.push_back(method + " " + path);
    }
  }
  std::sort(routes.begin(), routes.end());
  return routes;
}

TEST(OpenApi, NamesEveryPathThatIsServedAndNoOther) {
  const auto folder = std::filesystem::temp_directory_path() / ("millrace-openapi-" + RandomUuid());
  ServerOptions options;
  options.data_dir = folder;
  options.listen = {"127.0.0.1:0"};
  options.attempt_program = MILLRACE_ATTEMPT;
  {
    const auto server = MillraceServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    const auto served = (*server)->Routes();
    const auto contract = ContractRoutes();
    EXPECT_GT(contract.size(), 50U);
    for (const std::string& route : served) {
      EXPECT_TRUE(std::ranges::binary_search(contract, route))
          << route << " is not in src/server/openapi/openapi.yaml";
    }
    for (const std::string& route : contract) {
      EXPECT_NE(std::ranges::find(served, route), served.end()) << route << " is not served";
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace millrace
