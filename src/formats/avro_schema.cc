#include "formats/avro_schema.h"

#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/json.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

using AvroKind = AvroType::Kind;
using Logical = AvroType::Logical;
using TypePtr = std::shared_ptr<const AvroType>;

/// Types named over and over can make a small schema a large one.
constexpr int kTypesMax = 100'000;

struct Primitive {
  std::string_view name;
  AvroKind kind;
  int64_t bytes_min;
};
constexpr Primitive kPrimitives[] = {
    {"null", AvroKind::kNull, 0},   {"boolean", AvroKind::kBoolean, 1},
    {"int", AvroKind::kInt, 1},     {"long", AvroKind::kLong, 1},
    {"float", AvroKind::kFloat, 4}, {"double", AvroKind::kDouble, 8},
    {"bytes", AvroKind::kBytes, 1}, {"string", AvroKind::kString, 1},
};

struct LogicalName {
  std::string_view name;
  AvroKind kind;
  Logical logical;
  bool local_time;
};
constexpr LogicalName kLogicals[] = {
    {"date", AvroKind::kInt, Logical::kDate, false},
    {"time-millis", AvroKind::kInt, Logical::kTimeMillis, false},
    {"time-micros", AvroKind::kLong, Logical::kTimeMicros, false},
    {"timestamp-millis", AvroKind::kLong, Logical::kMillis, false},
    {"timestamp-micros", AvroKind::kLong, Logical::kMicros, false},
    {"timestamp-nanos", AvroKind::kLong, Logical::kNanos, false},
    {"local-timestamp-millis", AvroKind::kLong, Logical::kMillis, true},
    {"local-timestamp-micros", AvroKind::kLong, Logical::kMicros, true},
    {"local-timestamp-nanos", AvroKind::kLong, Logical::kNanos, true},
    {"decimal", AvroKind::kBytes, Logical::kDecimal, false},
    {"decimal", AvroKind::kFixed, Logical::kDecimal, false},
};

std::shared_ptr<arrow::DataType> LogicalType(const AvroType& type) {
  switch (type.logical) {
    case Logical::kDate:
      return arrow::date32();
    case Logical::kTimeMillis:
    case Logical::kTimeMicros:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Logical::kDecimal:
      if (type.precision <= 38) return arrow::decimal128(type.precision, type.scale);
      if (type.precision <= 76) return arrow::decimal256(type.precision, type.scale);
      return arrow::utf8();
    default:
      return type.local_time ? arrow::timestamp(arrow::TimeUnit::MICRO)
                             : arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  }
}

bool IsScalar(AvroKind kind) { return kind < AvroKind::kArray; }

std::shared_ptr<arrow::DataType> UnionType(const AvroType& type) {
  std::shared_ptr<arrow::DataType> only;
  bool alike = true, scalars = true;
  for (const TypePtr& branch : type.children) {
    if (branch->kind == AvroKind::kNull) continue;
    scalars = scalars && IsScalar(branch->kind);
    alike = alike && (only == nullptr || only->Equals(*branch->arrow_type));
    only = branch->arrow_type;
  }
  if (only == nullptr) return arrow::utf8();
  if (alike) return only;
  return scalars ? arrow::utf8() : json_text();
}

std::shared_ptr<arrow::DataType> ArrowType(const AvroType& type, bool double_as_string) {
  if (type.logical != Logical::kNone) return LogicalType(type);
  switch (type.kind) {
    case AvroKind::kBoolean:
      return arrow::boolean();
    case AvroKind::kInt:
    case AvroKind::kLong:
      return arrow::int64();
    case AvroKind::kFloat:
      return arrow::float64();
    case AvroKind::kDouble:
      return double_as_string ? arrow::utf8() : arrow::float64();
    case AvroKind::kBytes:
    case AvroKind::kFixed:
      return arrow::binary();
    case AvroKind::kArray:
      return arrow::list(type.children[0]->arrow_type);
    case AvroKind::kMap:
      return json_text();
    case AvroKind::kUnion:
      return UnionType(type);
    case AvroKind::kRecord: {
      arrow::FieldVector fields;
      for (size_t at = 0; at < type.children.size(); ++at) {
        fields.push_back(arrow::field(type.names[at], type.children[at]->arrow_type));
      }
      return arrow::struct_(std::move(fields));
    }
    default:
      return arrow::utf8();
  }
}

