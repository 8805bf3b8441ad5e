# Writes OUTPUT, the source file behind embedded_migrations.h: every file of MIGRATIONS (names, in
# their order, in FOLDER) as a string literal.
set(entries "")
foreach(file IN LISTS MIGRATIONS)
  file(READ "${FOLDER}/${file}" text)
  string(REPLACE ".sql" "" name "${file}")
  string(APPEND entries "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"control/store/embedded_migrations.h\"

namespace millrace {
namespace {

constexpr EmbeddedMigration kMigrations[] = {
${entries}};

}  // namespace

std::span<const EmbeddedMigration> EmbeddedMigrations() { return kMigrations; }

}  // namespace millrace
")
