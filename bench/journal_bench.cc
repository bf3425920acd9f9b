// SPDX-License-Identifier: Apache-2.0
// How many records a second the journal takes in and gives back.
//
// Batches of 500 over 50,000 objects.
#include <benchmark/benchmark.h>
#include <filesystem>
#include <random>

#include "tocsin/journal/journal.h"

namespace tocsin::journal {
namespace {

using event::ActivityKind;
using event::Record;

constexpr std::size_t batch_size = 500;
constexpr std::uint64_t object_count = 50'000;

// A journal in a directory of its own, which goes with it.
struct Setting {
    Setting()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "journal-bench-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            std::abort();
        directory = pattern;
        journal = Journal::open(directory + "/journal.db", Access::read_write).take();
    }
    ~Setting()
    {
        journal.reset();
        std::filesystem::remove_all(directory);
    }
    Setting(Setting const&) = delete;
    Setting& operator=(Setting const&) = delete;

    std::string directory;
    std::unique_ptr<Journal> journal;
};

// Whose files the next records are about.
enum class Locality {
    bursts, // as hosts work: a process goes through a directory, each file is opened, changed, closed
    scattered, // the worst case: every record is about another object at random
};

class Source {
public:
    explicit Source(Locality locality) : locality_(locality) { }

    event::Activity activity()
    {
        if (locality_ == Locality::scattered || step_ == kinds.size())
            next_file();
        event::Activity out;
        out.kind = locality_ == Locality::bursts ? kinds[step_++] : kinds[random_() % kinds.size()];
        out.time = wall_now();
        out.object = object();
        out.object_kind = event::ObjectKind::regular;
        out.root = {1};
        out.process = {process_, 123'456};
        out.path = path();
        if (out.kind == ActivityKind::created || out.kind == ActivityKind::deleted)
            out.place = {{file_ / 100 + 1}, "report-" + std::to_string(file_) + ".odt"};
        return out;
    }
    event::Version version()
    {
        next_file();
        event::Version out;
        out.object = object();
        out.key = {0x1234567890ULL, {1, Bytes(12, std::byte{7})}};
        out.root = {1};
        out.time = wall_now();
        out.occasion = event::Occasion::close;
        out.writer = {process_, 123'456};
        out.path = path();
        out.metadata.mode = 0100644;
        out.metadata.size = 40'000;
        out.metadata.mtime_ns = out.metadata.ctime_ns = out.metadata.btime_ns = to_nanoseconds(out.time);
        out.digest = Sha256::of(as_bytes(out.path));
        out.content = {out.digest};
        return out;
    }
    Record mixed()
    {
        if (random_() % 4 == 0)
            return version();
        return activity();
    }

private:
    // One in four gives or takes a name.
    static constexpr std::array kinds{ActivityKind::opened, ActivityKind::changed, ActivityKind::closed,
        ActivityKind::opened, ActivityKind::closed, ActivityKind::attributes, ActivityKind::deleted,
        ActivityKind::created};

    void next_file()
    {
        step_ = random_() % kinds.size();
        ++file_;
        if (locality_ == Locality::scattered || random_() % 50 == 0) {
            file_ = random_() % object_count;
            process_ = static_cast<std::int32_t>(1000 + random_() % 50);
        }
    }
    // Scattered over 64 bits, as digests are.
    event::ObjectId object() const { return {(file_ + 1) * 0x9e3779b97f4a7c15ULL}; }
    std::string path() const
    {
        return "/srv/projects/department-" + std::to_string(file_ / 100) + "/report-" + std::to_string(file_)
            + ".odt";
    }

    Locality locality_;
    std::mt19937_64 random_{1}; // the same records in every run
    std::uint64_t file_ = 0;
    std::int32_t process_ = 1000;
    std::size_t step_ = 0;
};

template <typename Make>
void append_batches(benchmark::State& state, Locality locality, Make make)
{
    Setting setting;
    Source source(locality);
    for (auto _ : state) {
        state.PauseTiming();
        std::vector<Record> batch;
        for (std::size_t i = 0; i < batch_size; ++i)
            batch.push_back(make(source));
        state.ResumeTiming();
        setting.journal->append(batch).take();
    }
    auto records = static_cast<double>(state.iterations()) * batch_size;
    state.SetItemsProcessed(static_cast<std::int64_t>(records));
    setting.journal.reset();
    state.counters["records/CPU s"] = benchmark::Counter(records, benchmark::Counter::kIsRate);
    state.counters["bytes/record"] =
        static_cast<double>(std::filesystem::file_size(setting.directory + "/journal.db")) / records;
}

void append_activities(benchmark::State& state, Locality locality)
{
    append_batches(state, locality, [](Source& source) -> Record { return source.activity(); });
}
void append_versions(benchmark::State& state, Locality locality)
{
    append_batches(state, locality, [](Source& source) -> Record { return source.version(); });
}
void append_mixed(benchmark::State& state, Locality locality)
{
    append_batches(state, locality, [](Source& source) -> Record { return source.mixed(); });
}
BENCHMARK_CAPTURE(append_activities, bursts, Locality::bursts)->Iterations(2000)->UseRealTime();
BENCHMARK_CAPTURE(append_activities, scattered, Locality::scattered)->Iterations(2000)->UseRealTime();
BENCHMARK_CAPTURE(append_versions, bursts, Locality::bursts)->Iterations(1000)->UseRealTime();
BENCHMARK_CAPTURE(append_versions, scattered, Locality::scattered)->Iterations(1000)->UseRealTime();
BENCHMARK_CAPTURE(append_mixed, bursts, Locality::bursts)->Iterations(1000)->UseRealTime();

// What the writer of one activity alone pays: a transaction each.
void append_one(benchmark::State& state)
{
    Setting setting;
    Source source(Locality::bursts);
    for (auto _ : state) {
        std::vector<Record> one{source.activity()};
        setting.journal->append(one).take();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(append_one)->Unit(benchmark::kMicrosecond)->UseRealTime();

void fill(Setting& setting, std::size_t batches)
{
    Source source(Locality::bursts);
    for (std::size_t i = 0; i < batches; ++i) {
        std::vector<Record> batch;
        for (std::size_t k = 0; k < batch_size; ++k)
            batch.push_back(source.mixed());
        setting.journal->append(batch).take();
    }
}

void verify_records(benchmark::State& state)
{
    constexpr std::size_t batches = 200;
    Setting setting;
    fill(setting, batches);
    for (auto _ : state)
        setting.journal->verify().take();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batches * batch_size));
}
BENCHMARK(verify_records)->Unit(benchmark::kMillisecond)->UseRealTime();

void growth(benchmark::State& state)
{
    Setting setting;
    fill(setting, 400);
    for (auto _ : state)
        benchmark::DoNotOptimize(setting.journal->growth(wall_now()).take());
}
BENCHMARK(growth)->Unit(benchmark::kMillisecond)->UseRealTime();

void for_each_current(benchmark::State& state)
{
    Setting setting;
    fill(setting, 400);
    std::int64_t visited = 0;
    for (auto _ : state) {
        auto visit = [&](CurrentObject const&) -> Result<void> {
            ++visited;
            return {};
        };
        setting.journal->for_each_current({}, visit).take();
    }
    state.SetItemsProcessed(visited);
}
BENCHMARK(for_each_current)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
} // namespace tocsin::journal
