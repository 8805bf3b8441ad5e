#include "base/json_parsing.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace millrace {
namespace {

/// Takes what nlohmann's lexer finds, front to back, and stops it at a bound.
class JsonBuilder {
 public:
  JsonBuilder(const JsonBounds& bounds, Json* root) : bounds_(bounds), root_(root) {}

  bool too_deep() const { return too_deep_; }

  // What nlohmann::Json::sax_parse calls.
  bool null() { return Take(nullptr); }
  bool boolean(bool value) { return Take(value); }
  bool number_integer(Json::number_integer_t value) { return Take(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return Take(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return Take(value); }
  bool binary(Json::binary_t&) { return false; }
  bool string(std::string& value) { return Take(value); }
  bool start_object(size_t) { return Enter(Json::object()); }
  bool start_array(size_t) { return Enter(Json::array()); }
  bool key(std::string& name) {
    Members().emplace_back(name, nullptr);
    return true;
  }
  bool end_object() {
    DropRepeated(open_.back()->get_ref<Json::object_t&>());
    return end_array();
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  template <typename Exception>
  bool parse_error(size_t, const std::string&, const Exception&) {
    return false;
  }

 private:
  using Container = Json::object_t::Container;

  Container& Members() { return open_.back()->get_ref<Json::object_t&>(); }

  /// Where the value stands from now on.
  Json* Put(Json value) {
    Json* place = root_;
    if (!open_.empty()) {
      if (open_.back()->is_array()) {
        auto& elements = open_.back()->get_ref<Json::array_t&>();
        elements.emplace_back();
        place = &elements.back();
      } else {
        place = &Members().back().second;
      }
    }
    *place = std::move(value);
    return place;
  }

  template <typename Value>
  bool Take(Value&& value) {
    Put(std::forward<Value>(value));
    return true;
  }

  bool Enter(Json value) {
    too_deep_ = static_cast<int>(open_.size()) >= bounds_.depth_max;
    if (too_deep_) return false;
    open_.push_back(Put(std::move(value)));
    return true;
  }

  /// A repeated key keeps its first place and its last value.
  static void DropRepeated(Json::object_t& object) {
    Container& members = object;
    std::vector<size_t> order(members.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {},
                             [&](size_t at) { return std::string_view(members[at].first); });
    std::vector<bool> dropped(members.size());
    bool any = false;
    for (size_t i = 1, first = 0; i < order.size(); ++i) {
      if (members[order[i]].first != members[order[first]].first) {
        first = i;
        continue;
      }
      members[order[first]].second = std::move(members[order[i]].second);
      dropped[order[i]] = true;
      any = true;
    }
    if (!any) return;
    Json::object_t kept;
    for (size_t at = 0; at < members.size(); ++at) {
      if (dropped[at]) continue;
      static_cast<Container&>(kept).emplace_back(members[at].first, std::move(members[at].second));
    }
    object = std::move(kept);
  }

  const JsonBounds& bounds_;
  Json* const root_;
  std::vector<Json*> open_;  // arrays and objects that have not ended; the outermost first
  bool too_deep_ = false;
};

}  // namespace

Json ParseJson(std::string_view text, const JsonBounds& bounds, const char** fault) {
  Json value;
  JsonBuilder builder(bounds, &value);
  const bool whole = Json::sax_parse(text.begin(), text.end(), &builder);
  if (fault != nullptr) {
    *fault = whole ? nullptr : builder.too_deep() ? "it is nested too deeply" : "it is not JSON";
  }
  return whole ? std::move(value) : Json(Json::value_t::discarded);
}

}  // namespace millrace
