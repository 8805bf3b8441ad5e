# Writes OUTPUT, the source file behind embedded_data.h: ROOT/catalogue/connectors.json and every
# file of SPECS (paths below ROOT: sources/NAME/spec.json, declarative/spec.json) as string literals.
function(literal file result)
  file(READ "${file}" text)
  set(${result} "R\"embedded(${text})embedded\"" PARENT_SCOPE)
endfunction()

literal("${ROOT}/catalogue/connectors.json" connectors)
set(entries "")
foreach(spec IN LISTS SPECS)
  string(REGEX REPLACE "^(source|destination)s/([^/]+)/spec\\.json$" "\\1-\\2" name "${spec}")
  string(REGEX REPLACE "^declarative/spec\\.json$" "source-declarative-manifest" name "${name}")
  string(REPLACE "_" "-" name "${name}")
  literal("${ROOT}/${spec}" text)
  string(APPEND entries "    {\"${name}\", ${text}},\n")
endforeach()

file(WRITE "${OUTPUT}" "#include \"catalogue/embedded_data.h\"

namespace millrace {
namespace {

constexpr EmbeddedSpec kSpecs[] = {
${entries}    {{}, {}}};

}  // namespace

std::string_view EmbeddedConnectors() { return ${connectors}; }

std::span<const EmbeddedSpec> EmbeddedSpecs() { return {kSpecs, std::size(kSpecs) - 1}; }

}  // namespace millrace
")
