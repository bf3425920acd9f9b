// SPDX-License-Identifier: Apache-2.0
// Trees come under protection and leave it, and what the journal knows of them is recalled.
#include <fmt/format.h>
#include <ranges>
#include <sys/file.h>

#include "tocsin/answers/place.h"
#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"
#include "tocsin/event/restraint.h"
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
    auto last = event::last_restraint(actions);
    return last && last->kind == event::ActionKind::freeze;
}

bool is_empty(Tree const& tree)
{
    auto entries = sys::list_dir(tree.fd.get());
    return entries.ok() && entries.take().empty();
}

class PendingWalk {
public:
    explicit PendingWalk(std::atomic<int>& count) : count_(count) { ++count_; }
    ~PendingWalk() { --count_; }
    PendingWalk(PendingWalk const&) = delete;
    PendingWalk& operator=(PendingWalk const&) = delete;

private:
    std::atomic<int>& count_;
};

} // namespace

Result<void> Guard::Parts::recall()
{
    roots_ = TRY(reading->roots());
    for (auto const& root : roots_) {
        next_root_ = std::max(next_root_, root.root.value + 1);
        if (!root.is_protected)
            continue;
        decider.expect_walk(root.root, wall_now());
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
        if (root.is_protected && root.path == tree.path)
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

void Guard::Parts::begin_trees()
{
    std::lock_guard guard(protect_mutex_);
    recalled_processes_.clear();
    for (auto const& root : std::vector(roots_)) {
        if (!root.is_protected)
            continue;
        begin_tree(root);
        auto const there = trees.by_path(root.path);
        if (there && there->root == root.root)
            continue; // its walk has been asked for
        inbox->put(Command([this, root] {
            decider.give_up_walk(root.root);
            decider.forget_tree(root.root);
        }));
        recalled_.erase(root.root); // recalled again when its directory comes back
        if (there) // another directory by now; the command line may name it once more
            recalled_.insert(there->root);
    }
}

// Its directory may not be there yet: then it is looked for again.
void Guard::Parts::begin_tree(event::RootChange const& root)
{
    auto done = protect_tree(root.path, root.excludes);
    if (!done.ok())
        health.set(cause_of(root.path), "a protected tree is not guarded: " + done.error().message());
}

void Guard::Parts::look_for_trees()
{
    std::lock_guard guard(protect_mutex_);
    for (auto const& root : std::vector(roots_))
        if (is_awaited(root))
            begin_tree(root);
}

bool Guard::Parts::is_awaited(event::RootChange const& root) const
{
    return root.is_protected && !trees.by_path(root.path);
}

bool Guard::Parts::has_trees() const
{
    return std::ranges::any_of(roots_, &event::RootChange::is_protected);
}

std::string Guard::Parts::cause_of(std::string const& tree_path)
{
    return "tree " + tree_path;
}

Result<void> Guard::Parts::protect(std::string const& path, std::vector<std::string> const& excludes)
{
    std::lock_guard guard(protect_mutex_);
    if (is_over_)
        return Error(Errc::again, "nothing was guarded any more, and the guard ends: try again");
    return protect_tree(path, excludes);
}

Result<void> Guard::Parts::protect_at_start(std::string const& path, std::vector<std::string> const& excludes)
{
    std::lock_guard guard(protect_mutex_);
    if (std::ranges::any_of(roots_, [&](auto const& root) { return root.path == path && is_awaited(root); }))
        return {};
    return protect_tree(path, excludes);
}

// Its path is guarded: that very directory, and as it shall be?
Result<void> Guard::Parts::refuse_another(
    Tree const& there, Tree const& wanted, std::vector<std::string> const& excludes)
{
    if (there.object != wanted.object)
        return Error(Errc::exists,
            fmt::format(
                "'{0}' is guarded, but another directory stands there now: 'tocsin unprotect {0}' and "
                "protect it again",
                there.path));
    if (excludes.empty() || excludes == there.excludes)
        return {};
    return Error(Errc::exists,
        fmt::format("'{}' is guarded with another --exclude: leave it out, or `tocsin unprotect` the tree "
                    "first",
            there.path));
}

// A tree that was protected before goes on where the journal stopped, so that what changed
// meanwhile is known. Nothing is changed before all is well.
Result<void> Guard::Parts::protect_tree(std::string const& path, std::vector<std::string> const& excludes)
{
    PendingWalk const pending(pending_walks_); // until the walk is asked for, nobody says `guarding`
    auto tree = TRY(open_tree(path));
    if (auto there = trees.by_path(tree.path))
        return refuse_another(*there, tree, excludes);
    auto const before = TRY(replaced_by(tree, path));
    answers::Surroundings around{state.dir, state.repository, {}};
    for (auto const& other : trees.all())
        around.guarded.push_back(other->path);
    TRY(answers::check_apart(tree.path, around));
    tree.claim = TRY(claim(tree));

    auto known = std::ranges::find_if(
        roots_, [&](auto const& root) { return root.path == tree.path && root.object == tree.object; });
    bool const is_known = known != roots_.end();
    tree.root = is_known ? known->root : event::RootId{next_root_++};
    tree.excludes = excludes;
    event::RootChange change{tree.root, wall_now(), tree.path, tree.object, true, excludes};
    WalkRequest request;
    request.reason = is_known ? WalkReason::restart : WalkReason::first;
    request.place = {{}, tree.path};
    request.path = tree.path;
    if (is_known)
        request.baseline = TRY(baseline_of(tree.root));
    if (before) {
        log_line(Severity::warning,
            fmt::format(
                "'{}' is not the directory that was guarded there: it is captured as a new one", tree.path));
        let_go(*before);
    }
    request.tree = trees.add(std::move(tree));
    inbox->put(Command([this, change] { decider.record(change); }));
    (void)walker.request(std::move(request));
    remember(change);
    health.set(cause_of(change.path), "");
    return {};
}

// The protected tree in whose place this directory is; none: there is no other. `not_found` where it may
// be a mount point without its disk, or where a protected tree's path leads elsewhere.
Result<std::optional<event::RootChange>> Guard::Parts::replaced_by(
    Tree const& tree, std::string const& path) const
{
    auto is_another = [&](auto const& root) {
        bool const leads_elsewhere = root.path == path && path != tree.path;
        return root.is_protected
            && (leads_elsewhere || (root.path == tree.path && root.object != tree.object));
    };
    auto found = std::ranges::find_if(roots_, is_another);
    if (found == roots_.end())
        return std::optional<event::RootChange>();
    if (found->path != tree.path)
        return Error(Errc::not_found,
            fmt::format("'{0}' leads to '{1}' by now: 'tocsin unprotect {0}' and protect that", found->path,
                tree.path));
    if (is_empty(tree))
        return Error(Errc::not_found,
            fmt::format("'{0}' is empty, and not the directory that was guarded there: mount its disk, or "
                        "'tocsin unprotect {0}' and protect it again",
                tree.path));
    return std::optional(*found);
}

// What the journal last knew; the decider is told first, where it was not yet.
Result<std::shared_ptr<Baseline const>> Guard::Parts::baseline_of(event::RootId root)
{
    auto baseline = std::make_shared<Baseline>();
    auto objects = std::make_shared<std::vector<journal::CurrentObject>>();
    bool const is_new = !recalled_.contains(root);
    recorder.flush();
    std::lock_guard reading_lock(reading_mutex);
    TRY(reading->for_each_current(root, [&](journal::CurrentObject const& object) -> Result<void> {
        if (object.version && holds(*object.version))
            baseline->emplace(object.object, event::stamp_of(object.version->metadata));
        if (is_new)
            objects->push_back(object);
        return {};
    }));
    recalled_.insert(root);
    if (is_new)
        inbox->put(Command([this, root, objects, now = wall_now()] {
            decider.expect_walk(root, now);
            for (auto const& object : *objects)
                decider.recall(object);
        }));
    return std::shared_ptr<Baseline const>(std::move(baseline));
}

void Guard::Parts::remember(event::RootChange const& change)
{
    std::erase_if(roots_, [&](auto const& root) { return root.root == change.root; });
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

Result<event::RootChange> Guard::Parts::protected_root(std::string const& path) const
{
    auto resolved = sys::real_path(path);
    // Its path may be a symlink by now: the name that it was guarded by goes first.
    for (auto const& wanted : {path, resolved.ok() ? resolved.take() : path})
        for (auto const& root : roots_)
            if (root.is_protected && root.path == wanted)
                return root;
    return Error(Errc::not_found, fmt::format("'{}' is not guarded", path));
}

Result<bool> Guard::Parts::unprotect(std::span<std::string const> paths)
{
    std::lock_guard guard(protect_mutex_);
    std::vector<event::RootChange> leaving;
    for (auto const& path : paths) {
        auto root = TRY(protected_root(path));
        leaving.push_back(std::move(root));
    }
    for (auto const& root : leaving)
        let_go(root);
    is_over_ = !has_trees();
    if (is_over_)
        stop();
    return is_over_;
}

void Guard::Parts::let_go(event::RootChange const& root)
{
    if (auto tree = trees.by_path(root.path))
        unmark(tree);
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
}

// Where a directory cannot be reached any more, the marks go with it.
void Guard::Parts::unmark(std::shared_ptr<Tree const> const& tree)
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
        auto fd = sys::open_by_handle(tree->fd.get(), tree->key.handle, O_RDONLY | O_DIRECTORY | O_NOATIME);
        if (fd.ok())
            (void)walk(*tree, fd.take(), {{}, tree->path}, tree->path, visitor);
    }
    (void)::flock(tree->claim.get(), LOCK_UN);
}

} // namespace tocsin::guard
