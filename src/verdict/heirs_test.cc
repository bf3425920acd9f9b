// SPDX-License-Identifier: Apache-2.0
// What a program wrote itself in place of others' files is not its own to destroy.
#include <gtest/gtest.h>

#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

void writes_anew(Scene& scene, ProcessKey who, std::string const& path, Stuff const& stuff)
{
    scene.creates(who, path + ".new", stuff);
    scene.renames(who, path + ".new", path);
}

TEST(Heirs, WhoReplacesAFileByItselfAndDeletesThatDestroysIt)
{
    Scene scene;
    auto const wiper = scene.run("wiper /srv/docs");
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    for (std::size_t n = 0; n < paths.size(); ++n)
        writes_anew(scene, wiper, paths[n], text(n + 1));
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    scene.passes(std::chrono::seconds(10));
    EXPECT_LE(scene.until_stopped(paths, [&](std::string const& path) { scene.deletes(wiper, path); }), 12U);
}

TEST(Heirs, NorByACopyBesideIt)
{
    Scene scene;
    auto const wiper = scene.run("wiper /srv/docs");
    auto const paths = scene.files("/srv/docs", 100, text, ".txt");
    for (std::size_t n = 0; n < paths.size(); ++n) {
        scene.creates(wiper, paths[n] + ".bak", text(n + 1));
        scene.deletes(wiper, paths[n]);
    }
    ASSERT_FALSE(scene.stopped()) << scene.reasons();
    scene.passes(std::chrono::seconds(10));
    std::size_t n = 0;
    while (n < paths.size() && !scene.stopped())
        scene.deletes(wiper, paths[n++] + ".bak");
    EXPECT_LE(n, 12U);
}

TEST(Heirs, WhoWritesAFileAnewMayGiveItItsOwnerBack)
{
    Scene scene;
    auto const editor = scene.run("recoder /srv/docs");
    auto const paths = scene.files("/srv/docs", 40, text, ".txt");
    for (std::size_t n = 0; n < paths.size(); ++n) {
        writes_anew(scene, editor, paths[n], text(n + 1));
        scene.sets(editor, paths[n], [](event::Metadata& m) { m.uid = 1001; });
    }
    EXPECT_FALSE(scene.stopped()) << scene.reasons();
}

} // namespace
} // namespace tocsin::verdict
