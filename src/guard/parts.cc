// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/parts.h"

#include <algorithm>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tocsin/base/log.h"
#include "tocsin/base/precedence.h"
#include "tocsin/base/size.h"
#include "tocsin/base/sys.h"
#include "tocsin/event/restraint.h"
#include "tocsin/guard/checkpoint.h"
#include "tocsin/guard/control.h"
#include "tocsin/guard/device_headers.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::milliseconds hold_at_most{2000};
constexpr std::chrono::milliseconds housekeeping_every{500};
constexpr std::chrono::minutes checkpoint_every{15};
constexpr std::chrono::minutes growth_every{5};
constexpr std::uint64_t fullest_percent = 90;

// Of one that was undone while its actor was frozen or held, and nobody has released or ended it since.
std::optional<event::IncidentState> state_before_undo(
    event::Incident const& incident, std::span<event::Action const> actions)
{
    if (incident.state != event::IncidentState::undone)
        return {};
    if (auto const last = event::last_restraint(actions))
        return last->kind == event::ActionKind::freeze ? std::optional(event::IncidentState::contained)
                                                       : std::nullopt;
    bool const is_held = std::ranges::any_of(actions, [](event::Action const& action) {
        return action.kind == event::ActionKind::hold && !event::has_failed(action);
    });
    return is_held ? std::optional(event::IncidentState::held) : std::nullopt;
}

} // namespace

Result<std::unique_ptr<Guard::Parts>> Guard::Parts::create(Given given)
{
    auto inbox = TRY(Inbox::create());
    auto never_cut = TRY(respond::NeverCut::of(given.options.never_cut));
    auto responder = TRY(Responder::create(given.options.policy, std::move(never_cut)));
    auto always_allowed = TRY(HostIsolation::allowed_by(given.options.isolation_allow));
    Recording recording;
    if (!given.options.recording.empty())
        recording = TRY(Recording::create(given.options.recording));
    auto protection_reader = TRY(journal::Journal::open(given.state.journal, journal::Access::read_only));
    auto parts = std::make_unique<Parts>(std::move(given), std::move(inbox), std::move(responder),
        std::move(recording), std::move(protection_reader), std::move(always_allowed));
    parts->reading = TRY(journal::Journal::open(parts->state.journal, journal::Access::read_only));
    parts->stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!parts->stop_)
        return Error::from_errno(errno, "eventfd");
    return parts;
}

Guard::Parts::Parts(Given given, std::unique_ptr<Inbox> inbox_, std::unique_ptr<Responder> responder_,
    Recording recording, std::unique_ptr<journal::Journal> protection_reader,
    std::vector<respond::Allowed> always_allowed)
    : options(std::move(given.options))
    , state(std::move(given.state))
    , lock(std::move(given.lock))
    , service_manager(options.service_manager)
    , supervisor(std::move(given.supervisor))
    , gate(std::move(given.gate))
    , witness(std::move(given.witness))
    , lineage(std::move(given.lineage))
    , repository(std::move(given.repository))
    , denial(std::move(given.denial), trees)
    , inbox(std::move(inbox_))
    , responder(std::move(responder_))
    , recorder(std::move(given.journal))
    , pool(*repository, trees, *inbox, capture::Pool::Limits{})
    , deadlines(hold_at_most, heartbeat_of(supervise::Organ::deadlines))
    , keeper(pool, deadlines, opens, heartbeat_of(supervise::Organ::gate))
    , walker({*gate, *witness, pool, *inbox, trees})
    , executables([this](event::Executable executable) {
        inbox->put(
            Command([this, executable = std::move(executable)] { decider.incidents().hashed(executable); }));
    })
    , decider({trees, *witness, lineage.get(), keeper, denial, pool, walker, recorder, opens, *inbox,
          *responder, executables, std::move(recording)})
    , devices(std::move(given.device_gate), trees,
          [this](sensor::RefusedWrite write, std::string sentence) {
              note_refusal(write.process, write.uid, std::move(write.command), std::move(sentence));
          })
    , defence(std::move(given.self_gate), state,
          [this](sensor::RefusedDeed deed, std::string sentence) {
              note_refusal(deed.process, deed.uid, std::move(deed.command), std::move(sentence));
          })
    , protection({state, *repository, trees, recorder, *inbox, walker, decider, devices, denial, health},
          std::move(protection_reader))
    , isolation(std::move(always_allowed), [this](std::string sentence) { note(std::move(sentence)); })
    , exposure(
          std::move(given.sent_bytes),
          [this](std::vector<sensor::Sent> sent) {
              inbox->put(
                  Command([this, sent = std::move(sent)] { exposure.tell(decider.take_traffic(sent)); }));
          },
          [this](verdict::Exposed exposed) {
              inbox->put(
                  Command([this, exposed = std::move(exposed)] { decider.incidents().expose(exposed); }));
          })
    , self_findings_([this](event::Incident incident) {
        inbox->put(Command([this, incident = std::move(incident)] { decider.incidents().open(incident); }));
    })
{
    responder->connect(
        keeper, denial,
        [this](event::Action action) {
            inbox->put(Command([this, action = std::move(action)] { decider.incidents().acted(action); }));
        },
        [this](event::IncidentId id, sensor::RemoteClient client) {
            inbox->put(Command(
                [this, id, client = std::move(client)] { decider.incidents().name_client(id, client); }));
        });
}

