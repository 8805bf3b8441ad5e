# millrace_module(NAME [DEPENDS target...] [TEST_DEPENDS target...])
# ------------------------------------------------------------------
# One static library per module, `millrace_NAME`, from every *.cc of the calling folder. A file
# named *_test.cc is not part of it: all of them together make the ctest test `NAME`, built as
# `NAME_test`. Slashes in a folder's name become underscores: sources/postgres is
# `millrace_sources_postgres`.
#
# DEPENDS names what the module's headers and sources use: other modules and libraries. The tidy
# test holds these edges against the table in docs/ARCHITECTURE.md.
function(millrace_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;TEST_DEPENDS")
  string(REPLACE "/" "_" flat "${name}")
  set(target millrace_${flat})

  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz)\\.cc$")

  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}/src"
                             "${PROJECT_BINARY_DIR}/generated")
  target_link_libraries(${target} ${scope} ${arg_DEPENDS})

  if(tests)
    add_executable(${flat}_test ${tests})
    target_link_libraries(${flat}_test PRIVATE ${target} ${arg_TEST_DEPENDS} GTest::gmock
                          GTest::gtest_main)
    add_test(NAME ${flat} COMMAND ${flat}_test)
    set_tests_properties(${flat} PROPERTIES LABELS unit TIMEOUT 600)
  endif()
endfunction()
