// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/sys.h"
#include "tocsin/base/test.h"
#include "tocsin/verdict/replay.h"
#include "tocsin/verdict/testing/scene.h"

namespace tocsin::verdict {
namespace {

using namespace testing;

// 100 files that the walk found, and `rm` taking them one by one.
Bytes an_rm_run()
{
    Bytes recording = to_bytes(as_bytes(recording_magic));
    Scene scene;
    auto record = [&](event::Activity activity) {
        append_record(recording, activity);
        scene.tell(activity);
    };
    auto root = scene.activity(ActivityKind::seen, {}, "/srv");
    root.object = {1};
    root.object_kind = ObjectKind::directory;
    root.place = {{}, "/srv"};
    record(root);
    std::vector<std::string> paths;
    for (std::uint64_t i = 0; i < 100; ++i) {
        paths.push_back("/srv/f" + std::to_string(100 + i));
        auto seen = scene.activity(ActivityKind::seen, {}, paths.back());
        seen.object = {1000 + i};
        seen.metadata.emplace().size = 500;
        record(seen);
        auto const version = scene.version({}, paths.back(), seen.object, text(i), event::Occasion::walk);
        append_record(recording, version);
        scene.tell(version);
    }
    event::Process rm;
    rm.key = {77, 77};
    rm.parent = {1, 1};
    rm.command = "rm -rf /srv";
    append_record(recording, rm);
    for (auto const& path : paths)
        record(scene.activity(ActivityKind::deleted, rm.key, path));
    return recording;
}

TEST(Replay, DecidesAsTheGuardDid)
{
    test::TempDir dir;
    auto const recording = an_rm_run();
    ASSERT_OK(sys::write_file_durably(AT_FDCWD, dir / "run.rec", recording, 0600));
    auto const replayed = replay(dir / "run.rec", Settings{}).take();
    ASSERT_EQ(1U, replayed.decisions.size());
    EXPECT_EQ("rm -rf /srv", replayed.decisions[0].incident.actor.command);
    EXPECT_EQ(1U, replayed.left.objects); // the folder
}

TEST(Replay, RefusesWhatIsNoRecording)
{
    EXPECT_ERRC(Errc::corrupt, replay_bytes(as_bytes("TOCSREC2"), Settings{}));
    EXPECT_ERRC(Errc::corrupt, replay_bytes(as_bytes("TOC"), Settings{}));
}

TEST(Replay, RefusesARecordingThatEndsWithinARecord)
{
    auto recording = an_rm_run();
    recording.pop_back();
    EXPECT_ERRC(Errc::corrupt, replay_bytes(recording, Settings{}));
}

} // namespace
} // namespace tocsin::verdict
