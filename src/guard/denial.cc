// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/denial.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <utility>

#include "tocsin/base/sys.h"

namespace tocsin::guard {
namespace {

template <typename Gate>
std::string reason_of(Result<Gate> const& gate)
{
    return gate.ok() ? std::string() : gate.error().message();
}

} // namespace

Denial::Denial(Gates gates, Trees const& trees)
    : condemned_(gates.condemned.ok() ? gates.condemned.take() : nullptr)
    , why_none_(reason_of(gates.condemned))
    , truncation_(gates.truncation.ok() ? gates.truncation.take() : nullptr)
    , why_no_truncation_(reason_of(gates.truncation))
    , trees_(trees)
{
}

void Denial::refresh()
{
    if (!condemned_ && !truncation_)
        return;
    std::lock_guard lock(mutex_);
    auto gone = std::exchange(marked_, {});
    not_marked_.clear();
    for (auto const& tree : trees_.all()) {
        bool const is_new = gone.erase(tree->root) == 0;
        auto marked = is_new ? mark(*tree) : Result<void>{};
        if (marked.ok())
            marked_.emplace(tree->root, tree);
        else
            not_marked_ = fmt::format("not in '{}': {}", tree->path, marked.error().message());
    }
    for (auto const& [root, tree] : gone)
        unmark(*tree);
}

Result<void> Denial::mark(Tree const& tree)
{
    if (condemned_)
        TRY(condemned_->protect(tree.fd.get()));
    if (truncation_)
        TRY(truncation_->watch(tree.fd.get()));
    return {};
}

void Denial::unmark(Tree const& tree)
{
    if (condemned_)
        condemned_->unprotect(tree.fd.get());
    if (truncation_)
        truncation_->unwatch(tree.fd.get());
}

Result<UniqueFd> Denial::find(event::ObjectKey const& object) const
{
    return sys::open_by_handle(trees_.mount_fd(object.filesystem), object.handle, O_PATH);
}

void Denial::kept(event::ObjectKey const& object, event::Stamp const& stamp) const
{
    if (!truncation_)
        return;
    if (auto file = find(object); file.ok()) // else it has no name any more to be truncated by
        truncation_->kept(file.take().get(), stamp);
}

void Denial::left_out(event::ObjectKey const& object) const
{
    if (!truncation_)
        return;
    if (auto file = find(object); file.ok())
        truncation_->left_out(file.take().get());
}

void Denial::set_keeping(bool on)
{
    if (truncation_)
        truncation_->set_refusing(on);
}

std::uint64_t Denial::truncations_refused() const
{
    return truncation_ ? truncation_->counters().refused : 0;
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

void Denial::ended(std::span<event::ProcessKey const> processes)
{
    if (!condemned_)
        return;
    for (auto const& process : processes)
        condemned_->forget(process);
}

std::vector<answers::InvariantStatus> Denial::what_holds() const
{
    std::vector<answers::InvariantStatus> out{condemned_change_nothing(), truncation_waits()};
    std::lock_guard lock(mutex_);
    for (auto& one : out) {
        if (!one.holds || not_marked_.empty())
            continue;
        one.holds = false;
        one.reason = not_marked_;
    }
    return out;
}

answers::InvariantStatus Denial::condemned_change_nothing() const
{
    answers::InvariantStatus out{"condemned_change_nothing", false, {}};
    if (!condemned_) {
        out.reason = "only opens are denied to them, and they are frozen: " + why_none_;
        return out;
    }
    auto const missed = not_condemned_.load() + condemned_->missed();
    out.holds = missed == 0;
    out.reason = out.holds
        ? fmt::format("the kernel denies them changes of names and attributes, too; it did {} times",
              condemned_->denials())
        : fmt::format("{} processes found the kernel's table full", missed);
    return out;
}

answers::InvariantStatus Denial::truncation_waits() const
{
    answers::InvariantStatus out{"truncation_by_path_waits", false, {}};
    if (!truncation_) {
        out.reason =
            "what a close left can be truncated by path before it is captured: " + why_no_truncation_;
        return out;
    }
    auto const counted = truncation_->counters();
    out.holds = counted.let_go + counted.missed == 0;
    out.reason = fmt::format("{} were refused until the file was captured", counted.refused);
    if (!out.holds)
        out.reason = fmt::format("{} went before the file was captured, {} files could not be noted",
            counted.let_go, counted.missed);
    return out;
}

} // namespace tocsin::guard
