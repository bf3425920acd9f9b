// SPDX-License-Identifier: Apache-2.0
#include "tocsin/supervise/pulse.h"

#include <array>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "tocsin/base/sys.h"

namespace tocsin::supervise {

// Zero bytes are a page of a guard that has not begun: a memfd of the page's size is one.
struct Pulse::Page {
    std::array<std::atomic<std::uint64_t>, organ_count> beats;
    std::atomic<std::uint32_t> ends_in_order;
    std::atomic<std::uint64_t> interruptions;
    std::atomic<std::int64_t> lasted_ms;
};

Result<Pulse> Pulse::create()
{
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "two processes share it");
    UniqueFd fd(::memfd_create("tocsin-pulse", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd)
        return Error::from_errno(errno, "memfd_create");
    TRY(sys::truncate(fd.get(), sizeof(Page)));
    // Or reading it could end the supervisor by SIGBUS.
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
        return Error::from_errno(errno, "seal the pulse");
    return map(std::move(fd));
}

Result<Pulse> Pulse::open(UniqueFd fd)
{
    auto about = TRY(sys::stat_fd(fd.get()).context("pulse"));
    int const seals = ::fcntl(fd.get(), F_GET_SEALS);
    if (about.stx_size != sizeof(Page) || seals < 0 || (seals & F_SEAL_SHRINK) == 0)
        return Error(Errc::invalid, "the descriptor is no guard's pulse");
    return map(std::move(fd));
}

Result<Pulse> Pulse::map(UniqueFd fd)
{
    void* memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED)
        return Error::from_errno(errno, "map the pulse");
    return Pulse(std::move(fd), static_cast<Page*>(memory));
}

Pulse::Pulse(Pulse&& other) noexcept : fd_(std::move(other.fd_)), page_(std::exchange(other.page_, nullptr))
{
}

Pulse::~Pulse()
{
    if (page_ != nullptr)
        ::munmap(page_, sizeof(Page));
}

void Pulse::beat(Organ organ) noexcept
{
    page_->beats[static_cast<std::size_t>(organ)].fetch_add(1, std::memory_order_relaxed);
}

void Pulse::rest(Organ organ) noexcept
{
    page_->beats[static_cast<std::size_t>(organ)].store(0, std::memory_order_relaxed);
}

void Pulse::end_in_order() noexcept
{
    page_->ends_in_order.store(1, std::memory_order_release);
}

Interruptions Pulse::interruptions() const noexcept
{
    auto const count = page_->interruptions.load(std::memory_order_acquire);
    return {count, std::chrono::milliseconds(page_->lasted_ms.load(std::memory_order_relaxed))};
}

std::uint64_t Pulse::beats(Organ organ) const noexcept
{
    return page_->beats[static_cast<std::size_t>(organ)].load(std::memory_order_relaxed);
}

bool Pulse::ends_in_order() const noexcept
{
    return page_->ends_in_order.load(std::memory_order_acquire) != 0;
}

void Pulse::interrupted(std::chrono::milliseconds lasted) noexcept
{
    page_->lasted_ms.store(lasted.count(), std::memory_order_relaxed);
    page_->interruptions.fetch_add(1, std::memory_order_release);
}

} // namespace tocsin::supervise
