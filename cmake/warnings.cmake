# What every target of ours is compiled with.
add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  -fstack-protector-strong -fno-omit-frame-pointer
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>)
# Flow warnings that g++ 12 raises about its own standard library at -O2, without cause.
add_compile_options("$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-restrict;-Wno-maybe-uninitialized>")
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_definitions(_FORTIFY_SOURCE=3)
endif()

set(TOCSIN_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
if(TOCSIN_SANITIZE)
  add_compile_options(-fsanitize=${TOCSIN_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TOCSIN_SANITIZE})
endif()
option(TOCSIN_FUZZ "Build the fuzz targets (clang)" OFF)
if(TOCSIN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(ccache ccache)
if(ccache)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ccache})
  set(CMAKE_C_COMPILER_LAUNCHER ${ccache})
endif()
