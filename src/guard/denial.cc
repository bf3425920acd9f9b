// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/denial.h"

#include <fmt/format.h>
#include <set>

namespace tocsin::guard {
namespace {

template <typename Gate>
std::string reason_of(Result<Gate> const& gate)
{
    return gate.ok() ? std::string() : gate.error().message();
}

} // namespace

Denial::Denial(Result<std::unique_ptr<sensor::CondemnedGate>> condemned, Trees const& trees)
    : condemned_(condemned.ok() ? condemned.take() : nullptr), why_none_(reason_of(condemned)), trees_(trees)
{
}

void Denial::refresh()
{
    if (!condemned_)
        return;
    std::lock_guard lock(mutex_);
    auto gone = std::exchange(protected_, {});
    not_protected_.clear();
    for (auto const& tree : trees_.all()) {
        if (gone.erase(tree->root) == 0) {
            auto marked = condemned_->protect(tree->fd.get());
            if (!marked.ok()) {
                not_protected_ = fmt::format("not of '{}': {}", tree->path, marked.error().message());
                continue;
            }
        }
        protected_.emplace(tree->root, tree);
    }
    for (auto const& [root, tree] : gone)
        condemned_->unprotect(tree->fd.get());
}

void Denial::condemn(std::span<event::ProcessKey const> processes)
{
    if (!condemned_)
        return;
    for (auto const& process : processes)
        if (!condemned_->condemn(process).ok())
            ++not_condemned_;
}

void Denial::pardon(std::span<event::ProcessKey const> processes)
{
    if (condemned_)
        condemned_->pardon(processes);
}

std::vector<answers::InvariantStatus> Denial::what_holds() const
{
    return {condemned_change_nothing()};
}

answers::InvariantStatus Denial::condemned_change_nothing() const
{
    answers::InvariantStatus out{"condemned_change_nothing", false, {}};
    if (!condemned_) {
        out.reason = "only opens are denied to them, and they are frozen: " + why_none_;
        return out;
    }
    if (auto const missed = not_condemned_.load(); missed != 0) {
        out.reason = fmt::format("{} processes found the kernel's table full", missed);
        return out;
    }
    std::lock_guard lock(mutex_);
    out.holds = not_protected_.empty();
    out.reason = out.holds ? fmt::format("the kernel denies them names and attributes, too; it did {} times",
                                 condemned_->denials())
                           : not_protected_;
    return out;
}

} // namespace tocsin::guard
