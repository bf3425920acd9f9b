// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/process_book.h"

namespace tocsin::guard {

ProcessBook::ProcessBook(verdict::ProcessTree& tree, Recording& recording)
    : tree_(tree), recording_(recording)
{
}

void ProcessBook::apply(sensor::LifecycleEvent&& event)
{
    if (event.kind == sensor::LifecycleKind::exited) {
        tree_.exited(event.process.key, wall_now());
        introduced_.erase(event.process.key);
        return;
    }
    if (event.kind == sensor::LifecycleKind::executed)
        introduced_.erase(event.process.key); // it has another command now
    remember(std::move(event.process));
}

void ProcessBook::apply_all(std::vector<event::Process> processes)
{
    for (auto& process : processes)
        remember(std::move(process));
}

void ProcessBook::remember(event::Process&& process)
{
    running_[process.key.pid] = process.key;
    tree_.apply(process);
    recording_.add(process);
}

event::ProcessKey ProcessBook::key_of(pid_t pid)
{
    if (pid == 0)
        return {};
    if (auto at = running_.find(pid); at != running_.end())
        return at->second;
    auto process = sensor::read_process(pid);
    if (!process.ok())
        return {pid, 0};
    auto found = process.take();
    auto key = found.key;
    remember(std::move(found));
    return key;
}

void ProcessBook::recall(event::Process const& process)
{
    tree_.apply(process);
    tree_.exited(process.key, wall_now());
}

void ProcessBook::introduce(event::ProcessKey key, Batch& batch)
{
    while (key && introduced_.insert(key).second) {
        auto const* node = tree_.find(key);
        if (node == nullptr)
            return;
        batch.add(node->process);
        key = node->process.parent;
    }
}

} // namespace tocsin::guard
