// SPDX-License-Identifier: Apache-2.0
// What the command line asks of a running guard.
#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <unistd.h>

#include "tocsin/answers/args.h"
#include "tocsin/answers/direct.h"
#include "tocsin/answers/put_back.h"
#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"
#include "tocsin/guard/parts.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::seconds decider_answers_within{5};
constexpr std::chrono::seconds responder_answers_within{10};
constexpr std::int64_t device_writes_at_most_s = 24 * 60 * 60; // a window that is forgotten closes
constexpr std::size_t names_at_once = 1'000; // in the deciding thread: less than a millisecond

} // namespace

template <typename T>
Result<T> Guard::Parts::in_decider(std::function<Result<T>(Decider&)> ask)
{
    struct Question {
        std::promise<Result<T>> answer;
        std::atomic<bool> is_withdrawn{false};
    };
    auto question = std::make_shared<Question>();
    auto answer = question->answer.get_future();
    inbox->put(Command([this, question, ask = std::move(ask)] {
        if (!question->is_withdrawn)
            question->answer.set_value(ask(decider));
    }));
    if (answer.wait_for(decider_answers_within) == std::future_status::ready)
        return answer.get();
    question->is_withdrawn = true; // it may be answered at this moment: so `ask` owns what it uses
    return Error(Errc::again, "the guard is busy or ends: try again");
}

answers::Status Guard::Parts::status()
{
    answers::Status out;
    out.state = status_word();
    out.guard_pid = ::getpid();
    out.reason = health.blind_because();
    out.respond = name_of(options.policy);
    auto all = trees.all();
    auto counted = in_decider<std::vector<answers::TreeStatus>>(
        [all](Decider& d) -> Result<std::vector<answers::TreeStatus>> {
            std::vector<answers::TreeStatus> result;
            for (auto const& tree : all) {
                auto counts = d.catalog().counts(tree->root);
                answers::TreeStatus one;
                one.path = tree->path;
                one.objects = counts.objects;
                one.bytes = counts.bytes;
                one.pending = std::min(d.uncaptured(tree->root), counts.objects);
                one.captured = counts.objects - one.pending
                    - std::min(d.excluded(tree->root), counts.objects - one.pending);
                result.push_back(std::move(one));
            }
            return result;
        });
    if (counted.ok())
        out.trees = counted.take();
    auto counters = keeper.counters();
    if (!out.trees.empty())
        out.trees.front().at_risk =
            counters.at_risk + deadlines.timeouts() + decider.lost_captures() + gate->unreadable_events();
    out.gate = {counters.opens, counters.held, deadlines.timeouts(),
        static_cast<std::uint64_t>(counters.p50_us), static_cast<std::uint64_t>(counters.p99_us)};
    auto stored = repository->statistics();
    out.vault.repository = state.repository;
    out.vault.stored_bytes = stored.stored_bytes;
    {
        std::lock_guard growth_guard(growth_mutex_);
        out.vault.growth = growth_;
    }
    out.isolation = isolation.now();
    std::lock_guard guard(reading_mutex);
    if (auto totals = reading->totals(); totals.ok()) {
        auto t = totals.take();
        out.vault.versions = t.versions;
        out.vault.bytes = t.version_bytes;
        out.incidents_open = t.incidents_open;
    }
    out.invariants = what_holds();
    return out;
}

answers::InvariantStatus Guard::Parts::never_harms() const
{
    auto text = fmt::format("an open waits at most 2 s; {} did", deadlines.timeouts());
    if (!self_watch_)
        return {"never_harms", true, text + "; no supervisor watches this guard"};
    auto wrong = self_watch_->what_is_wrong();
    return {"never_harms", wrong.empty(), wrong.empty() ? text : wrong};
}

std::vector<answers::InvariantStatus> Guard::Parts::what_holds() const
{
    auto blind = health.blind_because();
    std::vector<answers::InvariantStatus> out;
    std::string sharing;
    for (auto const& tree : trees.all()) {
        if (tree->scope == sensor::MarkScope::directory)
            sharing += fmt::format("{}'{}'", sharing.empty() ? "" : ", ", tree->path);
    }
    auto excepted = sharing.empty()
        ? std::string()
        : fmt::format("but not opens by file handle (NFS exports, open_by_handle_at) and by hard links made "
                      "outside, of files below {}, where the file system is shared",
              sharing);
    out.push_back({"nothing_closed_is_lost", blind.empty(), blind.empty() ? excepted : blind});
    out.push_back(devices.what_holds());
    out.push_back(exposure.what_holds());
    std::ranges::move(denial.what_holds(), std::back_inserter(out));
    out.push_back(defence.what_holds());
    out.push_back(never_harms());
    out.push_back({"reversible_first", options.policy != respond::Policy::stop,
        options.policy == respond::Policy::observe ? "only observes: nothing is frozen" : ""});
    auto const lost = decider.lost_births();
    out.push_back({"processes_are_known_from_birth", lineage != nullptr && lost == 0,
        lineage == nullptr ? "only by /proc: short-lived processes may be missed"
            : lost != 0    ? fmt::format("by {}, which lost {} events: short-lived processes may be missing",
                                 lineage->engine(), lost)
                           : fmt::format("by {}", lineage->engine())});
    return out;
}

