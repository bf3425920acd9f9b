// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/guard.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tocsin/answers/place.h"
#include "tocsin/base/size.h"
#include "tocsin/base/sys.h"
#include "tocsin/guard/checkpoint.h"
#include "tocsin/guard/parts.h"
#include "tocsin/sensor/fanotify/gate.h"
#include "tocsin/sensor/fanotify/witness.h"
#include "tocsin/supervise/supervisor.h"

namespace tocsin::guard {
namespace {

constexpr std::chrono::seconds another_ends_within{5};

// Each close that waits for its capture keeps a descriptor open.
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = std::max<rlim_t>(limit.rlim_max, 1'048'576);
    limit.rlim_max = limit.rlim_cur;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<answers::StatePaths> prepare_state(Options const& options)
{
    if (::geteuid() != 0)
        return Error(Errc::denied, "guarding needs root: the kernel tells nobody else of opens");
    if (options.died.empty())
        TRY(sys::make_dirs(options.state_dir, 0700));
    auto dir = TRY(sys::real_path(options.state_dir));
    auto state = TRY(answers::StatePaths::of(dir));
    if (!options.died.empty() && ::access(state.journal.c_str(), F_OK) != 0)
        return Error(Errc::not_found, "'" + state.dir + "' has no journal: is its disk mounted?");
    if (!options.repository.empty()) {
        // It need not be there yet, and must not be made before all else is well.
        std::error_code problem;
        auto repository = std::filesystem::weakly_canonical(options.repository, problem).string();
        if (problem)
            return Error::from_errno(problem.value(), "'" + options.repository + "'");
        if (repository != state.repository && answers::has_versions(state))
            return Error(Errc::invalid,
                fmt::format("'{}' keeps its versions in '{}': move that directory to '{}' first, or leave "
                            "--repository out",
                    state.dir, state.repository, repository));
        state.repository = std::move(repository);
    }
    return state;
}

// What would be blind from its first second on is refused.
Result<void> refuse_without_room(answers::StatePaths const& state, std::uint64_t reserve_bytes)
{
    auto place = std::filesystem::path(state.repository);
    std::error_code ignored;
    while (!std::filesystem::is_directory(place, ignored) && place.has_relative_path())
        place = place.parent_path(); // where it is yet to be made
    auto directory = TRY(sys::open(place.string(), O_RDONLY | O_DIRECTORY));
    auto space = TRY(sys::space_of(directory.get()));
    if (space.free_bytes >= reserve_bytes)
        return {};
    return Error(Errc::full,
        fmt::format("the repository's disk has {} left, less than --reserve wants ({})",
            size_words(space.free_bytes), size_words(reserve_bytes)));
}

// What would be refused only after other trees of this start are recorded as protected. One that is
// remembered is awaited where it can't be guarded.
Result<void> refuse_what_cannot_be_added(
    std::span<Tree const> trees, answers::StatePaths const& state, journal::Journal& journal)
{
    answers::Surroundings around{state.dir, state.repository, {}};
    auto const roots = TRY(journal.roots());
    for (auto const& root : roots)
        if (root.is_protected)
            around.remembered.push_back(root.path);
    for (auto const& tree : trees) {
        if (std::ranges::find(around.remembered, tree.path) != around.remembered.end())
            continue;
        TRY(answers::check_apart(tree.path, around));
        TRY(claim(tree)); // let go again at once: protecting it claims it
    }
    return {};
}

// A journal's versions are in the repository that it was written with: an empty one in its place (a
// disk that is not mounted, a directory that was moved) would keep the new ones apart from the old.
Result<std::unique_ptr<vault::Repository>> repository_of(
    answers::StatePaths const& state, journal::Journal& journal)
{
    auto const totals = TRY(journal.totals());
    if (totals.versions == 0)
        return answers::open_or_create_repository(state);
    auto opened = answers::open_repository(state, vault::OpenMode::read_write);
    if (opened.ok() || opened.error().code() != Errc::not_found)
        return opened;
    return Error(Errc::invalid,
        fmt::format("'{}' has no repository of the {} versions that '{}' knows: mount its disk, name its "
                    "directory with --repository, or move '{}' away to begin anew",
            state.repository, totals.versions, state.dir, state.journal));
}

// How the guard before this one ended; empty: in order, or with its host. A supervisor says it to the guard
// that it becomes; where a service manager starts one, the journal does.
Result<std::string> death_before(Options const& options, journal::Journal& journal)
{
    if (!options.died.empty() || options.service_manager.socket.empty())
        return options.died;
    auto const changes = TRY(journal.guard_changes());
    bool const in_order = changes.empty() || changes.back().state == "stopped";
    if (in_order || changes.back().time < boot_time())
        return std::string();
    return std::string(words_of(supervise::Supervisor::End::died));
}

std::unique_ptr<sensor::LineageSource> open_lineage()
{
    if (auto ebpf = sensor::open_ebpf_lineage(); ebpf.ok())
        return ebpf.take();
    if (auto connector = sensor::open_proc_connector_lineage(); connector.ok())
        return connector.take();
    return nullptr; // /proc alone; `status` says so
}

Result<std::unique_ptr<sensor::SelfGate>> open_self_gate(Options const& options)
{
    if (!options.supervisor)
        return Error(Errc::unsupported, "no supervisor watches it, which would end it if it hangs");
    if (!options.is_defended)
        return Error(Errc::unsupported, "it was started so");
    return sensor::open_self_gate(
        options.service_manager.socket.empty() ? sensor::EndsBy::anybody_who_may : sensor::EndsBy::manager);
}

} // namespace

Result<std::unique_ptr<Guard>> Guard::start(Options const& options)
{
    raise_descriptor_limit();
    auto state = TRY(prepare_state(options));
    auto lock = answers::lock_state(state);
    // One that was told to end a moment ago makes its last checkpoint.
    for (auto until = steady_now() + another_ends_within; !lock.ok() && steady_now() < until;) {
        (void)::usleep(100'000);
        lock = answers::lock_state(state);
    }
    if (!lock.ok())
        return Error(lock.error().code(), "a guard runs already on '" + state.dir + "'");

    if (options.died.empty()) // a guard that ran would be blind, and go on
        TRY(refuse_without_room(state, options.reserve_bytes));
    std::vector<Tree> trees; // checked before anything is made
    for (auto const& path : options.paths) {
        auto tree = TRY(open_tree(path));
        TRY(answers::check_apart(tree.path, {state.dir, state.repository, {}}));
        trees.push_back(std::move(tree));
    }
    remove_journal_copies(state.dir); // of a checkpoint that was killed
    auto gate = TRY(sensor::fanotify::open_gate());
    auto witness = TRY(sensor::fanotify::open_witness());
    auto journal = TRY(journal::Journal::open(state.journal, journal::Access::read_write));
    TRY(refuse_what_cannot_be_added(trees, state, *journal));
    auto const died = TRY(death_before(options, *journal));
    auto repository = TRY(repository_of(state, *journal));
    TRY(answers::save_settings(state));

    std::unique_ptr<supervise::SupervisorProcess> supervisor; // before anybody can wait for us
    if (options.supervisor)
        supervisor = TRY(supervise::SupervisorProcess::create(*options.supervisor));

    auto parts = TRY(Parts::create({std::move(state), lock.take(), std::move(supervisor), std::move(gate),
        std::move(witness), open_lineage(), sensor::open_device_gate(), sensor::open_sent_bytes(),
        {sensor::open_condemned_gate(), sensor::open_truncation_gate()}, open_self_gate(options),
        std::move(journal), std::move(repository), options}));
    TRY(parts->recall());
    if (!options.excludes.empty())
        for (auto const& tree : trees)
            parts->protection.leave_out(tree, options.excludes);
    if (trees.empty() && !parts->protection.has_trees())
        return Error(
            Errc::invalid, "no tree is named, and '" + options.state_dir + "' knows of none to guard");
    TRY(parts->begin());
    for (auto const& tree : trees)
        TRY(parts->protection.protect_at_start(tree.path, options.excludes));
    parts->protection.start_is_over();
    if (!died.empty())
        parts->record_death(died);
    return std::unique_ptr<Guard>(new Guard(std::move(parts)));
}

Guard::Guard(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) { }

Guard::~Guard() = default;

void Guard::run()
{
    parts_->run();
}

void Guard::stop()
{
    parts_->stop();
}

} // namespace tocsin::guard
