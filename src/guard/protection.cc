// SPDX-License-Identifier: Apache-2.0
// Trees come under protection and leave it, and what the journal knows of them is recalled.
#include <fmt/format.h>
#include <ranges>
#include <sys/file.h>

#include "tocsin/base/path.h"
#include "tocsin/base/sys.h"
#include "tocsin/event/holds.h"
#include "tocsin/guard/parts.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t ancestors_recalled = 64; // as many as the verdict looks at

// Undone while its actor was frozen, which nobody has released or ended since.
Result<bool> is_still_frozen(journal::Journal& journal, event::Incident const& incident)
{
    if (incident.state != event::IncidentState::undone)
        return false;
    auto actions = TRY(journal.actions_of(incident.id));
    auto last = event::last_hold(actions);
    return last && last->kind == event::ActionKind::freeze;
}

class Coming {
public:
    explicit Coming(std::atomic<int>& count) : count_(count) { ++count_; }
    ~Coming() { --count_; }
    Coming(Coming const&) = delete;
    Coming& operator=(Coming const&) = delete;

private:
    std::atomic<int>& count_;
};

} // namespace

Result<void> check_apart(Tree const& tree, answers::StatePaths const& state)
{
    for (auto const& [what, path] :
        {std::pair{"the guard's state", state.dir}, std::pair{"the repository", state.repository}}) {
        if (lies_in(path, tree.path))
            return Error(Errc::invalid,
                fmt::format("'{}' holds {} ('{}'): choose another place for it with {}", tree.path, what,
                    path, path == state.dir ? "--state" : "--repository"));
        if (lies_in(tree.path, path))
            return Error(Errc::invalid, fmt::format("'{}' lies inside {} ('{}')", tree.path, what, path));
    }
    return {};
}

Result<void> Guard::Parts::recall()
{
    roots_ = TRY(reading->roots());
    for (auto const& root : roots_) {
        next_root_ = std::max(next_root_, root.root.value + 1);
        if (!root.is_protected)
            continue;
        decider.expect_walk(wall_now());
        auto recall_one = [&](journal::CurrentObject const& object) -> Result<void> {
            TRY(recall_process(object.creator));
            decider.recall(object);
            return {};
        };
        TRY(reading->for_each_current(root.root, recall_one));
        recalled_.insert(root.root);
    }
    auto incidents = TRY(reading->incidents());
    for (auto const& incident : incidents) {
        decider.recall(incident);
        bool const is_held = TRY(is_still_frozen(*reading, incident));
        if (is_held)
            decider.incidents().recall_held(incident.id);
    }
    return {};
}

void Guard::Parts::leave_out(Tree const& tree, std::vector<std::string> const& excludes)
{
    for (auto& root : roots_)
        if (root.is_protected && root.path == tree.path && root.object == tree.object)
            root.excludes = excludes; // protect() tells the journal
}

// With those it came from, the oldest first.
Result<void> Guard::Parts::recall_process(event::ProcessKey key)
{
    std::vector<event::Process> line;
    while (key && line.size() < ancestors_recalled && recalled_processes_.insert(key).second) {
        auto process = TRY(reading->process(key));
        if (!process)
            break;
        key = process->parent;
        line.push_back(std::move(*process));
    }
    for (auto const& process : std::views::reverse(line))
        decider.recall(process);
    return {};
}

Result<void> Guard::Parts::begin_trees()
{
    recalled_processes_.clear();
    for (auto const& root : std::vector(roots_)) {
        if (!root.is_protected)
            continue;
        auto tree = open_tree(root.path);
        auto done = tree.ok() ? protect(tree.take(), root.excludes) : Result<void>(tree.take_error());
        if (done.ok()) {
            if (auto there = trees.by_path(root.path))
                recalled_.insert(there->root); // also where its directory is another one by now
            continue;
        }
        health.set(cause_of(root.path), "a protected tree is not guarded: " + done.error().message());
        inbox->put(Command([this] { decider.give_up_walk(); }));
    }
    return {};
}

bool Guard::Parts::has_trees() const
{
    return std::ranges::any_of(roots_, &event::RootChange::is_protected);
}

std::string Guard::Parts::cause_of(std::string const& tree_path)
{
    return "tree " + tree_path;
}

