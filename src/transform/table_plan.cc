#include "transform/table_plan.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace {
namespace {

bool IsObject(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT && type.num_fields() > 0;
}

bool IsArrayOfObjects(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST &&
         IsObject(*static_cast<const arrow::ListType&>(type).value_type());
}

/// `wanted`, or with the first number that makes it one of its kind.
std::string Unique(const std::string& wanted, std::set<std::string>* taken) {
  std::string name = wanted;
  for (int number = 2; !taken->insert(name).second; ++number) {
    name = fmt::format("{}_{}", wanted, number);
  }
  return name;
}

class Planner {
 public:
  explicit Planner(const TablePlan* declared, int array_depth)
      : declared_(declared), array_depth_(array_depth) {}

  TablePlan Plan(const arrow::FieldVector& fields) {
    for (const auto& field : fields) {
      if (!IsObject(*field->type())) taken_.insert(field->name());
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      Add(*fields[i], {{fields[i]->name()}, {static_cast<int>(i)}}, fields[i]->nullable());
    }
    return std::move(plan_);
  }

 private:
  void Add(const arrow::Field& field, NestedPlace place, bool nullable) {
    const arrow::DataType& type = *field.type();
    if (IsObject(type) && place.names.size() <= kFlattenedDepthMax) {
      for (int i = 0; i < type.num_fields(); ++i) {
        NestedPlace inner = place;
        inner.names.push_back(type.field(i)->name());
        inner.positions.push_back(i);
        Add(*type.field(i), std::move(inner), nullable || type.field(i)->nullable());
      }
      return;
    }
    if (IsArrayOfObjects(type) && AddChild(type, place)) return;
    const bool top = place.names.size() == 1;
    const std::string name = top ? field.name() : Unique(Joined(place.names), &taken_);
    plan_.columns.push_back({std::move(place), arrow::field(name, field.type(), nullable)});
  }

  bool AddChild(const arrow::DataType& type, const NestedPlace& place) {
    if (array_depth_ >= kChildTableDepthMax) return false;
    const auto& element = *static_cast<const arrow::ListType&>(type).value_type();
    ChildPlan child;
    if (declared_ != nullptr) {
      const auto found =
          std::find_if(declared_->children.begin(), declared_->children.end(),
                       [&](const ChildPlan& one) { return one.place.names == place.names; });
      if (found == declared_->children.end()) return false;
      child.name = found->name;
      child.output = found->output;
      child.hashid = found->hashid;
      child.parent_hashid = found->parent_hashid;
      child.table = Planner(&found->table, array_depth_ + 1).Plan(element.fields());
    } else {
      child.name = Unique(Joined(place.names), &child_names_);
      child.table = Planner(nullptr, array_depth_ + 1).Plan(element.fields());
    }
    child.place = place;
    plan_.children.push_back(std::move(child));
    return true;
  }

  static std::string Joined(const FieldPath& names) {
    std::string joined = names.front();
    for (size_t i = 1; i < names.size(); ++i) joined += "_" + names[i];
    return joined;
  }

  const TablePlan* const declared_;
  const int array_depth_;
  TablePlan plan_;
  std::set<std::string> taken_;
  std::set<std::string> child_names_;
};

}  // namespace

const FlatColumn* TablePlan::Find(const FieldPath& place) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const FlatColumn& column) {
    return column.place.names == place;
  });
  return found == columns.end() ? nullptr : &*found;
}

TablePlan PlanTable(const arrow::FieldVector& fields, const TablePlan* declared) {
  return Planner(declared, 0).Plan(fields);
}

}  // namespace millrace
