// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/protection.h"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>
#include <sys/file.h>

#include "tocsin/answers/place.h"
#include "tocsin/answers/remembered.h"
#include "tocsin/base/log.h"
#include "tocsin/base/sys.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t ancestors_recalled = 64; // as many as the verdict looks at

bool is_empty(Tree const& tree)
{
    auto entries = sys::list_dir(tree.fd.get());
    return entries.ok() && entries.take().empty();
}

std::string cause_of(std::string const& tree_path) // in Health
{
    return "tree " + tree_path;
}

// Its path is guarded: that very directory, and as it shall be?
Result<void> refuse_another(Tree const& there, Tree const& wanted, std::vector<std::string> const& excludes)
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

Protection::Protection(Parts parts, std::unique_ptr<journal::Journal> reader)
    : parts_(parts), reader_(std::move(reader))
{
}

Result<void> Protection::recall()
{
    std::lock_guard guard(mutex_);
    roots_ = TRY(reader_->roots());
    for (auto const& root : roots_) {
        next_root_ = std::max(next_root_, root.root.value + 1);
        if (root.is_protected)
            TRY(recall_tree(root.root));
    }
    return {};
}

Result<void> Protection::recall_tree(event::RootId root)
{
    parts_.decider.expect_walk(root, wall_now());
    auto baseline = std::make_shared<Baseline>();
    auto recall_one = [&](journal::CurrentObject const& object) -> Result<void> {
        TRY(recall_process(object.creator));
        parts_.decider.recall(object);
        add(object, *baseline);
        return {};
    };
    TRY(reader_->for_each_current(root, recall_one));
    baselines_.emplace(root, std::move(baseline));
    recalled_.insert(root);
    return {};
}

// With those it came from, the oldest first.
Result<void> Protection::recall_process(event::ProcessKey key)
{
    std::vector<event::Process> line;
    while (key && line.size() < ancestors_recalled && recalled_processes_.insert(key).second) {
        auto process = TRY(reader_->process(key));
        if (!process)
            break;
        key = process->parent;
        line.push_back(std::move(*process));
    }
    for (auto const& process : std::views::reverse(line))
        parts_.decider.recall(process);
    return {};
}

void Protection::leave_out(Tree const& tree, std::vector<std::string> const& excludes)
{
    std::lock_guard guard(mutex_);
    for (auto& root : roots_)
        if (root.is_protected && root.path == tree.path)
            root.excludes = excludes; // protect_tree() tells the journal
}

bool Protection::has_trees() const
{
    std::lock_guard guard(mutex_);
    return std::ranges::any_of(roots_, &event::RootChange::is_protected);
}

void Protection::begin()
{
    std::lock_guard guard(mutex_);
    recalled_processes_.clear();
    for (auto const& root : std::vector(roots_)) {
        if (!root.is_protected)
            continue;
        begin_tree(root);
        auto const there = parts_.trees.by_path(root.path);
        if (there && there->root == root.root)
            continue; // its walk has been asked for
        parts_.inbox.put(Command([&decider = parts_.decider, root = root.root] {
            decider.give_up_walk(root);
            decider.forget_tree(root);
        }));
        recalled_.erase(root.root); // recalled again when its directory comes back
        if (there) // another directory by now; the command line may name it once more
            recalled_.insert(there->root);
    }
    baselines_.clear();
}

// Its directory may not be there yet: then it is looked for again.
void Protection::begin_tree(event::RootChange const& root)
{
    auto done = protect_tree(root.path, root.excludes);
    if (!done.ok())
        parts_.health.set(cause_of(root.path), "a protected tree is not guarded: " + done.error().message());
}

void Protection::look_for_awaited()
{
    std::lock_guard guard(mutex_);
    for (auto const& root : std::vector(roots_))
        if (is_awaited(root))
            begin_tree(root);
}

bool Protection::is_awaited(event::RootChange const& root) const
{
    return root.is_protected && !parts_.trees.by_path(root.path);
}

Result<void> Protection::protect(std::string const& path, std::vector<std::string> const& excludes)
{
    std::lock_guard guard(mutex_);
    if (is_over_)
        return Error(Errc::again, "nothing was guarded any more, and the guard ends: try again");
    return protect_tree(path, excludes);
}

Result<void> Protection::protect_at_start(std::string const& path, std::vector<std::string> const& excludes)
{
    std::lock_guard guard(mutex_);
    if (std::ranges::any_of(roots_, [&](auto const& root) { return root.path == path && is_awaited(root); }))
        return {};
    return protect_tree(path, excludes);
}

