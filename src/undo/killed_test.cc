// SPDX-License-Identifier: Apache-2.0
// An undo that was killed: the next one finishes it, whatever the journal was told of the first.
#include <filesystem>
#include <thread>

#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

namespace fs = std::filesystem;

// One of everything, for the tests of being killed.
void attack(Scene& scene)
{
    scene.write(attacker, "report.docx", "XXXX");
    scene.write_without_close(attacker, "plans/2024.txt", "half");
    scene.rename(attacker, "plans/2024.txt", "plans/t");
    scene.rename(attacker, "plans/2025.txt", "plans/2024.txt");
    scene.rename(attacker, "plans/t", "plans/2025.txt");
    scene.remove_all(attacker, "inbox");
    scene.write(attacker, "letters/one.txt", "ZZZZ");
    scene.remove(attacker, "letters/copy.txt");
    scene.rename(attacker, "letters", "inbox");
    scene.create(attacker, "README", "pay");
    scene.chmod(attacker, "plans", 0700);
    scene.remove(attacker, "inbox/link");
}

// What the journal knows of the killed run when it is run again.
enum class Told {
    nothing, // it was not given the journal
    phases, // what was told when a phase ended
    all, // everything up to the kill
    names_by_witness, // as `phases`; and the guard saw the names that the run gave and took
};

class Killed : public testing::TestWithParam<Told> {
protected:
    // True when the run ended by itself before its n-th unit of work.
    static bool run_until(int n, Scene& scene)
    {
        auto options = scene.options();
        options.threads = 1;
        options.tell_every = std::chrono::milliseconds(GetParam() == Told::all ? 1 : 1000);
        int asked = 0;
        options.keep_going = [&] {
            if (++asked == n && GetParam() == Told::all)
                std::this_thread::sleep_for(std::chrono::milliseconds(4));
            return asked < n;
        };
        auto* journal = GetParam() == Told::nothing ? nullptr : &scene.journal();
        auto first = carry_out(scene.plan(), scene.contents(), options, journal);
        if (GetParam() == Told::names_by_witness)
            scene.catch_up(event::undo_process);
        return first.ok();
    }
};

// Ends the run at its n-th unit of work, n = 1, 2, ..., and then runs it again to its end.
TEST_P(Killed, AnywhereItGoesOnWhereItEnded)
{
    bool ended_itself = false;
    int n = 0;
    for (n = 1; !ended_itself && n < 500; ++n) {
        Scene scene;
        scene.given("report.docx", "report");
        scene.given("plans/2024.txt", "plan of 2024");
        scene.given("plans/2025.txt", "plan of 2025");
        scene.given("inbox/deep/mail.txt", "mail");
        scene.given("letters/one.txt", "Dear one");
        fs::create_hard_link(scene / "letters/one.txt", scene / "letters/copy.txt");
        fs::create_symlink("one.txt", scene / "letters/link");
        scene.protect();
        scene.open_incident(event::ActorKind::process_tree, {attacker});
        auto before = scene.snapshot();
        attack(scene);

        ended_itself = run_until(n, scene);
        auto report = scene.undo();
        EXPECT_EQ(0U, report.counts.failed) << "killed at unit " << n;
        // Folders that the killed run made, of which nobody told whose place they take, keep their times.
        std::set<std::string> directories;
        if (GetParam() == Told::names_by_witness)
            directories = {"inbox", "inbox/deep"};
        expect_same(without_times(before, directories), without_times(scene.snapshot(), directories));
        if (testing::Test::HasFailure()) {
            for (auto const& note : report.notes)
                ADD_FAILURE() << n << ": " << note.path << ": " << note.what << ": " << note.why;
            return;
        }
    }
    EXPECT_LT(20, n);
}

std::string name_of(testing::TestParamInfo<Told> const& which)
{
    static constexpr char const* names[] = {"Nothing", "Phases", "All", "NamesByTheWitness"};
    return names[static_cast<int>(which.param)];
}

INSTANTIATE_TEST_SUITE_P(TheJournalWasTold, Killed,
    testing::Values(Told::nothing, Told::phases, Told::all, Told::names_by_witness), name_of);

} // namespace
} // namespace tocsin::undo
