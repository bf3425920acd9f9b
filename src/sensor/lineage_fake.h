// SPDX-License-Identifier: Apache-2.0
// sensor/lineage_fake.h -- a lineage source that tells what a test pushes into it.
//
// Threads: push() from any thread; the rest from the owner.
#pragma once

#include <mutex>
#include <vector>

#include "tocsin/base/unique_fd.h"
#include "tocsin/sensor/lineage.h"

namespace tocsin::sensor {

class FakeLineage final : public LineageSource {
public:
    static Result<std::unique_ptr<FakeLineage>> create();

    void push(LifecycleEvent event);

    int fd() const override { return wake_.get(); }
    Result<void> drain(LifecycleSink const& sink) override;
    std::uint64_t lost() const override { return 0; }
    std::string_view engine() const override { return "fake"; }

private:
    explicit FakeLineage(UniqueFd wake) : wake_(std::move(wake)) { }

    UniqueFd wake_; // eventfd
    std::mutex mutex_;
    std::vector<LifecycleEvent> waiting_;
};

} // namespace tocsin::sensor
