// SPDX-License-Identifier: Apache-2.0
// bpf/truncation.bpf.c, what hangs on files and the marks on directories.
#include "tocsin/sensor/truncation_gate.h"

#include <bpf/bpf.h>

#include "places_mark.h"
#include "tocsin/sensor/ebpf/security_hooks.h"
#include "truncation.h"
#include "truncation.skel.h"

namespace tocsin::sensor {
namespace {

struct DestroySkeleton {
    void operator()(truncation_bpf* skeleton) const { truncation_bpf__destroy(skeleton); }
};

std::uint64_t read(__u64 const& counter)
{
    return __atomic_load_n(&counter, __ATOMIC_RELAXED);
}

class EbpfTruncationGate final : public TruncationGate {
public:
    explicit EbpfTruncationGate(std::unique_ptr<truncation_bpf, DestroySkeleton> skeleton)
        : skeleton_(std::move(skeleton))
    {
    }

    Result<void> watch(int dir_fd) override
    {
        std::uint32_t const mark = PLACE_GUARDED;
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.places), &dir_fd, &mark, BPF_ANY) != 0)
            return Error::from_errno(errno, "mark a directory");
        return {};
    }
    void unwatch(int dir_fd) override
    {
        (void)bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.places), &dir_fd);
    }

    // Only of files that were opened for writing: about all others the kernel knows nothing.
    void kept(int fd, event::Stamp const& stamp) override
    {
        ::kept const value{stamp.size, stamp.mtime_ns, 0, 0, 0};
        (void)bpf_map_update_elem(files(), &fd, &value, BPF_EXIST);
    }
    void left_out(int fd) override
    {
        ::kept const value{0, 0, 0, 1, 0};
        (void)bpf_map_update_elem(files(), &fd, &value, BPF_EXIST);
    }
    void set_refusing(bool on) override
    {
        __atomic_store_n(&skeleton_->data->refuses, on ? 1 : 0, __ATOMIC_RELAXED);
    }

    Counters counters() const override
    {
        auto const& counted = *skeleton_->bss;
        return {read(counted.refusals), read(counted.let_go), read(counted.untold)};
    }
    std::uint64_t questions() const { return read(skeleton_->bss->questions); }

private:
    int files() const { return bpf_map__fd(skeleton_->maps.kept_as); }

    std::unique_ptr<truncation_bpf, DestroySkeleton> skeleton_;
};

} // namespace

Result<std::unique_ptr<TruncationGate>> open_truncation_gate()
{
    silence_libbpf();
    std::unique_ptr<truncation_bpf, DestroySkeleton> skeleton(truncation_bpf__open());
    if (!skeleton)
        return Error::from_errno(errno, "open the programs against truncation");
    TRY(choose_programs(*skeleton->obj));
    if (auto const failed = truncation_bpf__load(skeleton.get()); failed != 0)
        return refused_by_kernel(-failed, "load the programs against truncation");
    if (auto const failed = truncation_bpf__attach(skeleton.get()); failed != 0)
        return refused_by_kernel(-failed, "attach the programs against truncation");
    auto gate = std::make_unique<EbpfTruncationGate>(std::move(skeleton));
    TRY(ensure_asked(change_attributes, [&] { return gate->questions(); }));
    return std::unique_ptr<TruncationGate>(std::move(gate));
}

} // namespace tocsin::sensor
