// SPDX-License-Identifier: Apache-2.0
#include "tocsin/sensor/fanotify/witness.h"

#include <sys/fanotify.h>
#include <unistd.h>

#include "tocsin/base/bytes.h"
#include "tocsin/sensor/fanotify/marks.h"

namespace tocsin::sensor::fanotify {
namespace {

constexpr std::uint64_t witness_mask =
    FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_ATTRIB | FAN_MODIFY | FAN_ONDIR | FAN_EVENT_ON_CHILD;

// Events of one kind in one directory by one process become one: the queue stays short.
constexpr std::uint64_t alarm_mask = FAN_DELETE | FAN_MOVED_FROM | FAN_ONDIR;

// struct fanotify_event_info_fid (uapi/linux/fanotify.h): header, fsid, file handle and, for the
// *_NAME kinds, a name that ends in a zero byte.
struct Named {
    event::ObjectKey key;
    std::string name;
};

Result<Named> parse_fid(ByteView info)
{
    ByteReader reader(info);
    Named out;
    out.key.filesystem = TRY(reader.fixed<std::uint64_t>());
    auto handle_bytes = TRY(reader.fixed<std::uint32_t>());
    auto handle_type = TRY(reader.fixed<std::uint32_t>());
    out.key.handle.type = static_cast<std::int32_t>(handle_type);
    auto handle = TRY(reader.raw(handle_bytes));
    out.key.handle.bytes = to_bytes(handle);
    auto rest = TRY(reader.raw(reader.left()));
    auto text = as_text(rest);
    out.name = std::string(text.substr(0, text.find('\0')));
    return out;
}

// The kernel names a directory itself as "." in it.
std::string own_name(std::string name)
{
    return name == "." ? std::string() : name;
}

Result<void> parse_info(std::uint8_t kind, ByteView info, WitnessEvent& event)
{
    switch (kind) {
    case FAN_EVENT_INFO_TYPE_FID: {
        auto fid = TRY(parse_fid(info));
        event.object = std::move(fid.key);
        break;
    }
    case FAN_EVENT_INFO_TYPE_DFID:
    case FAN_EVENT_INFO_TYPE_DFID_NAME:
    case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME: {
        auto fid = TRY(parse_fid(info));
        event.directory = std::move(fid.key);
        event.name = own_name(std::move(fid.name));
        break;
    }
    case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME: {
        auto fid = TRY(parse_fid(info));
        event.new_directory = std::move(fid.key);
        event.new_name = own_name(std::move(fid.name));
        break;
    }
    default: // a kind that a later kernel adds tells nothing that we ask for
        break;
    }
    return {};
}

std::uint32_t changes_of(std::uint64_t mask)
{
    auto bit = [&](std::uint64_t kernel, Change change) {
        return (mask & kernel) != 0 ? static_cast<std::uint32_t>(change) : 0;
    };
    return bit(FAN_CREATE, Change::created) | bit(FAN_DELETE, Change::deleted)
        | bit(FAN_RENAME, Change::renamed) | bit(FAN_ATTRIB, Change::attributes)
        | bit(FAN_MODIFY, Change::modified);
}

Result<WitnessEvent> parse_event(fanotify_event_metadata const& head, ByteView infos)
{
    WitnessEvent event;
    event.changes = changes_of(head.mask);
    event.pid = head.pid;
    event.is_directory = (head.mask & FAN_ONDIR) != 0;
    while (!infos.empty()) {
        fanotify_event_info_header info;
        if (infos.size() < sizeof(info))
            return Error(Errc::corrupt, "a fanotify event ends inside an information record");
        std::memcpy(&info, infos.data(), sizeof(info));
        if (info.len < sizeof(info) || info.len > infos.size())
            return Error(Errc::corrupt, "a fanotify information record leads out of its event");
        TRY(parse_info(info.info_type, infos.first(info.len).subspan(sizeof(info)), event));
        infos = infos.subspan(info.len);
    }
    // An event of a directory itself names only the directory.
    if (event.object.handle.bytes.empty())
        event.object = event.directory;
    return event;
}

class FanotifyWitness final : public Witness {
public:
    FanotifyWitness(UniqueFd group, UniqueFd alarm)
        : group_(std::move(group)), alarm_(std::move(alarm)), buffer_(65536)
    {
    }

    Result<void> mark(int dir_fd, MarkScope scope) override
    {
        TRY(set_mark(group_.get(), MarkChange::add, dir_fd, scope, witness_mask));
        if (scope == MarkScope::object)
            return {}; // its names are its directories'
        return set_mark(alarm_.get(), MarkChange::add, dir_fd, scope, alarm_mask);
    }
    Result<void> unmark(int dir_fd, MarkScope scope) override
    {
        TRY(set_mark(group_.get(), MarkChange::remove, dir_fd, scope, witness_mask));
        if (scope == MarkScope::object)
            return {};
        return set_mark(alarm_.get(), MarkChange::remove, dir_fd, scope, alarm_mask);
    }
    int fd() const override { return group_.get(); }
    int alarm_fd() const override { return alarm_.get(); }
    void quiet_alarm() override
    {
        [[maybe_unused]] auto size = ::read(alarm_.get(), buffer_.data(), buffer_.size());
    }
    std::uint64_t overflows() const override { return overflows_; }

    Result<std::vector<WitnessEvent>> drain() override
    {
        auto size = ::read(group_.get(), buffer_.data(), buffer_.size());
        if (size < 0) {
            if (errno == EAGAIN || errno == EINTR)
                return std::vector<WitnessEvent>{};
            return Error::from_errno(errno, "read from the fanotify group");
        }
        return parse_events(ByteView(buffer_).first(static_cast<std::size_t>(size)), overflows_);
    }

private:
    UniqueFd group_;
    UniqueFd alarm_; // a group of its own, whose events only wake
    Bytes buffer_;
    std::uint64_t overflows_ = 0;
};

} // namespace

Result<std::vector<WitnessEvent>> parse_events(ByteView buffer, std::uint64_t& overflows)
{
    std::vector<WitnessEvent> out;
    while (!buffer.empty()) {
        fanotify_event_metadata head;
        if (buffer.size() < sizeof(head))
            return Error(Errc::corrupt, "the fanotify group's answer ends inside an event");
        std::memcpy(&head, buffer.data(), sizeof(head));
        if (head.metadata_len < sizeof(head) || head.event_len < head.metadata_len
            || head.event_len > buffer.size())
            return Error(Errc::corrupt, "a fanotify event leads out of the group's answer");
        auto infos = buffer.first(head.event_len).subspan(head.metadata_len);
        buffer = buffer.subspan(head.event_len);
        if ((head.mask & FAN_Q_OVERFLOW) != 0) {
            ++overflows;
            continue;
        }
        auto event = TRY(parse_event(head, infos));
        out.push_back(std::move(event));
    }
    return out;
}

Result<std::unique_ptr<Witness>> open_witness()
{
    int group = ::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE
            | FAN_UNLIMITED_MARKS | FAN_REPORT_DFID_NAME_TARGET,
        O_RDONLY | O_LARGEFILE | O_CLOEXEC);
    if (group < 0)
        return Error::from_errno(errno, "fanotify_init (handles and names)");
    UniqueFd group_fd(group);
    UniqueFd alarm(
        ::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS | FAN_REPORT_FID,
            O_RDONLY | O_LARGEFILE | O_CLOEXEC));
    if (!alarm)
        return Error::from_errno(errno, "fanotify_init (handles)");
    return std::unique_ptr<Witness>(std::make_unique<FanotifyWitness>(std::move(group_fd), std::move(alarm)));
}

} // namespace tocsin::sensor::fanotify
