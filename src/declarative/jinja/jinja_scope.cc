#include "declarative/jinja/jinja_scope.h"

#include <algorithm>

namespace millrace {

JinjaScope::Place JinjaScope::Define(const std::string& name, Origin origin) {
  const auto next = static_cast<uint16_t>(function_->slots.size());
  const uint16_t slot = function_->slots.emplace(std::pair(level_, name), next).first->second;
  const Place place{function_, slot};
  places_[name] = place;
  origins_[place] = std::move(origin);
  return place;
}

const JinjaScope::Place* JinjaScope::FindPlace(const std::string& name) const {
  for (const JinjaScope* scope = this; scope != nullptr; scope = scope->parent_) {
    const auto found = scope->places_.find(name);
    if (found != scope->places_.end()) return &found->second;
  }
  return nullptr;
}

void JinjaScope::Store(const std::string& name) {
  stores_.insert(name);
  if (places_.count(name) > 0) return;
  const Place* outer = parent_ == nullptr ? nullptr : parent_->FindPlace(name);
  Define(name, outer == nullptr ? Origin{} : Origin{Source::kOuter, {}, *outer});
}

void JinjaScope::StoreParameter(const std::string& name) {
  stores_.insert(name);
  Define(name, {Source::kParameter, {}, {}});
}

void JinjaScope::Load(const std::string& name) {
  if (FindPlace(name) == nullptr) Define(name, {Source::kContext, name, {}});
}

void JinjaScope::TakeBranches(const std::vector<JinjaScope>& branches) {
  std::set<std::string> stored;
  for (const JinjaScope& branch : branches) {
    std::set_difference(branch.stores_.begin(), branch.stores_.end(), stores_.begin(),
                        stores_.end(), std::inserter(stored, stored.end()));
  }
  for (const JinjaScope& branch : branches) {
    for (const auto& [name, place] : branch.places_) places_[name] = place;
    for (const auto& [place, origin] : branch.origins_) origins_[place] = origin;
    stores_.insert(branch.stores_.begin(), branch.stores_.end());
  }
  for (const std::string& name : stored) {
    const Place* outer = parent_ == nullptr ? nullptr : parent_->FindPlace(name);
    origins_[*FindPlace(name)] =
        outer == nullptr ? Origin{Source::kContext, name, {}} : Origin{Source::kOuter, {}, *outer};
  }
}

JinjaRef JinjaScope::RefOf(const Place& place, const JinjaFunctionScope* from) const {
  return {static_cast<uint16_t>(from->depth - place.function->depth), place.slot};
}

std::optional<JinjaRef> JinjaScope::Find(const std::string& name,
                                         const JinjaFunctionScope* function) const {
  const Place* place = FindPlace(name);
  return place == nullptr ? std::nullopt : std::optional(RefOf(*place, function));
}

std::vector<JinjaLoad> JinjaScope::Loads(std::vector<std::string>* names) const {
  std::vector<JinjaLoad> loads;
  for (const auto& [place, origin] : origins_) {
    if (origin.source == Source::kParameter) continue;
    JinjaLoad load;
    load.target = RefOf(place, function_);
    if (origin.source == Source::kContext) {
      load.action = JinjaLoad::Action::kFromContext;
      const auto known = std::find(names->begin(), names->end(), origin.name);
      load.source = static_cast<uint32_t>(known - names->begin());
      if (known == names->end()) names->push_back(origin.name);
    } else if (origin.source == Source::kOuter) {
      load.action = JinjaLoad::Action::kFromOuter;
      load.outer = RefOf(origin.outer, function_);
    }
    loads.push_back(load);
  }
  return loads;
}

}  // namespace millrace
