// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/lineage_fake.h"

#include <sys/eventfd.h>

namespace tocsin::sensor {

Result<std::unique_ptr<FakeLineage>> FakeLineage::create()
{
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake)
        return Error::from_errno(errno, "eventfd");
    return std::unique_ptr<FakeLineage>(new FakeLineage(std::move(wake)));
}

void FakeLineage::push(LifecycleEvent event)
{
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(event));
    (void)::eventfd_write(wake_.get(), 1);
}

Result<void> FakeLineage::drain(LifecycleSink const& sink)
{
    std::vector<LifecycleEvent> taken;
    {
        std::lock_guard lock(mutex_);
        eventfd_t count = 0;
        (void)::eventfd_read(wake_.get(), &count);
        taken.swap(waiting_);
    }
    for (auto& event : taken)
        sink(std::move(event));
    return {};
}

} // namespace tocsin::sensor
