// SPDX-License-Identifier: Apache-2.0
#include "simulator/budget.h"

#include <algorithm>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace tocsin::simulator {

void Budget::Unmap::operator()(Counts* counts) const
{
    (void)::munmap(counts, sizeof(Counts));
}

Budget::Budget(Limits const& limits, Counts* counts)
    : limits_(limits), end_(std::chrono::steady_clock::now() + limits.time), counts_(counts)
{
}

Result<Budget> Budget::create(Limits const& limits)
{
    if (limits.files > highest_limits.files || limits.bytes > highest_limits.bytes
        || limits.time > highest_limits.time)
        return Error(Errc::invalid, "the limits asked for are higher than any run may have");
    void* const memory =
        ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return Error::from_errno(errno, "mmap of the run's counts");
    return Budget(limits, new (memory) Counts);
}

Result<void> Budget::take_file()
{
    if (counts_->files.fetch_add(1) >= limits_.files)
        return Error(Errc::full, "the run has touched as many files as it may");
    return {};
}

Result<void> Budget::take_bytes(std::uint64_t count)
{
    if (count > limits_.bytes || counts_->bytes.fetch_add(count) > limits_.bytes - count)
        return Error(Errc::full, "the run has changed as many bytes as it may");
    return {};
}

void Budget::arm_alarm() const
{
    auto const left = std::chrono::ceil<std::chrono::seconds>(end_ - std::chrono::steady_clock::now());
    (void)::alarm(static_cast<unsigned>(std::max<std::chrono::seconds::rep>(1, left.count())));
}

} // namespace tocsin::simulator