sensor::Heartbeat Guard::Parts::heartbeat_of(supervise::Organ organ)
{
    if (!supervisor)
        return {};
    auto& pulse = supervisor->pulse();
    return {[&pulse, organ] { pulse.beat(organ); }, [&pulse, organ] { pulse.rest(organ); }};
}

void Guard::Parts::note(std::string sentence)
{
    log_line(Severity::warning, sentence);
    inbox->put(Command([this, state_now = status_word(), sentence = std::move(sentence)] {
        decider.record(event::GuardChange{wall_now(), state_now, sentence});
        decider.send_records();
    }));
}

void Guard::Parts::note_refusal(
    event::ProcessKey key, std::uint32_t uid, std::string command, std::string sentence)
{
    event::Process process; // as far as it is known where the decider never heard of it
    process.key = key;
    process.uid = uid;
    process.command = std::move(command);
    inbox->put(Command([this, process = std::move(process), sentence = std::move(sentence)] {
        decider.incidents().note_refusal(process, sentence);
    }));
}

void Guard::Parts::record_death(std::string const& how)
{
    (void)self_findings_.record("died", "the guard " + how + ", and was started again");
}

Guard::Parts::~Parts()
{
    end_in_order();
}

Result<void> Guard::Parts::recall()
{
    TRY(protection.recall());
    auto incidents = TRY(reading->incidents());
    for (auto const& incident : incidents) {
        decider.recall(incident);
        auto const actions = TRY(reading->actions_of(incident.id));
        if (auto const before = state_before_undo(incident, actions))
            decider.incidents().recall_undone(incident.id, *before);
        decider.incidents().recall_cut(incident.id, event::cut_clients(actions));
        auto const exposures = TRY(reading->exposures_of(incident.id));
        for (auto const& exposure_then : exposures)
            decider.incidents().recall(exposure_then);
    }
    return {};
}

Result<void> Guard::Parts::begin()
{
    gate_thread_ = std::jthread([this] { serve_gate(); });
    decider_thread_ = std::jthread([this] { decide(); });
    if (supervisor)
        self_watch_ = std::make_unique<SelfWatch>(*supervisor, service_manager, defence, self_findings_);
    protection.begin();
    isolation.recall();
    auto listener = TRY(answers::listen_control(state.dir));
    control_ = std::make_unique<Control>(
        std::move(listener), [this](answers::Request const& request, answers::ProgressSink const& progress) {
            return answer(request, progress);
        });
    return {};
}

void Guard::Parts::serve_gate()
{
    take_precedence("gate", Precedence::gate);
    auto served = gate->serve(keeper);
    if (!served.ok())
        health.set("gate", "the kernel no longer asks before opens: " + served.error().message());
}

void Guard::Parts::decide()
{
    auto decided = decider.run();
    if (decided.ok())
        return;
    // Nobody must wait for what nobody will decide.
    health.set("decider", "changes are no longer seen: " + decided.error().message());
    can_decide_ = false;
    keeper.set_holding(false);
    denial.set_keeping(false);
    inbox->close();
}

void Guard::Parts::run()
{
    tell_manager(status_word());
    log_start();
    keep_house();
    end_in_order();
    log_line(Severity::info, "the guard has ended in order");
}

void Guard::Parts::log_start() const
{
    std::string guarded;
    for (auto const& tree : trees.all())
        guarded += fmt::format("{}'{}'", guarded.empty() ? "" : ", ", printable(tree->path, 4096));
    log_line(Severity::info,
        fmt::format("the guard has started (process {}, --respond {}): {}", ::getpid(),
            name_of(options.policy), guarded.empty() ? "no tree is there yet" : guarded));
}

void Guard::Parts::stop()
{
    if (supervisor)
        supervisor->pulse().end_in_order(); // whatever becomes of it: it was told to
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(stop_.get(), &one, sizeof(one));
}

