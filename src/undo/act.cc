// SPDX-License-Identifier: Apache-2.0
#include "tocsin/undo/act.h"

#include <algorithm>
#include <condition_variable>
#include <set>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "tocsin/base/log.h"
#include "tocsin/undo/run.h"
#include "tocsin/undo/verify.h"

namespace tocsin::undo {
namespace {

// Files whose contents are synced together: each holds a descriptor until then.
constexpr std::size_t most_contents_at_once = 1024;
constexpr std::size_t steps_at_once = 64;
constexpr std::uint64_t most_replaced_bytes = 256UL << 20; // on disk beside what replaced it

// Tells the journal and the caller how far the workers are, while they work.
class Teller {
public:
    Teller(Run const& run, Recorder& recorder, Options const& options, std::uint64_t total)
        : run_(run), recorder_(recorder), options_(options), total_(total)
    {
    }
    std::chrono::milliseconds every() const { return options_.tell_every; }
    Result<void> tell()
    {
        if (options_.progress)
            options_.progress({run_.steps_done(), total_, run_.bytes_done()});
        return run_.stopped() ? Result<void>{} : recorder_.flush();
    }

private:
    Run const& run_;
    Recorder& recorder_;
    Options const& options_;
    std::uint64_t total_;
};

// Calls work(begin, end) for pieces of [0, count) in several threads, and waits for all.
template <typename Work>
Result<void> in_parallel(std::size_t count, std::size_t piece, unsigned threads, Teller& teller, Work work)
{
    auto pieces = (count + piece - 1) / piece;
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> give_up = false;
    std::mutex mutex;
    std::condition_variable ended;
    auto running = static_cast<std::size_t>(std::max<std::size_t>(1, std::min<std::size_t>(threads, pieces)));
    auto left = running;
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < running; ++i)
        workers.emplace_back([&] {
            for (auto p = next++; p < pieces && !give_up; p = next++)
                work(p * piece, std::min(count, (p + 1) * piece));
            std::lock_guard lock(mutex);
            --left;
            ended.notify_one();
        });
    Result<void> told;
    for (bool all = false; !all;) {
        {
            std::unique_lock lock(mutex);
            all = ended.wait_for(lock, teller.every(), [&] { return left == 0; });
        }
        if (told.ok())
            told = teller.tell();
        give_up = !told.ok();
    }
    return told;
}

Result<void> sync_contents(std::vector<Run::Prepared> const& batch)
{
    std::set<std::uint64_t> synced;
    for (auto const& prepared : batch) {
        if (!prepared.fresh || prepared.step->goal->kind() != event::ObjectKind::regular)
            continue;
        int fd = prepared.fresh->fd();
        auto stat = TRY(sys::stat_fd(fd));
        if (synced.insert(sys::device_of(stat)).second && ::syncfs(fd) != 0)
            return Error::from_errno(errno, "syncfs");
    }
    return {};
}

void write_batch(Run& run, std::span<Step const> steps, Directories& directories)
{
    std::vector<Run::Prepared> batch;
    for (auto const& step : steps) {
        if (step.kind != StepKind::write) {
            auto done = run.do_step(step, directories);
            if (!done.ok())
                run.failed(step, done.error());
            run.step_done();
            continue;
        }
        auto prepared = run.prepare(step, directories);
        if (prepared.ok())
            batch.push_back(prepared.take());
        else {
            run.failed(step, prepared.error());
            run.step_done();
        }
        if (run.stopped())
            return;
    }
    auto synced = sync_contents(batch);
    for (auto& prepared : batch) {
        auto published = synced.ok() ? run.publish(prepared, directories) : Result<void>(synced.error());
        if (!published.ok())
            run.failed(*prepared.step, published.error());
        run.step_done();
        if (run.stopped())
            return;
    }
}

Result<void> clean_leftovers(Run& run, OpenTrees const& trees, Plan const& plan)
{
    std::set<Spot> places(plan.swept.begin(), plan.swept.end());
    for (auto const& step : plan.steps) {
        if (step.kind != StepKind::write)
            continue;
        places.insert({step.spot.root, split(step.spot.path).directory});
        for (auto const& name : step.names)
            places.insert({name.root, split(name.path).directory});
    }
    Directories directories(trees);
    for (auto const& place : places)
        TRY(run.clean(place, directories));
    return {};
}

// A quarter of the descriptors we may have, shared by all workers.
std::size_t contents_at_once(std::size_t count, unsigned threads)
{
    rlimit limit{};
    std::size_t most = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
    auto share = std::min(most / 4, most_contents_at_once) / std::max(threads, 1U);
    auto even = (count + threads - 1) / std::max(threads, 1U);
    return std::clamp<std::size_t>(std::min(share, even), 1, most_contents_at_once);
}

// None: it cannot be known.
std::optional<Writers> others_who_write(Plan const& plan)
{
    auto writers = Writers::look(plan.actors);
    if (writers.ok())
        return writers.take();
    log_line(Severity::warning,
        "cannot tell who has files open for writing: " + writers.error().message()
            + "; what undo replaces goes into the quarantine");
    return {};
}

void remove_replaced(Run& run, std::span<Run::Replaced const> replaced, std::optional<Writers> const& writers,
    OpenTrees const& trees)
{
    Directories directories(trees);
    for (auto const& each : replaced)
        run.remove_replaced(each, writers, directories);
}

Result<void> do_phase(Run& run, Phase phase, std::span<Step const> steps, OpenTrees const& trees,
    Options const& options, Teller& teller)
{
    bool ordered = phase != Phase::clear && phase != Phase::contents;
    auto at_once = phase == Phase::contents ? contents_at_once(steps.size(), options.threads) : steps_at_once;
    auto work = [&](std::size_t begin, std::size_t end) {
        Directories directories(trees);
        if (!run.stopped())
            write_batch(run, steps.subspan(begin, end - begin), directories);
        auto replaced = run.stopped() ? std::vector<Run::Replaced>{} : run.take_replaced(most_replaced_bytes);
        if (!replaced.empty())
            remove_replaced(run, replaced, others_who_write(run.plan()), trees);
    };
    TRY(in_parallel(steps.size(), at_once, ordered ? 1 : options.threads, teller, work));
    if (run.stopped())
        return {};
    auto const replaced = run.take_replaced(0);
    auto const writers = replaced.empty() ? std::nullopt : others_who_write(run.plan());
    return in_parallel(
        replaced.size(), steps_at_once, options.threads, teller, [&](std::size_t begin, std::size_t end) {
            remove_replaced(run, std::span(replaced).subspan(begin, end - begin), writers, trees);
        });
}

Result<void> do_phases(
    Run& run, Plan const& plan, OpenTrees const& trees, Options const& options, Teller& teller)
{
    std::span<Step const> rest(plan.steps);
    bool clean = false; // once every directory has its name
    while (!rest.empty()) {
        auto phase = rest.front().phase;
        if (!clean && phase >= Phase::contents) {
            TRY(clean_leftovers(run, trees, plan));
            clean = true;
        }
        auto end = std::ranges::find_if(rest, [&](Step const& step) { return step.phase != phase; });
        auto steps = rest.first(static_cast<std::size_t>(end - rest.begin()));
        rest = rest.subspan(steps.size());
        TRY(do_phase(run, phase, steps, trees, options, teller));
        if (run.stopped())
            return run.check_going();
    }
    return clean ? Result<void>{} : clean_leftovers(run, trees, plan);
}

struct Checked {
    bool right = false;
    std::string why;
};

Result<Checked> verify_one(Done const& done, Directories& directories)
{
    auto parts = split(done.spot.path);
    if (parts.name.empty())
        parts.name = ".";
    int dir_fd = TRY(directories.at(done.spot.root, parts.directory));
    auto found = TRY(look(dir_fd, parts.name));
    if (!found)
        return Checked{false, "it is not there any more"};
    if (!done.goal)
        return Checked{found->object == done.object, "another object is there"};
    auto sameness = TRY(compare(dir_fd, parts.name, *found, *done.goal));
    if (sameness == Sameness::other_content)
        return Checked{false, "the content read again is not that of the version"};
    return Checked{sameness == Sameness::same, "rights or times are not those of the version"};
}

Result<std::uint64_t> verify(std::vector<Done> const& done, Plan const& plan, OpenTrees const& trees,
    Options const& options, Teller& teller, std::vector<Note>& notes)
{
    std::atomic<std::uint64_t> right = 0;
    std::mutex mutex;
    TRY(in_parallel(
        done.size(), steps_at_once, options.threads, teller, [&](std::size_t begin, std::size_t end) {
            Directories directories(trees);
            for (auto i = begin; i < end; ++i) {
                auto checked = verify_one(done[i], directories);
                auto verdict = checked.ok() ? checked.take() : Checked{false, checked.error().message()};
                if (verdict.right) {
                    ++right;
                    continue;
                }
                std::lock_guard lock(mutex);
                notes.push_back({absolute(plan, done[i].spot), "unverified", verdict.why});
            }
        }));
    return right.load();
}

Result<OpenTrees> open_trees(Plan const& plan)
{
    std::set<event::RootId> used;
    for (auto const& step : plan.steps) {
        used.insert(step.spot.root);
        if (step.kind == StepKind::move || step.kind == StepKind::add_name)
            used.insert(step.from.root);
    }
    for (auto const& directory : plan.swept)
        used.insert(directory.root);
    OpenTrees out;
    for (auto const& tree : plan.trees) {
        if (!used.contains(tree.root))
            continue;
        auto opened = TRY(OpenTree::open(tree));
        out.emplace(tree.root, std::move(opened));
    }
    return out;
}

Result<void> sync_trees(OpenTrees const& trees)
{
    for (auto const& [root, tree] : trees) {
        auto fd = TRY(sys::open_at(tree.fd(), ".", O_RDONLY | O_DIRECTORY));
        if (::syncfs(fd.get()) != 0)
            return Error::from_errno(errno, "syncfs");
    }
    return {};
}

Result<Report> run_plan(
    Plan const& plan, ContentSource& source, Options const& options, journal::Journal* record)
{
    auto begin = steady_now();
    auto trees = TRY(open_trees(plan));
    std::unique_ptr<Quarantine> quarantine;
    if (!options.state_dir.empty() && (!plan.steps.empty() || !plan.swept.empty()))
        quarantine = TRY(Quarantine::open(options.state_dir, plan.incident));
    Recorder recorder(plan, record, options.restored);
    Run run(plan, source, options, recorder, trees, quarantine.get());
    Teller teller(run, recorder, options, plan.steps.size());
    TRY(do_phases(run, plan, trees, options, teller));
    TRY(sync_trees(trees));
    TRY(recorder.flush());

    Report report;
    report.incident = plan.incident;
    report.notes = plan.notes;
    run.correct_notes(report.notes);
    report.counts = run.counts();
    report.counts.failed += plan.counts.failed;
    auto notes = run.take_notes();
    report.verified = TRY(verify(run.take_done(), plan, trees, options, teller, notes));
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
    report.seconds = std::chrono::duration<double>(steady_now() - begin).count();
    return report;
}

} // namespace

