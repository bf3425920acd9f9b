// SPDX-License-Identifier: Apache-2.0
// simulator/mapping.h -- owns a shared mapping of a file, which outlives the file's descriptor.
#pragma once

#include <cstddef>
#include <memory>
#include <sys/mman.h>

namespace tocsin::simulator {

struct Unmap {
    std::size_t size = 0;
    void operator()(std::byte* memory) const { (void)::munmap(memory, size); }
};
using Mapping = std::unique_ptr<std::byte, Unmap>;

} // namespace tocsin::simulator
