#include "formats/undeclared_members.h"

namespace millrace {

std::string_view UndeclaredMembers::Object() {
  text_.clear();
  for (const auto& [key, value] : members_) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_.append(key).append("\":").append(value);
  }
  text_ += text_.empty() ? "{}" : "}";
  return text_;
}

}  // namespace millrace
