// SPDX-License-Identifier: Apache-2.0
// sensor/ebpf/libbpf.h -- what all engines with programs in the kernel need of libbpf.
#pragma once

#include <bpf/libbpf.h>
#include <cstdarg>

namespace tocsin::sensor {

struct FreeRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

// Libraries do not log: what libbpf would print is in the error that we return.
inline void silence_libbpf()
{
    libbpf_set_print([](libbpf_print_level, char const*, va_list) { return 0; });
}

} // namespace tocsin::sensor
