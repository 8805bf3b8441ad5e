#include "verify/json_hash.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/hash.h"
#include "verify/number_hash.h"

namespace millrace {
namespace {

enum Salt : uint64_t { kNull = 11, kTrue, kFalse, kString, kNumber, kArray, kObject, kNoJson };

/// Takes the parser's events; a value's hash goes to the container it stands in.
class Hasher : public nlohmann::json_sax<nlohmann::json> {
 public:
  uint64_t result() const { return result_; }

  bool null() override { return Value(kNull); }
  bool boolean(bool value) override { return Value(value ? kTrue : kFalse); }
  bool number_integer(number_integer_t value) override {
    return Value(MixWords(HashInteger(value), kNumber));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Value(MixWords(HashDecimal(static_cast<Int128>(value), 0), kNumber));
  }
  bool number_float(number_float_t, const string_t& text) override {
    const auto hash = HashNumberText(text);
    return Value(MixWords(hash ? *hash : HashBytes(text), kNumber));
  }
  bool string(string_t& value) override { return Value(MixWords(HashBytes(value), kString)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    open_.push_back({true, {}, {}, 0});
    return true;
  }
  bool key(string_t& value) override {
    open_.back().key = value;
    return true;
  }
  bool end_object() override {
    uint64_t hash = 0;
    for (const auto& [key, value] : open_.back().fields) hash += MixWords(HashBytes(key), value);
    open_.pop_back();
    return Value(MixWords(hash, kObject));
  }
  bool start_array(std::size_t) override {
    open_.push_back({false, {}, {}, 0});
    return true;
  }
  bool end_array() override {
    const uint64_t hash = open_.back().items;
    open_.pop_back();
    return Value(MixWords(hash, kArray));
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  struct Container {
    bool object;
    std::string key;
    std::map<std::string, uint64_t> fields;
    uint64_t items;
  };

  bool Value(uint64_t hash) {
    if (open_.empty()) {
      result_ = hash;
    } else if (open_.back().object) {
      open_.back().fields[open_.back().key] = hash;
    } else {
      open_.back().items = MixWords(open_.back().items + 1, hash);
    }
    return true;
  }

  std::vector<Container> open_;
  uint64_t result_ = 0;
};

}  // namespace

uint64_t HashJson(std::string_view text) {
  Hasher hasher;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &hasher)) return hasher.result();
  return MixWords(HashBytes(text), kNoJson);
}

}  // namespace millrace
