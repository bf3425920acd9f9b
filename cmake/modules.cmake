# tocsin_module(name [DEPENDS targets…]): a library from src/<name>/**.cc, and its tests.
#
# DEPENDS is the whole of what the module may include. Each module has an include root of its own
# that holds one symbolic link, so that an `#include "tocsin/guard/parts.h"` from below fails with
# "No such file or directory". The roots of what DEPENDS stands on come along, because the headers
# need them; that nobody includes from those without naming them is for lint/layers.
# Every *_test.cc becomes part of the test program tocsin_<name>_test; those named
# *_root_test.cc and *_long_test.cc become programs of their own, with these labels.
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

  # What needs root (loop devices, fanotify) runs alone; what is long runs only when asked for.
  set(root_tests ${tests})
  set(long_tests ${tests})
  list(FILTER root_tests INCLUDE REGEX "_root_test\\.cc$")
  list(FILTER long_tests INCLUDE REGEX "_long_test\\.cc$")
  list(FILTER tests EXCLUDE REGEX "_(root|long)_test\\.cc$")
  tocsin_test_program(${name} tocsin_${name}_test "${tests}" LABELS unit TIMEOUT 300)
  tocsin_test_program(${name} tocsin_${name}_root_test "${root_tests}" LABELS root RUN_SERIAL ON TIMEOUT 600)
  tocsin_test_program(${name} tocsin_${name}_long_test "${long_tests}" LABELS long RUN_SERIAL ON TIMEOUT 3600)
endfunction()

# tocsin_test_program(module program sources properties…): nothing where there are no sources.
function(tocsin_test_program module program sources)
  if(TOCSIN_FUZZ OR NOT sources)
    return()
  endif()
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE tocsin::${module} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${program} PRIVATE TESTDATA="${CMAKE_SOURCE_DIR}/src/${module}/testdata")
  gtest_discover_tests(${program} TEST_PREFIX ${module}. DISCOVERY_MODE PRE_TEST PROPERTIES ${ARGN})
endfunction()

# tocsin_program(name DEPENDS targets…): the program app/<name>/*.cc, built by `programs`.
function(tocsin_program name)
  cmake_parse_arguments(P "" "OUTPUT" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  set(target ${name})
  if(P_OUTPUT)
    set(target ${P_OUTPUT})
  endif()
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE ${P_DEPENDS})
  add_dependencies(programs ${target})
endfunction()
