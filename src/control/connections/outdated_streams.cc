#include "control/connections/outdated_streams.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

/// What of a stream's configuration decides which rows it has.
constexpr const char* kDecisive[] = {"syncMode",   "destinationSyncMode",   "cursorField",
                                     "primaryKey", "fieldSelectionEnabled", "selectedFields"};

bool Differs(const Json& before, const Json& after) {
  for (const char* field : kDecisive) {
    if (FieldOf(FieldOf(before, "config"), field) != FieldOf(FieldOf(after, "config"), field)) {
      return true;
    }
  }
  return FieldOf(FieldOf(before, "stream"), "jsonSchema") !=
         FieldOf(FieldOf(after, "stream"), "jsonSchema");
}

}  // namespace

std::vector<StreamDescriptor> OutdatedStreams(const Json& before, const Json& after) {
  std::vector<StreamDescriptor> outdated;
  const Json& streams = FieldOf(after, "streams");
  if (!streams.is_array()) return outdated;
  for (const Json& entry : streams) {
    if (!IsSelected(entry)) continue;
    const Json* was = FindEntry(before, DescriptorOf(entry));
    if (was == nullptr || !IsSelected(*was) || Differs(*was, entry)) {
      outdated.push_back(DescriptorOf(entry));
    }
  }
  return outdated;
}

}  // namespace millrace