void Guard::Parts::keep_house()
{
    auto next_growth = steady_now();
    auto next_checkpoint = SteadyTime::max(); // the first one follows the first walk
    std::string told;
    std::uint64_t truncations = 0;
    pollfd stop{stop_.get(), POLLIN, 0};
    while (::poll(&stop, 1, static_cast<int>(housekeeping_every.count())) == 0) {
        health.set("journal",
            recorder.failure().empty() ? "" : "the journal can't be written: " + recorder.failure());
        health.set("capture", decider.failure().empty() ? "" : "captures fail: " + decider.failure());
        if (keeper.counters().lost_events + decider.witness_overflows() > 0)
            health.set("events", "the kernel's queue overflowed: changes were missed");
        watch_disk();
        if (auto const refused = denial.truncations_refused(); std::exchange(truncations, refused) != refused)
            pool.hurry(); // whoever tries again is let go 2 s after the first time
        protection.look_for_awaited();
        isolation.look();
        auto now = steady_now();
        auto state_now = status_word();
        tell_manager(state_now);
        if (state_now != told) {
            told = state_now;
            auto reason = health.blind_because();
            inbox->put(Command(
                [this, told, reason] { decider.record(event::GuardChange{wall_now(), told, reason}); }));
            log_line(reason.empty() ? Severity::info : Severity::warning,
                told + (reason.empty() ? "" : ": " + reason));
            if (!reason.empty())
                (void)self_findings_.record("blind", "protection is lost: " + reason);
            if (told == "guarding" && next_checkpoint == SteadyTime::max())
                next_checkpoint = now;
        }
        if (now >= next_growth) {
            next_growth = now + growth_every;
            watch_growth();
        }
        if (now >= next_checkpoint) {
            next_checkpoint = now + checkpoint_every;
            if (auto made = checkpoint(); !made.ok())
                log_line(Severity::warning, "no checkpoint was made: " + made.error().message());
        }
    }
}

// At each change. What a busy manager has not taken is told again.
void Guard::Parts::tell_manager(std::string const& word)
{
    auto const reason = health.blind_because();
    auto status = reason.empty() ? word : word + ": " + reason;
    if (status == manager_knows_)
        return;
    // Ready in each state: a tree whose disk is missing must not keep all that waits for this guard.
    bool const is_told =
        manager_knows_.empty() ? service_manager.ready(status) : service_manager.status(status);
    if (is_told)
        manager_knows_ = std::move(status);
}

void Guard::Parts::watch_growth()
{
    auto own = journal::Journal::open(state.journal, journal::Access::read_only);
    if (!own.ok())
        return; // the recorder tells what is wrong with it
    if (auto growth = own.take()->growth(wall_now()); growth.ok()) {
        std::lock_guard guard(growth_mutex_);
        growth_ = growth.take();
    }
}

void Guard::Parts::watch_disk()
{
    auto fd = sys::open(state.repository, O_RDONLY | O_DIRECTORY);
    if (!fd.ok()) {
        health.set("disk", "the repository can't be reached: " + fd.error().message());
        return;
    }
    auto room = sys::space_of(fd.take().get());
    if (!room.ok())
        return;
    auto space = room.take();
    bool is_full = space.free_bytes * 100 < space.total_bytes * (100 - fullest_percent)
        || space.free_bytes < options.reserve_bytes;
    pool.set_taking(!is_full);
    keeper.set_holding(!is_full && can_decide_);
    denial.set_keeping(!is_full && can_decide_);
    health.set("disk",
        is_full ? fmt::format("the repository's disk has only {} left: versions are no longer kept, what "
                              "is kept stays",
                      size_words(space.free_bytes))
                : "");
}

std::string Guard::Parts::status_word() const
{
    if (stopping_)
        return "stopped";
    if (!health.blind_because().empty())
        return "blind";
    bool const is_busy =
        protection.has_walks_to_ask_for() || walker.outstanding() != 0 || decider.is_catching_up();
    return is_busy ? "capturing" : "guarding";
}

Result<void> Guard::Parts::checkpoint()
{
    recorder.flush();
    auto own = TRY(journal::Journal::open(state.journal, journal::Access::read_only));
    TRY(repository->ensure_nobody_prunes());
    auto made = make_checkpoint({*repository, *own, state.dir, device_headers()}, wall_now());
    if (!made.ok() && made.error().code() != Errc::not_found)
        return made.take_error();
    return {};
}

// Of those that can be read; a disk that fails must not keep the trees from their checkpoint.
std::vector<vault::Node> Guard::Parts::device_headers()
{
    std::vector<vault::Node> out;
    for (auto const& [number, name] : devices.carriers()) {
        auto saved = save_headers(*repository, number, name);
        if (!saved.ok())
            log_line(Severity::warning, "headers are not kept: " + saved.error().message());
        else
            std::ranges::move(saved.take(), std::back_inserter(out));
    }
    return out;
}

// In the direction in which things flow: first nobody waits any more, then what was closed is
// captured, then it is decided on and recorded, then it is sealed.
void Guard::Parts::end_in_order()
{
    if (stopping_.exchange(true))
        return;
    (void)service_manager.stopping();
    control_.reset();
    gate->stop();
    if (gate_thread_.joinable())
        gate_thread_.join();
    self_watch_.reset();
    walker.stop();
    pool.stop();
    responder->stop(); // what it has begun is still told
    inbox->put(Command([this] { decider.record(event::GuardChange{wall_now(), "stopped", ""}); }));
    inbox->close();
    if (decider_thread_.joinable())
        decider_thread_.join();
    recorder.flush();
    if (auto made = checkpoint(); !made.ok())
        log_line(Severity::warning, "no checkpoint was made: " + made.error().message());
    if (auto closed = repository->close(); !closed.ok())
        log_line(Severity::warning, "the repository was not closed: " + closed.error().message());
}

} // namespace tocsin::guard
