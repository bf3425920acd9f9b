// SPDX-License-Identifier: Apache-2.0
// What the deciding thread knows of who reads and who sends.
#include "tocsin/guard/decider.h"

namespace tocsin::guard {

void Decider::note_read(event::Activity const& opened)
{
    auto const* entry = catalog_.find(opened.object);
    if (entry != nullptr && entry->kind == event::ObjectKind::regular)
        reads_.note(processes_, opened.process, opened.object, entry->size);
}

Traffic Decider::take_traffic(std::vector<sensor::Sent> sent)
{
    Traffic out;
    out.reads = reads_.take();
    for (auto& one : sent) {
        auto const* node = processes_.find(one.process);
        auto const& sender = node == nullptr ? event::Process{.key = one.process} : node->process;
        out.sent.push_back({verdict::job_of(processes_, one.process), sender, std::move(one)});
    }
    for (auto const& tree : parts_.trees.all()) {
        auto const counts = catalog_.counts(tree->root);
        out.files_protected += counts.objects - counts.directories;
    }
    return out;
}

} // namespace tocsin::guard