// A tree that was protected before goes on where the journal stopped, so that what changed
// meanwhile is known. Nothing is changed before all is well.
Result<void> Protection::protect_tree(std::string const& path, std::vector<std::string> const& excludes)
{
    PendingWalk const pending(pending_walks_); // until the walk is asked for, nobody says `guarding`
    auto tree = TRY(open_tree(path));
    if (auto there = parts_.trees.by_path(tree.path))
        return refuse_another(*there, tree, excludes);
    auto const before = TRY(replaced_by(tree, path));
    answers::Surroundings around{parts_.state.dir, parts_.state.repository, {}};
    for (auto const& other : parts_.trees.all())
        around.guarded.push_back(other->path);
    TRY(answers::check_apart(tree.path, around));
    tree.claim = TRY(claim(tree));

    auto known = std::ranges::find_if(
        roots_, [&](auto const& root) { return root.path == tree.path && root.object == tree.object; });
    bool const is_known = known != roots_.end();
    tree.root = is_known ? known->root : event::RootId{next_root_++};
    tree.excludes = excludes;
    bool const is_partly_known = !is_known || known->is_partly_known;
    event::RootChange change{tree.root, wall_now(), tree.path, tree.object, true, excludes, is_partly_known};
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
    request.tree = parts_.trees.add(std::move(tree));
    parts_.inbox.put(Command([&decider = parts_.decider, change] { decider.begin_tree(change); }));
    (void)parts_.walker.request(std::move(request));
    remember(change);
    parts_.health.set(cause_of(change.path), "");
    parts_.devices.refresh();
    parts_.denial.refresh();
    return {};
}

// The protected tree in whose place this directory is; none: there is no other. `not_found` where it may
// be a mount point without its disk, or where a protected tree's path leads elsewhere.
Result<std::optional<event::RootChange>> Protection::replaced_by(
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
Result<std::shared_ptr<Baseline const>> Protection::baseline_of(event::RootId root)
{
    if (auto recalled = baselines_.extract(root))
        return recalled.mapped();
    auto baseline = std::make_shared<Baseline>();
    auto objects = std::make_shared<std::vector<journal::CurrentObject>>();
    bool const is_new = !recalled_.contains(root);
    parts_.recorder.flush();
    TRY(reader_->for_each_current(root, [&](journal::CurrentObject const& object) -> Result<void> {
        add(object, *baseline);
        if (is_new)
            objects->push_back(object);
        return {};
    }));
    recalled_.insert(root);
    if (is_new)
        parts_.inbox.put(Command([&decider = parts_.decider, root, objects, now = wall_now()] {
            decider.expect_walk(root, now);
            for (auto const& object : *objects)
                decider.recall(object);
        }));
    return std::shared_ptr<Baseline const>(std::move(baseline));
}

void Protection::add(journal::CurrentObject const& object, Baseline& baseline) const
{
    if (object.version && holds(*object.version))
        baseline.emplace(object.object, event::stamp_of(object.version->metadata));
}

void Protection::remember(event::RootChange const& change)
{
    std::erase_if(roots_, [&](auto const& root) { return root.root == change.root; });
    roots_.push_back(change);
}

// A power cut may have kept the journal's record of a version and not the last of its blobs; and
// a version that only rights or times gave rise to says nothing about content.
bool Protection::holds(event::Version const& version) const
{
    return version.occasion != event::Occasion::metadata
        && std::ranges::all_of(version.content, [&](auto const& id) {
               return parts_.repository.has_blob(vault::BlobType::data, vault::BlobId(id));
           });
}

Result<bool> Protection::unprotect(std::span<std::string const> paths)
{
    std::lock_guard guard(mutex_);
    std::vector<event::RootChange> leaving;
    for (auto const& path : paths) {
        auto root = TRY(answers::protected_root(roots_, path));
        leaving.push_back(std::move(root));
    }
    for (auto const& root : leaving)
        let_go(root);
    is_over_ = std::ranges::none_of(roots_, &event::RootChange::is_protected);
    return is_over_;
}

void Protection::let_go(event::RootChange const& root)
{
    if (auto tree = parts_.trees.by_path(root.path)) {
        parts_.trees.remove(tree->root);
        parts_.walker.unmark(*tree);
        (void)::flock(tree->claim.get(), LOCK_UN); // the trees keep it open
    }
    parts_.devices.refresh();
    parts_.denial.refresh();
    event::RootChange change = root;
    change.time = wall_now();
    change.is_protected = false;
    remember(change);
    recalled_.erase(change.root);
    parts_.health.set(cause_of(change.path), "");
    parts_.inbox.put(Command([&decider = parts_.decider, change] {
        decider.forget_tree(change.root);
        decider.record(change);
    }));
}

} // namespace tocsin::guard
