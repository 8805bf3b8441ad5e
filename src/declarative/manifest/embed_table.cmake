# Writes OUTPUT, a source file that holds TABLE as text: component_table.h.
file(READ "${TABLE}" text)
file(WRITE "${OUTPUT}" "#include \"declarative/manifest/component_table.h\"

namespace millrace {

std::string_view ComponentTableText() { return R\"table(${text})table\"; }

}  // namespace millrace
")
