#include "server/public_api/typed_sources.h"

#include <algorithm>

namespace millrace {
namespace {

/// Of the catalogue's sources, those that the SDKs have no model for (airbyte-api 1.0.1); sorted.
constexpr std::string_view kUntypedSources[] = {
    "adjust",
    "airbyte-customer-io-source",
    "airbyte-harness-source",
    "airbyte-jenkins-source",
    "airbyte-pagerduty-source",
    "airbyte-victorops-source",
    "alloydb",
    "appstore-singer",
    "avni",
    "bigcommerce",
    "box-data-extract",
    "chift",
    "cockroachdb",
    "commcare",
    "commercetools",
    "courier",
    "db2",
    "dv-360",
    "e2e-test",
    "e2e-test-cloud",
    "firebase-realtime-database",
    "genesys",
    "google-analytics-v4",
    "google-workspace-admin-reports",
    "grafana",
    "granola",
    "jina-ai-reader",
    "kafka",
    "kustomer-singer",
    "kyriba",
    "nexus-datasets",
    "orbit",
    "public-apis",
    "punk-api",
    "qonto",
    "search-metrics",
    "sharepoint-lists-enterprise",
    "singlestore",
    "stigg",
    "surveycto",
    "talkdesk-explore",
    "teradata",
    "tidb",
    "tplcentral",
    "xero",
    "zendesk-sell",
    "zuora",
};

}  // namespace

std::string TypeNameOf(const CatalogueEntry& entry) {
  const std::string prefix = std::string(ToString(entry.type)) + "-";
  return entry.name.starts_with(prefix) ? entry.name.substr(prefix.size()) : entry.name;
}

bool HasTypedModel(const CatalogueEntry& entry) {
  if (entry.type == ConnectorType::kDestination) return true;
  return !std::ranges::binary_search(kUntypedSources, std::string_view(TypeNameOf(entry)));
}

}  // namespace millrace
