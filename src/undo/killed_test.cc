// SPDX-License-Identifier: Apache-2.0
// An undo that was killed: the next one finishes it, whatever the journal was told of the first.
#include <filesystem>

#include "tocsin/undo/scene.h"

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

enum class Journaled { no, yes };

class Killed : public testing::TestWithParam<Journaled> { };

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

        auto options = scene.options();
        options.threads = 1;
        int asked = 0;
        options.keep_going = [&] { return ++asked < n; };
        auto plan = scene.plan();
        auto* told = GetParam() == Journaled::yes ? &scene.journal() : nullptr;
        auto first = carry_out(plan, scene.contents(), options, told);
        ended_itself = first.ok();
        auto report = scene.undo();
        EXPECT_EQ(0U, report.counts.failed) << "killed at unit " << n;
        expect_same(before, scene.snapshot());
        if (testing::Test::HasFailure()) {
            for (auto const& note : report.notes)
                ADD_FAILURE() << n << ": " << note.path << ": " << note.what << ": " << note.why;
            return;
        }
    }
    EXPECT_LT(20, n);
}

INSTANTIATE_TEST_SUITE_P(WithTheJournal, Killed, testing::Values(Journaled::no, Journaled::yes),
    [](auto const& which) { return which.param == Journaled::yes ? "Told" : "NotTold"; });

} // namespace
} // namespace tocsin::undo
