#include "cli/builtin_connectors.h"

#include <gmock/gmock.h>

#include <set>

#include "catalogue/catalogue.h"
#include "catalogue/connector_packages.h"
#include "catalogue/embedded_data.h"

namespace millrace {
namespace {

/// The list here and the specifications that the catalogue embeds are two lists of one thing.
TEST(BuiltinConnectors, AreTheOnesWithAnEmbeddedSpecification) {
  std::set<std::string_view> listed, specified;
  for (const ConnectorEntry& entry : BuiltinConnectors()) {
    EXPECT_TRUE(listed.insert(entry.name).second) << entry.name;
    EXPECT_NE(entry.make_source == nullptr, entry.make_destination == nullptr) << entry.name;
    EXPECT_EQ(entry.make_source != nullptr, entry.name.starts_with("source-")) << entry.name;
  }
  for (const EmbeddedSpec& spec : EmbeddedSpecs()) specified.insert(spec.name);
  specified.erase(kManifestRunner);  // made by MakeSource, because it needs a keeper of its tokens
  EXPECT_EQ(listed, specified);
}

TEST(BuiltinConnectors, AreFoundByName) {
  ASSERT_NE(FindBuiltinConnector("source-faker"), nullptr);
  EXPECT_EQ(FindBuiltinConnector("faker"), nullptr);
}

}  // namespace
}  // namespace millrace
