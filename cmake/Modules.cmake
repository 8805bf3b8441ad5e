# millrace_module(NAME [TOGETHER [ALONE file...]] [DEPENDS target...] [TEST_DEPENDS target...]
#                 [EXCLUDE file...])
# ------------------------------------------------------------------------------------------------
# One static library per module, `millrace_NAME`, from every *.cc of the calling folder. A file
# named *_test.cc is not part of it: all of them together make the ctest test `NAME`, built as
# `NAME_test`. Each *_fuzz.cc is a fuzz target of its own (see below). Slashes in a folder's name become underscores: sources/postgres is
# `millrace_sources_postgres`.
#
# DEPENDS names what the module's headers and sources use: other modules and libraries. The tidy
# test holds these edges against the table in docs/ARCHITECTURE.md. EXCLUDE names files of the
# folder that belong to an executable instead.
#
# TOGETHER compiles the module's sources by fours: for modules of many small files in which others'
# headers (JSON, Arrow) are most of the work. Their file-local names must be unique in the module.
# ALONE names those that are work enough by themselves: one changed file must not take long.
function(millrace_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "TOGETHER" "" "ALONE;DEPENDS;TEST_DEPENDS;EXCLUDE")
  string(REPLACE "/" "_" flat "${name}")
  set(target millrace_${flat})

  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  foreach(excluded IN LISTS arg_EXCLUDE)
    list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${excluded}")
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz)\\.cc$")

  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ${arg_TOGETHER}
                          UNITY_BUILD_BATCH_SIZE 4)
    if(arg_ALONE)
      set_source_files_properties(${arg_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
    # What waits for databases and people: more than this costs more time to compile than it saves.
    if(name MATCHES "^(cli|control|server)")
      target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}/src"
                             "${PROJECT_BINARY_DIR}/generated")
  target_link_libraries(${target} ${scope} ${arg_DEPENDS})

  if(tests)
    add_executable(${flat}_test ${tests})
    # Tests are compiled once and run once: optimising them costs more than it saves.
    target_compile_options(${flat}_test PRIVATE -O0)
    target_link_libraries(${flat}_test PRIVATE ${target} ${arg_TEST_DEPENDS} GTest::gmock
                          GTest::gtest_main)
    add_test(NAME ${flat} COMMAND ${flat}_test)
    millrace_test_properties(${flat} unit 600)
  endif()

  file(GLOB fuzzers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cc")
  foreach(fuzzer IN LISTS fuzzers)
    millrace_fuzz_target(${flat} ${target} "${fuzzer}")
  endforeach()
endfunction()

# Label, time limit (in seconds, for a build without sanitizers) and environment of a test.
function(millrace_test_properties name label seconds)
  math(EXPR limit "${seconds} * ${MILLRACE_SLOWNESS}")
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${limit}
                       ENVIRONMENT "${MILLRACE_TEST_ENVIRONMENT}")
endfunction()

# A file with LLVMFuzzerTestOneInput becomes the program fuzz_MODULE_FILE. With MILLRACE_FUZZ (and
# clang: `make fuzz`) libFuzzer and the address sanitizer drive it; otherwise a driver of our own
# does, for a few seconds of every test run. Both take -max_total_time=S and folders of seeds, and
# start from tests/fuzz/corpus/MODULE_FILE.
option(MILLRACE_FUZZ "Link fuzz targets with libFuzzer" OFF)
function(millrace_fuzz_target module target file)
  get_filename_component(stem "${file}" NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" stem "${stem}")
  set(name fuzz_${module}_${stem})
  set(corpus "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${module}_${stem}")
  add_executable(${name} "${file}")
  target_link_libraries(${name} PRIVATE ${target})
  set_property(GLOBAL APPEND PROPERTY MILLRACE_FUZZERS ${name})
  if(MILLRACE_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_libraries(${name} PRIVATE millrace_fuzz_driver)
    add_test(NAME ${name} COMMAND ${name} -max_total_time=5 "${corpus}")
    millrace_test_properties(${name} fuzz 120)
  endif()
endfunction()
