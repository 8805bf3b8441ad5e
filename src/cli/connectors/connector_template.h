#pragma once

#include <span>
#include <string_view>

namespace millrace {

/// One file of the folder that `millrace connectors new` writes. In its text @NAME@ stands for the
/// connector's name.
struct TemplateFile {
  std::string_view name, text;
};

/// Compiled in from src/cli/connectors/template.
std::span<const TemplateFile> ConnectorTemplate();

}  // namespace millrace
