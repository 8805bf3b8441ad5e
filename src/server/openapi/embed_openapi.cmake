# Writes OUTPUT, the source file behind OpenApiText(): FILE as string literals, which compilers take
# up to 64 kB each.
file(READ "${FILE}" text)
string(LENGTH "${text}" length)
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 16000 part)
  string(APPEND literals "    R\"embedded(${part})embedded\"\n")
  math(EXPR at "${at} + 16000")
endwhile()
file(WRITE "${OUTPUT}" "#include \"server/openapi/openapi_document.h\"

namespace millrace {

std::string_view OpenApiText() {
  return
${literals}      ;
}

}  // namespace millrace
")