class SchemaParser {
 public:
  explicit SchemaParser(bool double_as_string) : double_as_string_(double_as_string) {}

  Result<TypePtr> Parse(const Json& json, const std::string& space, int depth) {
    if (depth > kAvroDepthMax || ++types_ > kTypesMax) {
      return ConfigError("the Avro schema is nested deeper than {} types, or has too many",
                         kAvroDepthMax);
    }
    if (json.is_string()) return Named(json.get<std::string>(), space);
    AvroType type;
    if (json.is_array()) {
      type.kind = AvroKind::kUnion;
      for (const Json& branch : json) {
        MR_ASSIGN_OR_RETURN(TypePtr child, Parse(branch, space, depth + 1));
        type.children.push_back(std::move(child));
      }
      if (type.children.empty()) return ConfigError("the Avro schema has a union of nothing");
      type.bytes_min = 1;
      return Finish(std::move(type));
    }
    if (!json.is_object() || !json.contains("type")) {
      return ConfigError("the Avro schema has something that is no type: {}",
                         json.dump().substr(0, 100));
    }
    const Json& kind = json["type"];
    if (!kind.is_string()) return Parse(kind, space, depth + 1);
    return Complex(json, kind.get<std::string>(), space, depth);
  }

 private:
  Result<TypePtr> Finish(AvroType type) {
    type.arrow_type = ArrowType(type, double_as_string_);
    return std::make_shared<const AvroType>(std::move(type));
  }

  static std::string FullName(const std::string& name, const std::string& space) {
    return name.find('.') != std::string::npos || space.empty() ? name : space + "." + name;
  }

  Result<TypePtr> Named(const std::string& name, const std::string& space) {
    for (const Primitive& primitive : kPrimitives) {
      if (primitive.name != name) continue;
      AvroType type;
      type.kind = primitive.kind;
      type.bytes_min = primitive.bytes_min;
      return Finish(std::move(type));
    }
    for (const std::string& full : {FullName(name, space), name}) {
      if (const auto known = named_.find(full); known != named_.end()) {
        // One node may stand in many places: what it unfolds to has to stay small.
        types_ += known->second.types;
        if (types_ > kTypesMax) return ConfigError("the Avro schema has too many types");
        return known->second.type;
      }
      if (open_.contains(full)) {
        return ConfigError("the Avro type {} holds itself: there are no columns for that", full);
      }
    }
    return ConfigError("the Avro schema names a type that it lacks: {}", name);
  }

  Result<TypePtr> Complex(const Json& json, const std::string& kind, const std::string& space,
                          int depth) {
    if (kind == "record" || kind == "error" || kind == "enum" || kind == "fixed") {
      return Define(json, kind, space, depth);
    }
    AvroType type;
    if (kind == "array" || kind == "map") {
      const char* const values = kind == "array" ? "items" : "values";
      if (!json.contains(values))
        return ConfigError("the Avro schema has {} without {}", kind, values);
      type.kind = kind == "array" ? AvroKind::kArray : AvroKind::kMap;
      MR_ASSIGN_OR_RETURN(TypePtr child, Parse(json[values], space, depth + 1));
      type.children.push_back(std::move(child));
      type.bytes_min = 1;
      return Finish(std::move(type));
    }
    MR_ASSIGN_OR_RETURN(const TypePtr plain, Named(kind, space));
    type = *plain;
    MR_RETURN_IF_ERROR(SetLogical(json, type));
    return Finish(std::move(type));
  }