Result<json::value> Guard::Parts::answer(
    answers::Request const& request, answers::ProgressSink const& progress)
{
    if (request.verb == "status")
        return answers::to_json(status());
    if (request.verb == "protect" || request.verb == "unprotect")
        return answer_protect(request);
    if (request.verb == "device_writes")
        return answer_device_writes(request);
    if (request.verb == "isolate")
        return isolation.answer(request);
    if (request.verb == "release" || request.verb == "stop")
        return answer_actor(request);
    if (request.verb == "undo" || request.verb == "restore")
        catch_up();
    else
        recorder.flush(); // so that the answer knows what happened until now
    auto const deeds = deeds_before(request);
    auto restored = [this](event::Version const& version) { tell_put_back(version); };
    auto answered = answers::answer_with({state, *repository, restored}, request, progress);
    if (answered.ok() && request.verb == "undo") {
        auto value = answered.take();
        auto took_back = TRY(answers::takes_back(request));
        if (took_back)
            TRY(after_undo(request, value, deeds));
        return value;
    }
    return answered;
}

// Of a directory, which comes after what is in it, also the order in which its names are listed now: who
// goes through it takes them in that order.
void Guard::Parts::tell_put_back(event::Version const& version)
{
    inbox->put(Command([this, version] { decider.put_back(version); }));
    auto const mount = trees.mount_fd(version.key.filesystem);
    if (version.kind() != event::ObjectKind::directory || mount < 0)
        return;
    auto directory = sys::open_by_handle(mount, version.key.handle, O_RDONLY | O_DIRECTORY | O_NOATIME);
    auto entries = directory.ok() ? sys::list_dir(directory.take().get())
                                  : Result<std::vector<sys::DirEntry>>(directory.take_error());
    if (!entries.ok())
        return;
    auto const listed = entries.take();
    for (std::size_t begin = 0; begin < listed.size(); begin += names_at_once) {
        auto const end = std::min(listed.size(), begin + names_at_once);
        std::vector<sys::DirEntry> part(listed.begin() + static_cast<std::ptrdiff_t>(begin),
            listed.begin() + static_cast<std::ptrdiff_t>(end));
        inbox->put(Command([this, root = version.root, object = version.object, part = std::move(part)] {
            decider.note_listing(root, object, part);
        }));
    }
}

// Of the incident that is about to be undone; none where that can't be told, which must not keep anything
// from being put back.
std::optional<std::uint64_t> Guard::Parts::deeds_before(answers::Request const& request)
{
    auto takes_back = answers::takes_back(request);
    auto id = answers::incident_arg(request.args);
    if (!takes_back.ok() || !takes_back.take() || !id.ok())
        return std::nullopt;
    auto deeds = in_decider<std::uint64_t>([id = id.take()](Decider& d) -> Result<std::uint64_t> {
        d.send_records(); // so that the plan knows each that is counted
        return d.incidents().deeds(id);
    });
    recorder.flush();
    return deeds.ok() ? std::optional(deeds.take()) : std::nullopt;
}

// The journal gets the report; the report says whether any of the actor's processes still live.
Result<void> Guard::Parts::after_undo(
    answers::Request const& request, json::value& report, std::optional<std::uint64_t> deeds)
{
    auto id = TRY(answers::incident_arg(request.args));
    auto outcome = answers::undo_sentence(report);
    auto whole = answers::is_whole(report) ? Incidents::Whole::yes : Incidents::Whole::no;
    struct After {
        bool is_undone;
        std::size_t living;
        std::vector<event::ClientAddress> kept_out;
    };
    auto after = TRY(in_decider<After>([=, by = request.user](Decider& d) -> Result<After> {
        bool const is_undone = d.incidents().record_undo(id, by, outcome, whole, deeds);
        return After{is_undone, d.incidents().living(id), d.incidents().kept_out(id)};
    }));
    log_line(Severity::warning,
        fmt::format("incident {}: undo by {}: {}", id.value, printable(request.user, 100), outcome));
    if (whole == Incidents::Whole::yes && !after.is_undone)
        answers::add_note(report, "not all",
            fmt::format("more may have been done meanwhile: 'tocsin undo {}' again takes it back", id.value));
    for (auto const& client : after.kept_out)
        answers::add_note(report, "client",
            fmt::format("{} stays out of port {}: 'tocsin release {}' admits it again", client.address,
                client.port, id.value));
    auto const living = after.living;
    if (living != 0)
        answers::add_note(report, "actor",
            fmt::format("{} of its processes still exist: 'tocsin stop {}' ends them", living, id.value));
    return {};
}

