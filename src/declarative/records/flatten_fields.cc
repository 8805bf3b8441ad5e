#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "declarative/jinja/py_operators.h"
#include "declarative/records/transformations.h"

namespace millrace {
namespace {

/// Takes what was put aside last first, so that fields come out from the back of the record; names
/// of parents are put in front from the first list on, or where a name is taken.
class FlattenFields final : public RecordTransformation {
 public:
  explicit FlattenFields(bool lists) : lists_(lists) {}

  Status Transform(const PyValue& record, RecordContext&) const override {
    struct Open {
      PyValue value, name;
    };
    std::vector<Open> open;
    open.push_back({PyValue(PyDict(record.dict())), PyValue("_")});
    FlatRecord flat;
    bool with_parent = false;
    while (!open.empty()) {
      const Open next = std::move(open.back());
      open.pop_back();
      if (next.value.is_dict()) {
        for (const auto& [key, value] : next.value.dict()) {
          const bool named = with_parent || flat.Has(key);
          open.push_back({value, named ? PyValue(PyStr(next.name) + "." + PyStr(key)) : key});
        }
      } else if (next.value.is_list() && lists_) {
        const PyList& items = next.value.items();
        with_parent = with_parent || !items.empty();
        for (size_t at = 0; at < items.size(); ++at) {
          open.push_back({items[at], PyValue(PyStr(next.name) + "." + std::to_string(at))});
        }
      } else {
        flat.Set(next.name, next.value);
      }
    }
    record.mutable_dict() = flat.Take();
    return Status::Ok();
  }

 private:
  /// A dict that finds its keys fast: records can have thousands of leaves.
  class FlatRecord {
   public:
    bool Has(const PyValue& key) const {
      return key.is_str() ? places_.contains(key.str()) : dict_.Find(key) != nullptr;
    }
    void Set(const PyValue& key, const PyValue& value) {
      if (!key.is_str()) return dict_.Set(key, value);
      const auto [place, fresh] = places_.try_emplace(key.str(), dict_.size());
      if (fresh) {
        dict_.Append(key, value);
      } else {
        (dict_.begin() + static_cast<std::ptrdiff_t>(place->second))->second = value;
      }
    }
    PyDict Take() { return std::move(dict_); }

   private:
    PyDict dict_;
    std::unordered_map<std::string, size_t> places_;
  };

  const bool lists_;
};

}  // namespace

Result<std::unique_ptr<const RecordTransformation>> MakeFlattenFields(const Component& component,
                                                                      const EngineEnvironment&) {
  MR_ASSIGN_OR_RETURN(const bool lists, component.BoolOr("flatten_lists", true));
  return std::make_unique<FlattenFields>(lists);
}

}  // namespace millrace
