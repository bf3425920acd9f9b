// SPDX-License-Identifier: Apache-2.0
#include "tocsin/cli/drill/scenario.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <thread>

#include "tocsin/base/clock.h"
#include "tocsin/base/sys.h"
#include "tocsin/cli/fields.h"

namespace tocsin::cli {

namespace {

constexpr std::chrono::milliseconds between_looks{20};
constexpr std::chrono::minutes destroyer_limit{5};
constexpr std::chrono::seconds record_limit{2};
constexpr std::chrono::seconds verdict_limit{3}; // for what is still on its way when it has ended

bool is_one_of(std::string const& word, std::initializer_list<std::string_view> words)
{
    return std::ranges::find(words, word) != words.end();
}

// Whether an incident's actor can do no more.
bool is_held_back(json::value const& incidents)
{
    return std::ranges::any_of(items_of(incidents), [](json::value const& incident) {
        return is_one_of(Fields(incident).text("state"), {"held", "contained", "stopped"});
    });
}

// Until the guard has stopped it, or it has ended and the guard has had its time.
Result<void> wait_for_end(DrillGuard const& guard, Child& destroyer, Interrupts& interrupts)
{
    auto deadline = steady_now() + destroyer_limit;
    while (steady_now() < deadline) {
        TRY(interrupts.check());
        auto incidents = TRY(guard.ask("incidents", {}));
        if (is_held_back(incidents))
            return {};
        if (destroyer.ended())
            deadline = std::min(deadline, steady_now() + verdict_limit);
        std::this_thread::sleep_for(between_looks);
    }
    return {};
}

// Newest first, so that one that builds on another's leavings goes first.
Result<std::vector<std::int64_t>> incident_numbers(DrillGuard const& guard)
{
    auto incidents = TRY(guard.ask("incidents", {}));
    std::vector<std::int64_t> ids;
    for (auto const& incident : items_of(incidents))
        ids.push_back(static_cast<std::int64_t>(Fields(incident).number("id")));
    std::ranges::sort(ids, std::greater());
    return ids;
}

// What was done is in the journal a moment after the incident's new state is.
Result<std::optional<double>> freeze_of(DrillGuard const& guard, std::int64_t id)
{
    auto deadline = steady_now() + record_limit;
    for (;;) {
        auto incident = TRY(guard.ask("incident", {{"id", id}}));
        auto seconds = seconds_to_freeze(incident);
        bool was_held_back = is_one_of(Fields(incident).text("state"), {"held", "contained", "stopped"});
        if (seconds || !was_held_back || steady_now() >= deadline)
            return seconds;
        std::this_thread::sleep_for(between_looks);
    }
}

Result<void> stop_actors(DrillGuard const& guard, std::span<std::int64_t const> ids, ScenarioResult& result)
{
    for (auto id : ids) {
        auto incident = TRY(guard.ask("incident", {{"id", id}}));
        if (is_one_of(Fields(incident).text("state"), {"held", "contained"}))
            TRY(guard.ask("stop", {{"id", id}}));
        auto seconds = TRY(freeze_of(guard, id));
        if (seconds)
            result.seconds_to_freeze = std::min(*seconds, result.seconds_to_freeze.value_or(*seconds));
    }
    return {};
}

Result<void> undo_all(DrillGuard const& guard, std::span<std::int64_t const> ids, ScenarioResult& result)
{
    for (auto id : ids) {
        auto outcome = TRY(guard.ask("undo", {{"id", id}, {"dry_run", false}}));
        Fields counts(outcome);
        result.restored +=
            counts.number("restored") + counts.number("recreated") + counts.number("renamed_back");
    }
    return {};
}

} // namespace

Result<ScenarioResult> run_scenario(
    Arena& arena, Destroyer const& destroyer, std::string const& guard_program, Interrupts& interrupts)
{
    ScenarioResult result;
    result.name = destroyer.name;
    result.files = count_files(arena.before());
    TRY(arena.reset());
    {
        auto guard = TRY(DrillGuard::start(guard_program, arena, interrupts));
        auto log = TRY(sys::open(arena.log(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600));
        auto running = TRY(release_into(arena.cage(), destroyer, interrupts, log.get()));
        TRY(wait_for_end(guard, running, interrupts));
        auto ids = TRY(incident_numbers(guard));
        TRY(stop_actors(guard, ids, result));
        running.kill();

        auto damaged = TRY(take_manifest(arena.tree()));
        result.touched = compare(arena.before(), damaged).files_changed;
        TRY(undo_all(guard, ids, result));
    }
    auto after = TRY(take_manifest(arena.tree()));
    auto comparison = compare(arena.before(), after);
    result.files_lost = comparison.files_lost;
    result.bytes_lost = comparison.bytes_lost;
    result.identical = comparison.identical();
    result.differences = std::move(comparison.differences);
    TRY(arena.unmount());
    return result;
}

std::optional<double> seconds_to_freeze(json::value const& incident)
{
    std::optional<WallTime> first;
    for (auto const& item : Fields(incident).list("activities")) {
        Fields activity(item);
        if (is_one_of(activity.text("kind"), {"seen", "opened"}))
            continue;
        if (auto time = parse_time(activity.text("time")); time.ok())
            first = std::min(time.take(), first.value_or(WallTime::max()));
    }
    for (auto const& item : Fields(incident).list("actions")) {
        Fields action(item);
        bool by_guard = action.text("by") != drill_user;
        if (!by_guard || !is_one_of(action.text("kind"), {"freeze", "hold", "deny", "kill"}))
            continue;
        if (auto time = parse_time(action.text("time")); time.ok() && first)
            return std::max(0.0, std::chrono::duration<double>(time.take() - *first).count());
    }
    return {};
}

json::value to_json(std::vector<ScenarioResult> const& results)
{
    json::array scenarios;
    for (auto const& result : results) {
        json::object scenario{{"name", result.name}, {"files", result.files}, {"touched", result.touched},
            {"seconds_to_freeze", nullptr}, {"files_lost", result.files_lost},
            {"bytes_lost", result.bytes_lost}, {"restored", result.restored},
            {"identical", result.identical}};
        if (result.seconds_to_freeze)
            scenario["seconds_to_freeze"] = *result.seconds_to_freeze;
        scenarios.push_back(std::move(scenario));
    }
    return json::object{{"scenarios", std::move(scenarios)}, {"pass", passed(results)}};
}

bool passed(std::vector<ScenarioResult> const& results)
{
    return !results.empty()
        && std::ranges::all_of(results, [](ScenarioResult const& result) { return result.identical; });
}

} // namespace tocsin::cli
