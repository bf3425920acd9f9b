// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/self_defence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "tocsin/base/log.h"
#include "tocsin/base/proc.h"
#include "tocsin/base/sys.h"

namespace tocsin::guard {

SelfDefence::SelfDefence(
    Result<std::unique_ptr<sensor::SelfGate>> gate, answers::StatePaths const& state, Report report)
    : report_(std::move(report))
{
    if (!gate.ok()) {
        why_none_ = gate.error().message();
        return;
    }
    gate_ = gate.take();
    if (auto guarded = guard_own(state); !guarded.ok()) {
        why_none_ = guarded.error().message();
        gate_.reset(); // all or nothing: half of it could keep the guard itself out
    }
}

Result<void> SelfDefence::guard_own(answers::StatePaths const& state)
{
    auto const processes = TRY(proc::ProcDir::open());
    auto const self = TRY(processes.stat(::getpid()));
    TRY(gate_->admit({self.pid, self.start_ticks}));
    TRY(guard_directory(state.dir));
    TRY(guard_directory(state.repository));
    auto locks = TRY(sys::open(state.repository + "/locks", O_PATH | O_DIRECTORY | O_NOFOLLOW));
    TRY(gate_->leave_open(locks.get()));
    directories_.push_back(std::move(locks));
    return {};
}

Result<void> SelfDefence::guard_directory(std::string const& path)
{
    auto directory = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
    TRY(gate_->guard(directory.get()));
    directories_.push_back(std::move(directory));
    return {};
}

void SelfDefence::look(event::ProcessKey supervisor)
{
    if (!gate_)
        return;
    if (supervisor != supervisor_) {
        if (supervisor_)
            gate_->dismiss(supervisor_);
        if (supervisor)
            (void)gate_->admit(supervisor);
        supervisor_ = supervisor;
    }
    gate_->drain([this](sensor::RefusedDeed&& deed) { tell(std::move(deed)); });
}

void SelfDefence::tell(sensor::RefusedDeed&& deed)
{
    if (!told_.is_due(fmt::format("{} {} {}", deed.deed, deed.uid, deed.command), steady_now()))
        return;
    auto sentence = fmt::format("tried to {}, and was refused", deed.deed);
    log_line(Severity::warning,
        fmt::format("process {} ({}) of user {} {}", deed.process.pid, deed.command, deed.uid, sentence));
    report_(std::move(deed), std::move(sentence));
}

answers::InvariantStatus SelfDefence::what_holds() const
{
    answers::InvariantStatus out{"guard_is_left_alone", gate_ != nullptr, {}};
    out.reason = gate_
        ? fmt::format(
              "nobody but process 1 of this host can kill, stop or trace it, or change what it keeps; "
              "{} times somebody tried",
              gate_->refusals())
        : "root can stop it, and delete what it keeps: " + why_none_;
    return out;
}

} // namespace tocsin::guard