  Result<TypePtr> Define(const Json& json, const std::string& kind, const std::string& space,
                         int depth) {
    if (!json.contains("name") || !json["name"].is_string()) {
      return ConfigError("the Avro schema has a {} without a name", kind);
    }
    std::string own_space = space;
    if (json.contains("namespace") && json["namespace"].is_string()) own_space = json["namespace"];
    const std::string full = FullName(json["name"].get<std::string>(), own_space);
    if (const size_t dot = full.rfind('.'); dot != std::string::npos)
      own_space = full.substr(0, dot);
    const int types_before = types_;
    AvroType type;
    if (kind == "enum") {
      type.kind = AvroKind::kEnum;
      type.bytes_min = 1;
      if (!json.contains("symbols") || !json["symbols"].is_array()) {
        return ConfigError("the Avro enum {} has no symbols", full);
      }
      for (const Json& symbol : json["symbols"]) {
        if (!symbol.is_string()) return ConfigError("the Avro enum {} has no symbols", full);
        type.names.push_back(symbol.get<std::string>());
      }
    } else if (kind == "fixed") {
      type.kind = AvroKind::kFixed;
      constexpr int64_t kFixedBytesMax = 64 << 20;
      const int64_t size = json.contains("size") && json["size"].is_number_integer()
                               ? json["size"].get<int64_t>()
                               : -1;
      if (size < 0 || size > kFixedBytesMax)
        return ConfigError("the Avro type {} has no size", full);
      type.size = type.bytes_min = size;
      MR_RETURN_IF_ERROR(SetLogical(json, type));
    } else {
      type.kind = AvroKind::kRecord;
      open_.insert(full);
      MR_RETURN_IF_ERROR(SetFields(json, own_space, depth, type));
      open_.erase(full);
    }
    MR_ASSIGN_OR_RETURN(TypePtr finished, Finish(std::move(type)));
    named_[full] = {finished, types_ - types_before};
    return finished;
  }

  Status SetFields(const Json& json, const std::string& space, int depth, AvroType& type) {
    if (!json.contains("fields") || !json["fields"].is_array()) {
      return ConfigError("the Avro record {} has no fields", json["name"].dump());
    }
    for (const Json& field : json["fields"]) {
      if (!field.is_object() || !field.contains("name") || !field["name"].is_string() ||
          !field.contains("type")) {
        return ConfigError("the Avro record {} has a field without name or type",
                           json["name"].dump());
      }
      type.names.push_back(field["name"].get<std::string>());
      if (std::count(type.names.begin(), type.names.end(), type.names.back()) > 1) {
        return ConfigError("the Avro record {} has two fields {}", json["name"].dump(),
                           type.names.back());
      }
      MR_ASSIGN_OR_RETURN(TypePtr child, Parse(field["type"], space, depth + 1));
      type.bytes_min += child->bytes_min;
      type.children.push_back(std::move(child));
    }
    return Status::Ok();
  }

  /// A logical type that is not known, or not right for its type, is no more than the type.
  static Status SetLogical(const Json& json, AvroType& type) {
    const auto found = json.find("logicalType");
    if (found == json.end() || !found->is_string()) return Status::Ok();
    const std::string& name = found->get_ref<const std::string&>();
    for (const LogicalName& known : kLogicals) {
      if (known.name != name || known.kind != type.kind) continue;
      if (known.logical == Logical::kDecimal) {
        const auto number = [&](const char* key) {
          return json.contains(key) && json[key].is_number_integer() ? json[key].get<int64_t>() : 0;
        };
        constexpr int64_t kDigitsMax = 10'000;
        const int64_t precision = number("precision"), scale = number("scale");
        if (precision < 1 || precision > kDigitsMax || scale < 0 || scale > precision) {
          return Status::Ok();
        }
        type.precision = static_cast<int>(precision);
        type.scale = static_cast<int>(scale);
      }
      type.logical = known.logical;
      type.local_time = known.local_time;
    }
    return Status::Ok();
  }

  struct Known {
    TypePtr type;
    int types = 0;
  };

  const bool double_as_string_;
  int types_ = 0;
  std::map<std::string, Known> named_;
  std::set<std::string> open_;  // records whose fields are being read
};

}  // namespace

Result<TypePtr> ParseAvroSchema(std::string_view text, bool double_as_string) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return ConfigError("the Avro schema is no JSON");
  MR_ASSIGN_OR_RETURN(TypePtr type, SchemaParser(double_as_string).Parse(json, "", 0));
  if (type->kind != AvroKind::kRecord) {
    return ConfigError("the Avro file does not hold records: there are no columns in it");
  }
  return type;
}

}  // namespace millrace
