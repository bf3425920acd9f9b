// SPDX-License-Identifier: Apache-2.0
#include "tocsin/verdict/replay.h"

#include <fcntl.h>
#include <set>

#include "tocsin/base/sys.h"
#include "tocsin/event/record.h"

namespace tocsin::verdict {
namespace {

constexpr std::size_t longest_recording = std::size_t{4} << 30; // all of it is held in memory

class Player {
public:
    explicit Player(Settings const& settings) : tree_({}), verdict_(catalog_, tree_, settings) { }

    void play(event::Record const& record)
    {
        ++out_.records;
        if (auto const* process = std::get_if<event::Process>(&record)) {
            tree_.apply(*process);
        } else if (auto const* activity = std::get_if<event::Activity>(&record)) {
            bool const is_found = !activity->process && activity->process.start_ticks != 0; // by a walk
            if (!is_found)
                note(verdict_.consider(*activity));
            catalog_.apply(*activity, tree_.maker_of(activity->process));
            roots_.insert(activity->root);
        } else if (auto const* version = std::get_if<event::Version>(&record)) {
            note(verdict_.consider(*version));
            catalog_.apply(*version);
        }
    }
    Replayed finish()
    {
        for (auto root : roots_) {
            auto const counts = catalog_.counts(root);
            out_.left.objects += counts.objects;
            out_.left.directories += counts.directories;
            out_.left.bytes += counts.bytes;
        }
        return std::move(out_);
    }

private:
    void note(std::optional<Decision> decision)
    {
        if (decision)
            out_.decisions.push_back(std::move(*decision));
    }

    catalog::Catalog catalog_;
    ProcessTree tree_;
    Verdict verdict_;
    std::set<event::RootId> roots_;
    Replayed out_;
};

void append(Bytes& recording, event::Record const& record)
{
    auto const bytes = event::encode(record);
    ByteWriter size;
    size.fixed(static_cast<std::uint32_t>(bytes.size()));
    recording.insert(recording.end(), size.bytes().begin(), size.bytes().end());
    recording.insert(recording.end(), bytes.begin(), bytes.end());
}

} // namespace

Result<Replayed> replay_bytes(ByteView recording, Settings const& settings)
{
    ByteReader reader(recording);
    auto const magic = TRY(reader.raw(recording_magic.size()).context("read recording"));
    if (as_text(magic) != recording_magic)
        return Error(Errc::corrupt, "this is no recording");
    Player player(settings);
    while (reader.left() > 0) {
        auto const size = TRY(reader.fixed<std::uint32_t>().context("read recording"));
        auto const bytes = TRY(reader.raw(size).context("read recording"));
        auto const record = TRY(event::decode(bytes).context("read recording"));
        player.play(record);
    }
    return player.finish();
}

Result<Replayed> replay(std::string const& path, Settings const& settings)
{
    auto const bytes = TRY(sys::read_file_at(AT_FDCWD, path, longest_recording));
    return replay_bytes(bytes, settings);
}

void append_record(Bytes& recording, event::Activity const& activity)
{
    append(recording, activity);
}
void append_record(Bytes& recording, event::Version const& version)
{
    append(recording, version);
}
void append_record(Bytes& recording, event::Process const& process)
{
    append(recording, process);
}

} // namespace tocsin::verdict
