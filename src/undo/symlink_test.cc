// SPDX-License-Identifier: Apache-2.0
// Nothing is reached through a symlink or outside its tree, whenever it is put there.
#include <filesystem>
#include <fstream>

#include "tocsin/undo/testing/scene.h"

namespace tocsin::undo {
namespace {

namespace fs = std::filesystem;

class Misled : public testing::Test {
protected:
    // A folder with names like the tree's, which nobody may write to.
    void make_outside()
    {
        fs::create_directories(scene.elsewhere() + "/deep");
        for (auto const* name : {"/a.txt", "/b.txt", "/deep/c.txt"})
            std::ofstream(scene.elsewhere() + name) << "outside";
        fs::permissions(scene.elsewhere() + "/a.txt", fs::perms(0604));
        outside = see_outside();
    }
    std::map<std::string, std::string> see_outside() const
    {
        std::map<std::string, std::string> out;
        for (auto const& entry : fs::recursive_directory_iterator(scene.elsewhere())) {
            auto stat = sys::stat_at(AT_FDCWD, entry.path(), AT_SYMLINK_NOFOLLOW).take();
            auto seen = std::to_string(stat.stx_mode) + " " + std::to_string(stat.stx_ino) + " "
                + std::to_string(sys::to_nanoseconds(stat.stx_mtime));
            if (entry.is_regular_file())
                seen += " " + sys::read_text(entry.path(), 1000).take();
            out[entry.path()] = seen;
        }
        return out;
    }

    Scene scene;
    std::map<std::string, std::string> outside;
};

// At each unit of work once, a folder is replaced by a symlink.
class MisledMeanwhile : public testing::TestWithParam<char const*> { };

TEST_P(MisledMeanwhile, NothingOutsideIsTouched)
{
    bool swapped = true;
    int n = 0;
    for (n = 1; swapped && n < 200; ++n) {
        Scene scene;
        auto outside = scene.elsewhere();
        for (auto const* name : {"plans/a.txt", "plans/b.txt", "plans/deep/c.txt"})
            scene.given(name, "plan");
        scene.protect();
        scene.open_incident(event::ActorKind::process_tree, {attacker});
        scene.write(attacker, "plans/a.txt", "XXXX");
        scene.rename(attacker, "plans/b.txt", "plans/b.locked");
        scene.remove(attacker, "plans/deep/c.txt");
        scene.create(attacker, "plans/README", "pay");
        fs::create_directories(outside + "/deep");
        std::ofstream(outside + "/a.txt") << "outside";
        std::ofstream(outside + "/b.locked") << "outside";

        auto options = scene.options();
        options.threads = 1;
        int asked = 0;
        swapped = false;
        options.keep_going = [&] {
            if (++asked == n) {
                std::string path = GetParam();
                auto there = path == "plans" ? outside : outside + "/deep";
                fs::rename(scene / path, scene / path + ".moved");
                fs::create_symlink(there, scene / path);
                swapped = true;
            }
            return true;
        };
        (void)scene.undo_with(options);
        std::set<std::string> left;
        for (auto const& entry : fs::recursive_directory_iterator(outside))
            left.insert(fs::relative(entry.path(), outside));
        EXPECT_EQ((std::set<std::string>{"a.txt", "b.locked", "deep"}), left) << "at unit " << n;
        EXPECT_EQ("outside", sys::read_text(outside + "/a.txt", 100).take()) << "at unit " << n;
        EXPECT_EQ("outside", sys::read_text(outside + "/b.locked", 100).take()) << "at unit " << n;
    }
    EXPECT_LT(5, n);
}

INSTANTIATE_TEST_SUITE_P(Folders, MisledMeanwhile, testing::Values("plans", "plans/deep"),
    [](auto const& which) { return std::string(which.param) == "plans" ? "Upper" : "Deeper"; });

// Who owns a folder above the tree could else have a root's restore write anywhere.
TEST_F(Misled, RestoreDoesNotFollowASymlinkAboveTheTree)
{
    scene.given("a.txt", "first");
    scene.protect();
    auto then = wall_now();
    make_outside();
    auto above = fs::path(scene.tree()).parent_path();
    fs::create_directory(scene.elsewhere() + "/tree");
    fs::rename(above, above.string() + ".moved");
    fs::create_symlink(above.string() + ".moved/elsewhere", above);
    std::string paths[] = {scene / "a.txt"};
    auto plan = plan_restore(scene.journal(), paths, then).take();
    auto options = scene.options();
    options.state_dir = above.string() + ".moved/state";
    auto restored = carry_out(plan, scene.contents(), options, &scene.journal());
    bool reached = fs::exists(above.string() + ".moved/elsewhere/tree/a.txt");
    fs::remove(above);
    fs::rename(above.string() + ".moved", above);
    EXPECT_FALSE(restored.ok());
    EXPECT_FALSE(reached);
}

// The tree itself, known by its identity, may be reached over a new symlink.
TEST_F(Misled, RestoreFindsTheVeryTreeBehindASymlink)
{
    scene.given("a.txt", "first");
    scene.protect();
    auto then = wall_now();
    scene.remove(alice, "a.txt");
    auto above = fs::path(scene.tree()).parent_path();
    fs::rename(above, above.string() + ".moved");
    fs::create_symlink(above.string() + ".moved", above);
    std::string paths[] = {scene / "a.txt"};
    auto plan = plan_restore(scene.journal(), paths, then).take();
    EXPECT_OK(carry_out(plan, scene.contents(), scene.options(), &scene.journal()));
    EXPECT_EQ("first", scene.read("a.txt"));
    fs::remove(above);
    fs::rename(above.string() + ".moved", above);
}

TEST_F(Misled, ALinkInTheNameOfADirectoryMadeAgainKeepsItsRights)
{
    make_outside();
    scene.given("plans/b.txt", "plan");
    scene.protect();
    scene.open_incident(event::ActorKind::process_tree, {attacker});
    scene.remove_all(attacker, "plans");
    auto options = scene.options();
    options.threads = 1;
    options.keep_going = [&] { // when the folder is there and its rights are still to come
        if (fs::exists(scene / "plans/b.txt")) {
            fs::rename(scene / "plans", scene / "moved");
            fs::create_hard_link(scene.elsewhere() + "/a.txt", scene / "plans");
        }
        return true;
    };
    (void)scene.undo_with(options);
    EXPECT_EQ(outside, see_outside());
}

} // namespace
} // namespace tocsin::undo