// A tree that was protected before goes on where the journal stopped, so that what changed
// meanwhile is known.
Result<void> Guard::Parts::protect(Tree tree, std::vector<std::string> const& excludes)
{
    std::lock_guard guard(protect_mutex_);
    Coming const coming(coming_); // until the walk is asked for, nobody says `guarding`
    if (auto there = trees.by_path(tree.path)) {
        if (!recalled_.contains(there->root))
            return Error(Errc::exists, fmt::format("'{}' is guarded already", tree.path));
        if (excludes.empty() || excludes == there->excludes)
            return {};
        return Error(Errc::exists,
            fmt::format(
                "'{}' is guarded with another --exclude: leave it out, or `tocsin unprotect` the tree "
                "first",
                tree.path));
    }
    for (auto const& other : trees.all()) {
        if (lies_in(tree.path, other->path) || lies_in(other->path, tree.path))
            return Error(Errc::exists,
                fmt::format("'{}' is guarded already, and '{}' overlaps with it", other->path, tree.path));
    }
    TRY(check_apart(tree, state));
    tree.claim = TRY(claim(tree));

    auto known = std::ranges::find_if(
        roots_, [&](auto const& root) { return root.path == tree.path && root.object == tree.object; });
    bool const is_known = known != roots_.end();
    tree.root = is_known ? known->root : event::RootId{next_root_++};
    tree.excludes = excludes;
    event::RootChange change{tree.root, wall_now(), tree.path, tree.object, true, excludes};
    auto added = trees.add(std::move(tree));

    WalkRequest request;
    request.reason = is_known ? WalkReason::restart : WalkReason::first;
    request.tree = added;
    request.place = {{}, added->path};
    request.path = added->path;
    if (is_known)
        request.baseline = TRY(baseline_of(added->root));
    inbox->put(Command([this, change] { decider.record(change); }));
    walker.request(std::move(request));
    remember(change);
    health.set(cause_of(added->path), "");
    return {};
}

// What the journal last knew; the decider is told first, where it was not yet.
Result<std::shared_ptr<Baseline const>> Guard::Parts::baseline_of(event::RootId root)
{
    auto baseline = std::make_shared<Baseline>();
    auto objects = std::make_shared<std::vector<journal::CurrentObject>>();
    bool const is_new = recalled_.insert(root).second;
    recorder.flush();
    std::lock_guard reading_lock(reading_mutex);
    TRY(reading->for_each_current(root, [&](journal::CurrentObject const& object) -> Result<void> {
        if (object.version && holds(*object.version))
            baseline->emplace(object.object, event::stamp_of(object.version->metadata));
        if (is_new)
            objects->push_back(object);
        return {};
    }));
    if (is_new)
        inbox->put(Command([this, objects, now = wall_now()] {
            decider.expect_walk(now);
            for (auto const& object : *objects)
                decider.recall(object);
        }));
    return std::shared_ptr<Baseline const>(std::move(baseline));
}

void Guard::Parts::remember(event::RootChange const& change)
{
    std::erase_if(
        roots_, [&](auto const& root) { return root.root == change.root || root.path == change.path; });
    roots_.push_back(change);
}

// A power cut may have kept the journal's record of a version and not the last of its blobs; and
// a version that only rights or times gave rise to says nothing about content.
bool Guard::Parts::holds(event::Version const& version) const
{
    return version.occasion != event::Occasion::metadata
        && std::ranges::all_of(version.content,
            [&](auto const& id) { return repository->has_blob(vault::BlobType::data, vault::BlobId(id)); });
}

Result<event::RootChange> Guard::Parts::protected_root(std::string const& path)
{
    std::lock_guard guard(protect_mutex_);
    auto resolved = sys::real_path(path);
    auto const wanted = resolved.ok() ? resolved.take() : path;
    auto known = std::ranges::find_if(
        roots_, [&](auto const& root) { return root.is_protected && root.path == wanted; });
    if (known == roots_.end())
        return Error(Errc::not_found, fmt::format("'{}' is not guarded", path));
    return *known;
}

Result<void> Guard::Parts::unprotect(event::RootChange const& root)
{
    std::lock_guard guard(protect_mutex_);
    if (auto tree = trees.by_path(root.path))
        TRY(unmark(tree));
    event::RootChange change = root;
    change.time = wall_now();
    change.is_protected = false;
    remember(change);
    recalled_.erase(change.root);
    health.set(cause_of(change.path), "");
    inbox->put(Command([this, change] {
        decider.forget_tree(change.root);
        decider.record(change);
    }));
    return {};
}

Result<void> Guard::Parts::unmark(std::shared_ptr<Tree const> const& tree)
{
    trees.remove(tree->root);
    if (tree->scope == sensor::MarkScope::filesystem) {
        (void)gate->unmark(tree->fd.get(), tree->scope);
        (void)witness->unmark(tree->fd.get(), tree->scope);
    } else {
        WalkVisitor visitor;
        visitor.mark = [&](int dir_fd) -> Result<void> {
            (void)gate->unmark(dir_fd, sensor::MarkScope::directory);
            (void)witness->unmark(dir_fd, sensor::MarkScope::directory);
            return {};
        };
        visitor.mark_file = [&](int fd) -> Result<void> {
            (void)gate->unmark(fd, sensor::MarkScope::object);
            (void)witness->unmark(fd, sensor::MarkScope::object);
            return {};
        };
        visitor.found = [](Found&&) { return true; };
        visitor.skipped = [](std::string const&, Error const&) { };
        auto fd = TRY(sys::open(tree->path, O_RDONLY | O_DIRECTORY));
        TRY(walk(*tree, std::move(fd), {{}, tree->path}, tree->path, visitor));
    }
    (void)::flock(tree->claim.get(), LOCK_UN);
    return {};
}

} // namespace tocsin::guard
