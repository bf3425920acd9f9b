// SPDX-License-Identifier: Apache-2.0
// bpf/condemned.bpf.c, its table and the marks on directories.
#include "tocsin/sensor/condemned_gate.h"

#include <bpf/bpf.h>
#include <set>

#include "condemned.skel.h"
#include "places_mark.h"
#include "process_key.h"
#include "tocsin/sensor/ebpf/security_hooks.h"

namespace tocsin::sensor {
namespace {

using event::ProcessKey;

// Who is born while a parent is being pardoned is found in the next pass.
constexpr int passes_at_most = 16;
constexpr int keys_at_most = 2 * 65'536; // in a pass

struct DestroySkeleton {
    void operator()(condemned_bpf* skeleton) const { condemned_bpf__destroy(skeleton); }
};

process_key to_table(ProcessKey key)
{
    return {key.pid, 0, key.start_ticks};
}

class EbpfCondemnedGate final : public CondemnedGate {
public:
    explicit EbpfCondemnedGate(std::unique_ptr<condemned_bpf, DestroySkeleton> skeleton)
        : skeleton_(std::move(skeleton))
    {
    }

    Result<void> protect(int dir_fd) override
    {
        std::uint32_t const mark = PLACE_GUARDED;
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.places), &dir_fd, &mark, BPF_ANY) != 0)
            return Error::from_errno(errno, "mark a directory");
        return {};
    }
    void unprotect(int dir_fd) override
    {
        (void)bpf_map_delete_elem(bpf_map__fd(skeleton_->maps.places), &dir_fd);
    }

    Result<void> condemn(ProcessKey process) override
    {
        if (!process || process.start_ticks == 0)
            return {};
        auto const key = to_table(process);
        if (bpf_map_update_elem(table(), &key, &key, BPF_ANY) != 0)
            return Error::from_errno(errno, "condemn a process");
        return {};
    }

    void forget(ProcessKey process) override
    {
        auto const key = to_table(process);
        (void)bpf_map_delete_elem(table(), &key);
    }

    void pardon(std::span<ProcessKey const> processes) override
    {
        std::set<ProcessKey> const pardoned(processes.begin(), processes.end());
        for (auto const& process : pardoned)
            forget(process);
        for (int pass = 0; pass < passes_at_most && pardon_children(pardoned); ++pass) { }
    }

    std::uint64_t denials() const override
    {
        return __atomic_load_n(&skeleton_->bss->denials, __ATOMIC_RELAXED);
    }
    std::uint64_t missed() const override
    {
        return __atomic_load_n(&skeleton_->bss->untold, __ATOMIC_RELAXED);
    }
    std::uint64_t questions() const { return __atomic_load_n(&skeleton_->bss->questions, __ATOMIC_RELAXED); }

private:
    int table() const { return bpf_map__fd(skeleton_->maps.condemned); }

    // Whether there were any.
    bool pardon_children(std::set<ProcessKey> const& pardoned) const
    {
        std::vector<process_key> found;
        process_key at{};
        process_key cause{};
        int looked_at = 0; // the kernel begins anew after one that has gone meanwhile
        for (process_key* from = nullptr;
            looked_at < keys_at_most && bpf_map_get_next_key(table(), from, &at) == 0; from = &at) {
            ++looked_at;
            bool const is_there = bpf_map_lookup_elem(table(), &at, &cause) == 0;
            if (is_there && pardoned.contains({cause.pid, cause.start_ticks}))
                found.push_back(at);
        }
        for (auto const& key : found)
            (void)bpf_map_delete_elem(table(), &key);
        return !found.empty();
    }

    std::unique_ptr<condemned_bpf, DestroySkeleton> skeleton_;
};

} // namespace

Result<std::unique_ptr<CondemnedGate>> open_condemned_gate()
{
    silence_libbpf();
    std::unique_ptr<condemned_bpf, DestroySkeleton> skeleton(condemned_bpf__open());
    if (!skeleton)
        return Error::from_errno(errno, "open the programs against the condemned");
    TRY(choose_programs(*skeleton->obj));
    if (auto const failed = condemned_bpf__load(skeleton.get()); failed != 0)
        return refused_by_kernel(-failed, "load the programs against the condemned");
    if (auto const failed = condemned_bpf__attach(skeleton.get()); failed != 0)
        return refused_by_kernel(-failed, "attach the programs against the condemned");
    auto gate = std::make_unique<EbpfCondemnedGate>(std::move(skeleton));
    TRY(ensure_asked(change_attributes, [&] { return gate->questions(); }));
    return std::unique_ptr<CondemnedGate>(std::move(gate));
}

} // namespace tocsin::sensor
