# SOCI: Debian's package has neither a CMake package nor a pkg-config file.
# Targets: Soci::core, Soci::sqlite3, Soci::postgresql.
find_package(PostgreSQL REQUIRED)
find_package(SQLite3 REQUIRED)
find_path(SOCI_INCLUDE_DIR soci/soci.h)
set(SOCI_LIBRARIES "")
foreach(part core sqlite3 postgresql)
  find_library(SOCI_${part}_LIBRARY soci_${part})
  list(APPEND SOCI_LIBRARIES SOCI_${part}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Soci REQUIRED_VARS SOCI_INCLUDE_DIR ${SOCI_LIBRARIES})

foreach(part core sqlite3 postgresql)
  if(NOT TARGET Soci::${part})
    add_library(Soci::${part} UNKNOWN IMPORTED)
    set_target_properties(Soci::${part} PROPERTIES
      IMPORTED_LOCATION "${SOCI_${part}_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${SOCI_INCLUDE_DIR}")
  endif()
endforeach()
target_link_libraries(Soci::sqlite3 INTERFACE Soci::core SQLite::SQLite3)
target_link_libraries(Soci::postgresql INTERFACE Soci::core PostgreSQL::PostgreSQL)
