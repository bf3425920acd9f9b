# tocsin_bpf_skeleton(target name): compiles bpf/<name>.bpf.c and lets `target` include "<name>.skel.h".
#
# Nothing is read from the running kernel: the sources declare the fields they use, and libbpf
# relocates them when the guard loads the program. So a build in a container or chroot works.
find_program(TOCSIN_BPF_CLANG NAMES clang-19 clang REQUIRED)
find_program(TOCSIN_BPFTOOL bpftool PATHS /usr/sbin /sbin REQUIRED)

function(tocsin_bpf_skeleton target name)
  set(source ${CMAKE_SOURCE_DIR}/bpf/${name}.bpf.c)
  set(out ${CMAKE_BINARY_DIR}/bpf)
  file(MAKE_DIRECTORY ${out})
  set(includes -I${CMAKE_SOURCE_DIR}/bpf)
  if(CMAKE_LIBRARY_ARCHITECTURE) # where Debian keeps asm/types.h
    list(APPEND includes -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  endif()
  add_custom_command(OUTPUT ${out}/${name}.bpf.o
    COMMAND ${TOCSIN_BPF_CLANG} -target bpf -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror
            ${includes} -MD -MF ${out}/${name}.d -MT ${out}/${name}.bpf.o
            -c ${source} -o ${out}/${name}.bpf.o
    DEPENDS ${source} DEPFILE ${out}/${name}.d
    COMMENT "Compiling bpf/${name}.bpf.c" VERBATIM)
  # Linking with itself drops the debugging symbols and keeps BTF.
  add_custom_command(OUTPUT ${out}/${name}.skel.h
    COMMAND ${TOCSIN_BPFTOOL} gen object ${out}/${name}.linked.o ${out}/${name}.bpf.o
    COMMAND sh -c "\"$1\" gen skeleton \"$2\" name \"$3\" > \"$4\""
            skeleton ${TOCSIN_BPFTOOL} ${out}/${name}.linked.o ${name}_bpf ${out}/${name}.skel.h
    DEPENDS ${out}/${name}.bpf.o
    COMMENT "Making the skeleton of ${name}" VERBATIM)
  target_sources(${target} PRIVATE ${out}/${name}.skel.h)
  target_include_directories(${target} SYSTEM PRIVATE ${out} ${CMAKE_SOURCE_DIR}/bpf)
endfunction()