Result<Report> carry_out(
    Plan const& plan, ContentSource& source, Options const& options, journal::Journal* record)
{
    if (!options.to_dir)
        return run_plan(plan, source, options, record).context("undo");
    TRY(sys::make_dirs(*options.to_dir, 0700));
    auto target = TRY(sys::real_path(*options.to_dir));
    auto other = options;
    other.to_dir.reset();
    other.state_dir.clear(); // nothing is replaced there, so nothing needs a quarantine
    return run_plan(elsewhere(plan, target), source, other, nullptr).context("write the states before");
}

namespace {

constexpr std::size_t foretold_by_name = 10'000;

std::string_view words_of(Purpose purpose)
{
    switch (purpose) {
    case Purpose::restored:
        return "to restore";
    case Purpose::recreated:
        return "to recreate";
    case Purpose::renamed_back:
        return "to rename back";
    case Purpose::set_aside:
        return "to set aside";
    case Purpose::kept_both:
        return "to keep in both versions";
    case Purpose::passing:
        break;
    }
    return "";
}

} // namespace

Report foretell(Plan const& plan)
{
    Report out;
    out.incident = plan.incident;
    out.counts = plan.counts;
    out.notes = plan.notes;
    for (auto const& step : plan.steps) {
        if (step.purpose == Purpose::passing)
            continue;
        if (out.notes.size() >= plan.notes.size() + foretold_by_name)
            break;
        out.notes.push_back({absolute(plan, step.spot), std::string(words_of(step.purpose)), ""});
    }
    return out;
}

} // namespace tocsin::undo
