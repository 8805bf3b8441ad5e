# Writes OUTPUT, the source file behind connector_template.h: the files of FOLDER as string literals.
set(entries "")
foreach(name IN ITEMS source.py README.md connection.yaml)
  file(READ "${FOLDER}/${name}" text)
  string(APPEND entries "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"cli/connectors/connector_template.h\"

namespace millrace {
namespace {

constexpr TemplateFile kFiles[] = {
${entries}};

}  // namespace

std::span<const TemplateFile> ConnectorTemplate() { return kFiles; }

}  // namespace millrace
")
