#pragma once

#include <string>
#include <vector>

#include "declarative/jinja/py_value.h"
#include "declarative/manifest/component_table.h"

namespace millrace {

/// Whether the value may stand where the rule holds.
bool FollowsRule(const ComponentTable& table, const ValueRule& rule, const PyValue& value);

/// The rule's own test, without what the value holds: its kind, bounds, number of items.
bool FollowsRuleItself(const ValueRule& rule, const PyValue& value);

/// Whether one of these fields is there.
bool HasAnyOf(const PyDict& dict, const std::vector<std::string>& names);

}  // namespace millrace
