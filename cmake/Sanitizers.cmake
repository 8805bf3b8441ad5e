# Builds with sanitizers (`make asan`, `make tsan`): flags, and the environment that their tests run in.
#
#   MILLRACE_SANITIZE          e.g. "address,undefined" or "thread"; empty: none
#   MILLRACE_TEST_ENVIRONMENT  NAME=VALUE…, for set_tests_properties(… ENVIRONMENT …)
#   MILLRACE_SLOWNESS          how many times longer than usual a test may take
#
# The environment also goes to sanitizer.env in the build folder, where the end-to-end tests find it.
# Reports that are not ours are suppressed in tests/sanitizers, each with its reason.

set(MILLRACE_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
set(MILLRACE_TEST_ENVIRONMENT "")
set(MILLRACE_SLOWNESS 1)
if(MILLRACE_SANITIZE)
  # What is undefined ends the process, as what is out of bounds does.
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  # Twice as fast to compile as with -O1, and the tests wait for servers most of the time.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
  set(MILLRACE_SLOWNESS 8)
  set(_suppressions "${PROJECT_SOURCE_DIR}/tests/sanitizers")
  # Arrow's own pools would hide a use after free from one sanitizer, and look like races to the other.
  list(APPEND MILLRACE_TEST_ENVIRONMENT "ARROW_DEFAULT_MEMORY_POOL=system")
endif()
if(MILLRACE_SANITIZE MATCHES "address")
  list(APPEND MILLRACE_TEST_ENVIRONMENT
       "ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1"
       "LSAN_OPTIONS=suppressions=${_suppressions}/lsan.supp:print_suppressions=0"
       "UBSAN_OPTIONS=print_stacktrace=1")
elseif(MILLRACE_SANITIZE MATCHES "thread")
  # Arrow's libraries are not instrumented: what they do among themselves can't be judged.
  list(APPEND MILLRACE_TEST_ENVIRONMENT
       "TSAN_OPTIONS=exitcode=99:ignore_noninstrumented_modules=1:suppressions=${_suppressions}/tsan.supp:print_suppressions=0")
endif()
if(MILLRACE_SANITIZE)
  list(JOIN MILLRACE_TEST_ENVIRONMENT "\n" _lines)
  file(WRITE "${PROJECT_BINARY_DIR}/sanitizer.env" "${_lines}\n")
endif()
