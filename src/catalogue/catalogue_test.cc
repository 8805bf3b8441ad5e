#include "catalogue/catalogue.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "catalogue/connector_packages.h"
#include "catalogue/embedded_data.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

TEST(Catalogue, HoldsEveryConnectorOnce) {
  const auto& entries = Catalogue::Embedded().entries();
  EXPECT_GE(entries.size(), 684u);
  std::set<std::string> names, ids;
  for (const CatalogueEntry& entry : entries) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_TRUE(ids.insert(entry.definition_id).second) << entry.definition_id;
    EXPECT_FALSE(entry.display_name.empty()) << entry.name;
  }
}

TEST(Catalogue, KnowsHowAConnectorRuns) {
  const auto& catalogue = Catalogue::Embedded();
  const auto stripe = catalogue.Find("source-stripe");
  ASSERT_TRUE(stripe.ok());
  EXPECT_EQ((*stripe)->runs, ConnectorKind::kManifest);
  EXPECT_EQ((*stripe)->definition_id, "e094cb9a-26de-4645-8761-65c0c425d1de");
  EXPECT_FALSE((*stripe)->installed);
  EXPECT_EQ((*catalogue.Find("source-salesforce"))->runs, ConnectorKind::kPython);
  EXPECT_EQ((*catalogue.Find("source-hubspot"))->runs, ConnectorKind::kPython);
  EXPECT_EQ((*catalogue.Find("destination-pinecone"))->runs, ConnectorKind::kContainer);
}

TEST(Catalogue, FindsByShortNameAndOffersNearOnes) {
  const auto& catalogue = Catalogue::Embedded();
  const auto short_name = catalogue.Find(ConnectorType::kSource, "postgres");
  ASSERT_TRUE(short_name.ok());
  EXPECT_EQ((*short_name)->name, "source-postgres");
  EXPECT_EQ((*catalogue.Find(ConnectorType::kDestination, "destination-s3"))->name,
            "destination-s3");
  const auto typo = catalogue.Find(ConnectorType::kSource, "postgers");
  ASSERT_FALSE(typo.ok());
  EXPECT_THAT(typo.status().ToString(), HasSubstr("did you mean postgres"));
  EXPECT_FALSE(catalogue.Find("").ok());
}

TEST(Catalogue, GivesEveryBuiltInConnectorItsSpecification) {
  for (const EmbeddedSpec& spec : EmbeddedSpecs()) {
    SCOPED_TRACE(spec.name);
    if (spec.name == kManifestRunner)
      continue;  // it runs the catalogue's manifests, and is none of it
    const auto entry = Catalogue::Embedded().Find(spec.name);
    ASSERT_TRUE(entry.ok());
    EXPECT_EQ((*entry)->runs, ConnectorKind::kBuiltIn);
    EXPECT_TRUE((*entry)->installed);
    const auto json = BuiltinSpec(spec.name);
    ASSERT_TRUE(json.ok()) << json.status().ToString();
    EXPECT_TRUE((*json)["connectionSpecification"].is_object());
  }
  EXPECT_FALSE(BuiltinSpec("source-stripe").ok());
}

}  // namespace
}  // namespace millrace
