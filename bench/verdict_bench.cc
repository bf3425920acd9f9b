// SPDX-License-Identifier: Apache-2.0
// What one event costs the decision thread, with 100,000 objects in the catalog.
#include <benchmark/benchmark.h>

#include "tocsin/verdict/testing/scene.h"

namespace {

using namespace tocsin;
using namespace tocsin::verdict;
using namespace tocsin::verdict::testing;

constexpr std::size_t folders = 10;
constexpr std::size_t files_each = 10'000;

std::unique_ptr<Scene> a_stage(std::vector<std::string>& paths)
{
    auto scene = std::make_unique<Scene>();
    for (std::size_t i = 0; i < folders; ++i) {
        auto const folder = "/srv/d" + std::to_string(i);
        scene->files(folder, files_each, text, ".txt");
        auto const listed = scene->listed(folder);
        paths.insert(paths.end(), listed.begin(), listed.end());
    }
    return scene;
}

// A guard that may not stop anybody, so that every deletion is judged in full.
Settings never_acting()
{
    Settings settings;
    settings.act = 1e9;
    settings.act_on_set = 1e9;
    return settings;
}

void measure_deletions(benchmark::State& state, std::vector<event::Activity> const& all, Scene& scene)
{
    Verdict verdict(scene.catalog, scene.tree, never_acting());
    std::size_t next = 0;
    for (auto _ : state) {
        if (next == all.size()) {
            state.SkipWithError("more deletions than files");
            break;
        }
        benchmark::DoNotOptimize(verdict.consider(all[next]));
        scene.catalog.apply(all[next], {});
        ++next;
    }
}

std::vector<event::Activity> deletions(Scene& scene, std::vector<std::string> const& paths)
{
    auto const rm = scene.run("rm -rf /srv");
    std::vector<event::Activity> all;
    for (auto const& path : paths)
        all.push_back(scene.activity(ActivityKind::deleted, rm, path));
    return all;
}

void DeletionInOrder(benchmark::State& state)
{
    std::vector<std::string> paths;
    auto scene = a_stage(paths);
    measure_deletions(state, deletions(*scene, paths), *scene);
}
BENCHMARK(DeletionInOrder)->Iterations(100'000);

void DeletionInNoOrder(benchmark::State& state)
{
    std::vector<std::string> paths;
    auto scene = a_stage(paths);
    measure_deletions(state, deletions(*scene, scene->shuffled(paths)), *scene);
}
BENCHMARK(DeletionInNoOrder)->Iterations(100'000);

void VersionOverContent(benchmark::State& state)
{
    std::vector<std::string> paths;
    auto scene = a_stage(paths);
    auto const who = scene->run("vim");
    std::vector<event::Version> versions;
    for (std::uint64_t i = 0; i < paths.size(); ++i)
        versions.push_back(scene->version(
            who, paths[i], scene->id_at(paths[i]), text(i + 1'000'000), event::Occasion::close));
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(scene->verdict.consider(versions[next]));
        scene->catalog.apply(versions[next]);
        next = (next + 1) % versions.size();
    }
}
BENCHMARK(VersionOverContent)->Iterations(100'000);

void Open(benchmark::State& state)
{
    std::vector<std::string> paths;
    auto scene = a_stage(paths);
    auto const who = scene->run("clamscan -r /srv");
    std::vector<event::Activity> opens;
    for (auto const& path : scene->shuffled(paths))
        opens.push_back(scene->activity(ActivityKind::opened, who, path));
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(scene->verdict.consider(opens[next]));
        next = (next + 1) % opens.size();
    }
}
BENCHMARK(Open)->Iterations(1'000'000);

} // namespace

