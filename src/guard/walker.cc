// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/walker.h"

#include <pthread.h>

#include "tocsin/base/sys.h"

namespace tocsin::guard {
namespace {

constexpr std::size_t requests_at_most = 1'000'000;

} // namespace

Walker::Walker(Parts parts) : parts_(parts), requests_(requests_at_most), thread_([this] { run(); }) { }

Walker::~Walker()
{
    stop();
}

void Walker::stop()
{
    stopping_ = true;
    requests_.close();
    if (thread_.joinable())
        thread_.join();
}

bool Walker::request(WalkRequest request)
{
    outstanding_.fetch_add(1);
    bool const is_taken = requests_.put(std::move(request)) == Put::accepted;
    if (!is_taken)
        outstanding_.fetch_sub(1);
    return is_taken;
}

void Walker::run()
{
    ::pthread_setname_np(::pthread_self(), "walker");
    while (auto request = requests_.take()) {
        WalkEnd end{request->reason, request->tree->root, {}, false, request->baseline};
        if (!stopping_)
            carry_out(*request, end);
        parts_.inbox.put(std::move(end));
    }
}

Result<void> Walker::mark(int dir_fd, sensor::MarkScope scope) const
{
    TRY(parts_.gate.mark(dir_fd, scope));
    return parts_.witness.mark(dir_fd, scope);
}

void Walker::unmark(Tree const& tree) const
{
    if (tree.scope == sensor::MarkScope::filesystem) {
        take_mark(tree.fd.get(), tree.scope);
        return;
    }
    WalkVisitor visitor;
    visitor.mark = [&](int dir_fd) -> Result<void> {
        take_mark(dir_fd, sensor::MarkScope::directory);
        return {};
    };
    visitor.mark_file = [&](int fd) -> Result<void> {
        take_mark(fd, sensor::MarkScope::object);
        return {};
    };
    visitor.found = [](Found&&) { return true; };
    visitor.skipped = [](std::string const&, Error const&) { };
    auto fd = sys::open_by_handle(tree.fd.get(), tree.key.handle, O_RDONLY | O_DIRECTORY | O_NOATIME);
    if (fd.ok())
        (void)walk(tree, fd.take(), {{}, tree.path}, tree.path, visitor);
}

void Walker::take_mark(int fd, sensor::MarkScope scope) const
{
    (void)parts_.gate.unmark(fd, scope);
    (void)parts_.witness.unmark(fd, scope);
}

void Walker::carry_out(WalkRequest const& request, WalkEnd& end)
{
    std::optional<Error> passed_over; // the first place that could not be looked at
    auto skipped = [&](std::string const& path, Error const& error) {
        if (error.code() != Errc::not_found && !passed_over) // what is gone again is no gap
            passed_over = Error(error.code(), "'" + path + "' can't be looked at: " + error.message());
    };
    end.outcome = walk_from(request, skipped);
    end.is_whole = end.outcome.ok() && !passed_over && !stopping_;
    if (end.outcome.ok() && passed_over)
        end.outcome = *passed_over;
}

Result<void> Walker::walk_from(
    WalkRequest const& request, std::function<void(std::string const&, Error const&)> const& skipped)
{
    auto const& tree = *request.tree;
    bool const is_whole_tree = request.start.handle.bytes.empty();
    auto const& start = is_whole_tree ? tree.key : request.start;
    int const flags = request.kind == event::ObjectKind::directory ? O_RDONLY | O_DIRECTORY | O_NOATIME
                                                                   : O_PATH | O_NOFOLLOW;
    auto opened = sys::open_by_handle(tree.fd.get(), start.handle, flags);
    if (!opened.ok()) {
        if (!is_whole_tree)
            return {}; // gone again
        return opened.take_error();
    }
    auto fd = opened.take();
    bool const marks_all = tree.scope == sensor::MarkScope::filesystem;
    if (marks_all && is_whole_tree)
        TRY(mark(fd.get(), sensor::MarkScope::filesystem));
    WalkVisitor visitor;
    visitor.mark = [&](int dir_fd) {
        return marks_all ? Result<void>() : mark(dir_fd, sensor::MarkScope::directory);
    };
    visitor.mark_file = [&](int file_fd) {
        return marks_all ? Result<void>() : mark(file_fd, sensor::MarkScope::object);
    };
    visitor.found = [&](Found&& found) { return take(request, std::move(found)); };
    visitor.skipped = skipped;
    return walk(tree, std::move(fd), request.place, request.path, visitor);
}

bool Walker::take(WalkRequest const& request, Found&& found)
{
    if (stopping_)
        return false;
    bool is_regular = event::kind_of_mode(found.metadata.mode) == event::ObjectKind::regular;
    bool is_known = false;
    if (request.baseline) {
        auto at = request.baseline->find(found.object);
        is_known = at != request.baseline->end() && at->second == event::stamp_of(found.metadata);
    }
    FoundObject message{request.reason, request.tree->root, request.process,
        is_regular && !is_known && !parts_.trees.is_excluded(found.path), std::move(found)};
    std::optional<capture::Job> job;
    if (message.is_queued) {
        job.emplace();
        job->occasion =
            request.reason == WalkReason::restart ? event::Occasion::absence : event::Occasion::walk;
        job->by_handle = message.found.key;
        outstanding_.fetch_add(1);
    }
    parts_.inbox.put(std::move(message)); // first the name, then the content
    if (job && parts_.pool.add_waiting(std::move(*job)) != capture::Pool::Added::yes)
        outstanding_.fetch_sub(1);
    return true;
}

} // namespace tocsin::guard
