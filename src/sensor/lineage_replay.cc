// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/lineage_replay.h"

#include <sys/eventfd.h>

#include "tocsin/base/sys.h"

namespace tocsin::sensor {
namespace {

constexpr std::string_view magic = "TOCSINRC";
constexpr std::uint32_t version = 1;
constexpr std::size_t header_bytes = 20;
constexpr std::size_t record_limit = 16 << 20;
constexpr int drain_limit = 4096;

Bytes header()
{
    ByteWriter out;
    out.raw(as_bytes(magic));
    out.fixed(version);
    out.fixed(std::uint32_t{0}); // incompatible
    out.fixed(std::uint32_t{0}); // compatible
    return out.take();
}

Result<void> check_header(ByteView bytes)
{
    ByteReader in(bytes);
    auto found = TRY(in.raw(magic.size()));
    if (as_text(found) != magic)
        return Error(Errc::corrupt, "this is no recording");
    auto its_version = TRY(in.fixed<std::uint32_t>());
    auto incompatible = TRY(in.fixed<std::uint32_t>());
    if (its_version != version || incompatible != 0)
        return Error(Errc::unsupported, "the recording is of a newer version");
    return {};
}

class ReplayLineage final : public LineageSource {
public:
    ReplayLineage(RecordingReader reader, UniqueFd ready)
        : reader_(std::move(reader)), ready_(std::move(ready))
    {
    }

    int fd() const override { return ready_.get(); }
    std::uint64_t lost() const override { return 0; }
    std::string_view engine() const override { return "replay"; }

    Result<void> drain(LifecycleSink const& sink) override
    {
        for (int taken = 0; taken < drain_limit; ++taken) {
            auto record = reader_.next();
            if (!record.ok()) {
                end();
                return record.take_error();
            }
            auto held = record.take();
            if (!held) {
                end();
                return {};
            }
            if (auto* process = std::get_if<event::Process>(&*held))
                tell(std::move(*process), sink);
        }
        return {};
    }

private:
    // A file is always readable to poll(2); an eventfd is so until we have come to the end.
    void end()
    {
        eventfd_t count = 0;
        (void)::eventfd_read(ready_.get(), &count);
    }

    void tell(event::Process process, LifecycleSink const& sink)
    {
        auto kind = born_.insert(process.key).second ? LifecycleKind::forked : LifecycleKind::executed;
        sink({kind, std::move(process)});
    }

    RecordingReader reader_;
    UniqueFd ready_;
    std::unordered_set<event::ProcessKey> born_;
};

} // namespace

Result<RecordingWriter> RecordingWriter::create(std::string const& path)
{
    auto fd = TRY(sys::open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(sys::write_all(fd.get(), header()).context("write recording '" + path + "'"));
    return RecordingWriter(std::move(fd));
}

Result<void> RecordingWriter::append(event::Record const& record)
{
    auto body = event::encode(record);
    if (body.size() > record_limit)
        return Error(Errc::full, "a record is larger than a recording takes");
    ByteWriter out;
    out.fixed(static_cast<std::uint32_t>(body.size()));
    out.raw(body);
    return sys::write_all(fd_.get(), out.bytes()).context("write recording");
}

Result<RecordingReader> RecordingReader::open(std::string const& path)
{
    auto fd = TRY(sys::open(path, O_RDONLY | O_NONBLOCK));
    Bytes head(header_bytes);
    auto size = TRY(sys::read_at(fd.get(), head, 0));
    TRY(check_header(ByteView(head).first(size)).context("open recording '" + path + "'"));
    RecordingReader reader(std::move(fd));
    reader.offset_ = header_bytes;
    return reader;
}

Result<std::optional<event::Record>> RecordingReader::next()
{
    std::array<std::byte, 4> prefix;
    auto got = TRY(sys::read_at(fd_.get(), prefix, offset_));
    if (got == 0)
        return std::optional<event::Record>();
    ByteReader in(ByteView(prefix).first(got));
    auto size = TRY(in.fixed<std::uint32_t>().context("read recording"));
    if (size > record_limit)
        return Error(Errc::corrupt, "read recording: a record is longer than 16 MiB");
    Bytes body(size);
    auto read = TRY(sys::read_at(fd_.get(), body, offset_ + prefix.size()));
    if (read != size)
        return Error(Errc::corrupt, "read recording: it ends inside a record");
    auto record = TRY(event::decode(body).context("read recording"));
    offset_ += prefix.size() + size;
    return std::optional<event::Record>(std::move(record));
}

Result<std::unique_ptr<LineageSource>> open_replay_lineage(std::string const& path)
{
    auto reader = TRY(RecordingReader::open(path));
    UniqueFd ready(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ready)
        return Error::from_errno(errno, "eventfd");
    return std::unique_ptr<LineageSource>(
        std::make_unique<ReplayLineage>(std::move(reader), std::move(ready)));
}

} // namespace tocsin::sensor
