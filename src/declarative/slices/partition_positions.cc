#include "declarative/slices/partition_positions.h"

#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {

std::shared_ptr<DatetimePosition> PartitionPositions::Find(const std::string& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second->position;
}

Status PartitionPositions::Set(std::string key, std::shared_ptr<DatetimePosition> position) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    found->second->position = std::move(position);
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(PyValue partition, ParsePyJson(key, PyJsonDialect::kPython));
  entries_.push_back({std::move(key), std::move(partition), std::move(position)});
  by_key_.emplace(entries_.back().key, std::prev(entries_.end()));
  return Status::Ok();
}

std::string PartitionPositions::DropOldest(bool* was_open) {
  auto oldest = entries_.begin();
  while (oldest != entries_.end() && open_.contains(oldest->key)) ++oldest;
  *was_open = oldest == entries_.end();
  if (*was_open) oldest = entries_.begin();
  by_key_.erase(oldest->key);
  std::string key = std::move(oldest->key);
  entries_.erase(oldest);
  return key;
}

bool PartitionPositions::Open(const std::string& key, const PyValue& parent_state) {
  const auto [open, is_new] = open_.try_emplace(key);
  if (!is_new) return false;
  open->second.number = opened_++;
  open_numbers_.insert(open->second.number);
  const bool same = !parent_states_.empty() && (parent_states_.back().first.Is(parent_state) ||
                                                PyEqual(parent_states_.back().first, parent_state));
  if (!same) parent_states_.emplace_back(parent_state, open->second.number);
  return true;
}

void PartitionPositions::AddSlice(const std::string& key, bool last) {
  OpenPartition& open = open_[key];
  ++open.slices;
  ++slices_open_;
  open.cut = last;
}

bool PartitionPositions::CloseSlice(const std::string& key) {
  const auto open = open_.find(key);
  if (open == open_.end() || open->second.slices == 0) return false;
  --open->second.slices;
  --slices_open_;
  return true;
}

bool PartitionPositions::IsDone(const std::string& key) const {
  const OpenPartition& open = open_.at(key);
  return open.cut && open.slices == 0;
}

void PartitionPositions::Release(const std::string& key) {
  const auto open = open_.find(key);
  open_numbers_.erase(open->second.number);
  open_.erase(open);
}

std::optional<PyValue> PartitionPositions::TakeParentState() {
  std::optional<PyValue> newest;
  while (!parent_states_.empty() &&
         (open_numbers_.empty() || *open_numbers_.begin() > parent_states_.front().second)) {
    newest = std::move(parent_states_.front().first);
    parent_states_.pop_front();
  }
  return newest;
}

}  // namespace millrace