void Guard::Parts::catch_up()
{
    auto deadline = steady_now() + decider_answers_within;
    do {
        (void)in_decider<bool>([](Decider& d) -> Result<bool> {
            d.bring_up_to_date();
            return true;
        });
        pool.hurry();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (pool.backlog() != 0 && steady_now() < deadline);
    (void)in_decider<bool>([](Decider& d) -> Result<bool> { // what the pool told last
        d.bring_up_to_date();
        return true;
    });
    recorder.flush();
}

Result<json::value> Guard::Parts::answer_protect(answers::Request const& request)
{
    auto paths = TRY(answers::paths_arg(request.args, "paths"));
    auto excludes = TRY(answers::texts_arg(request.args, "exclude"));
    bool is_over = false;
    auto log = [&](std::string const& path, std::string_view what) {
        log_line(Severity::info,
            fmt::format("'{}' {}, as {} asked", printable(path, 4096), what, printable(request.user, 100)));
    };
    if (request.verb == "unprotect") {
        is_over = TRY(protection.unprotect(paths));
        for (auto const& path : paths)
            log(path, "is guarded no more");
        if (is_over)
            stop();
    } else {
        for (auto const& path : paths) {
            TRY(protection.protect(path, excludes));
            log(path, "is guarded");
        }
    }
    auto now = status();
    if (is_over) {
        now.state = "stopped";
        now.guard_pid = 0;
        now.respond.clear();
        now.reason = "nothing is guarded any more: the guard ends";
        now.invariants.clear();
    }
    return answers::to_json(now);
}

// Who has opened the window, and for how long, is in the journal and in the log.
Result<json::value> Guard::Parts::answer_device_writes(answers::Request const& request)
{
    auto const asked = TRY(answers::optional_number_arg(request.args, "seconds"));
    if (!asked || *asked < 0 || *asked > device_writes_at_most_s)
        return Error(Errc::invalid,
            "writes to devices are allowed for 24 hours at most, and 1 second at least; 0 refuses them "
            "again");
    devices.allow_writes(std::chrono::seconds(*asked));
    auto sentence = *asked == 0
        ? "writes to the devices below the trees are refused again, as " + request.user + " asked"
        : fmt::format("writes to the devices below the trees are allowed for {} s, as {} asked", *asked,
              request.user);
    note(std::move(sentence));
    return answers::to_json(status());
}

// Who did it is not known: nobody would be killed, and the journal would say that somebody was.
Result<void> Guard::Parts::refuse_to_stop_nobody(event::IncidentId id)
{
    recorder.flush();
    std::lock_guard guard(reading_mutex);
    auto const incident = TRY(reading->incident(id));
    if (!incident || incident->actor.kind != event::ActorKind::unknown)
        return {}; // none: the decider says so
    return Error(Errc::invalid,
        fmt::format("nobody is known who did what incident {0} tells, and so nobody can be stopped: 'tocsin "
                    "release {0}' takes it off the open ones",
            id.value));
}

Result<json::value> Guard::Parts::answer_actor(answers::Request const& request)
{
    auto id = TRY(answers::incident_arg(request.args));
    if (request.verb == "stop")
        TRY(refuse_to_stop_nobody(id));
    TRY(in_decider<void>([id, verb = request.verb, by = request.user](Decider& d) {
        return verb == "release" ? d.incidents().release(id, by) : d.incidents().stop(id, by);
    }));
    if (!responder->wait_until_done(responder_answers_within))
        return Error(Errc::again,
            fmt::format("not all of the actor of incident {} is at rest yet: look "
                        "again with 'tocsin incident {}'",
                id.value, id.value));
    TRY(in_decider<void>([](Decider& d) -> Result<void> { // it knows by now what was done
        d.send_records();
        return {};
    }));
    recorder.flush();
    auto show = request;
    show.verb = "incident";
    return answers::answer_with({state, *repository, {}}, show, {});
}

} // namespace tocsin::guard
