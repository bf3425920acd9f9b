# tocsin_module(name [DEPENDS targets…]): a library from src/<name>/**.cc, and its tests.
#
# DEPENDS is the whole of what the module may include: each module has an include
# root of its own that holds one symbolic link, so that a forbidden
# `#include "tocsin/vault/pack.h"` fails with "No such file or directory".
# Every *_test.cc becomes part of the test program tocsin_<name>_test.
function(tocsin_module name)
  cmake_parse_arguments(M "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  add_library(tocsin_${name} STATIC ${sources})
  add_library(tocsin::${name} ALIAS tocsin_${name})
  set(root ${CMAKE_BINARY_DIR}/include-of/${name})
  file(MAKE_DIRECTORY ${root}/tocsin)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${root}/tocsin/${name} SYMBOLIC)
  target_include_directories(tocsin_${name} PUBLIC ${root})
  target_link_libraries(tocsin_${name} PUBLIC ${M_DEPENDS})

  if(tests AND NOT TOCSIN_FUZZ)
    add_executable(tocsin_${name}_test ${tests})
    target_link_libraries(tocsin_${name}_test PRIVATE tocsin::${name} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(tocsin_${name}_test PRIVATE
      TESTDATA="${CMAKE_SOURCE_DIR}/src/${name}/testdata")
    gtest_discover_tests(tocsin_${name}_test
      DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS "${name}" TIMEOUT 300)
  endif()
endfunction()
