#pragma once

#include <compare>
#include <optional>
#include <string>

namespace millrace {

/// Names one stream, as the Airbyte Protocol does: a name and, for sources that have them, a
/// namespace (a database schema). Compared and hashed by both. A plain value.
struct StreamDescriptor {
  std::string name;
  std::optional<std::string> name_space;

  auto operator<=>(const StreamDescriptor&) const = default;

  /// "public.orders", or "orders" when there is no namespace: for people and log lines.
  std::string ToString() const { return name_space ? *name_space + "." + name : name; }
};

}  // namespace millrace

template <>
struct std::hash<millrace::StreamDescriptor> {
  size_t operator()(const millrace::StreamDescriptor& stream) const noexcept {
    const size_t name = std::hash<std::string>{}(stream.name);
    return stream.name_space ? name * 31 + std::hash<std::string>{}(*stream.name_space) + 1 : name;
  }
};
