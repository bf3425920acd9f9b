// SPDX-License-Identifier: Apache-2.0
// One description of each value's fields serves writing and reading: an archive is called with
// each field in turn. The reading archive keeps its first error and turns the rest into no-ops.
#include "tocsin/event/record.h"

namespace tocsin::event {
namespace {

constexpr std::uint8_t newest_version = 5;

// The first that has a place for all that the record holds: what older programs understand is written as they do.
std::uint8_t version_for(Record const& record)
{
    if (std::holds_alternative<Executable>(record) || std::holds_alternative<Exposure>(record))
        return 3;
    auto const* incident = std::get_if<Incident>(&record);
    if (incident != nullptr && !incident->errands.empty())
        return 4;
    auto const* root = std::get_if<RootChange>(&record);
    if (root != nullptr && root->is_partly_known)
        return 5;
    auto const* action = std::get_if<Action>(&record);
    return action != nullptr && action->client ? 2 : 1;
}

class Writing {
public:
    explicit Writing(std::uint8_t version) : version_(version) { }
    std::uint8_t version() const { return version_; }
    template <typename... Fields>
    void operator()(Fields&... fields)
    {
        (put(fields), ...);
    }
    Bytes take() { return out_.take(); }
    ByteWriter& out() { return out_; }

private:
    void put(bool value) { out_.varint(value ? 1 : 0); }
    void put(std::unsigned_integral auto value) { out_.varint(value); }
    void put(std::signed_integral auto value) { out_.signed_varint(value); }
    void put(float value) { out_.fixed(std::bit_cast<std::uint32_t>(value)); }
    void put(double value) { out_.fixed(std::bit_cast<std::uint64_t>(value)); }
    void put(std::string& text) { out_.sized(text); }
    void put(Bytes& bytes) { out_.sized(bytes); }
    void put(Sha256& digest) { out_.raw(digest.bytes); }
    void put(Sketch& sketch)
    {
        for (auto value : sketch)
            out_.fixed(value);
    }
    void put(WallTime& time) { out_.signed_varint(to_nanoseconds(time)); }
    template <typename E>
        requires std::is_enum_v<E>
    void put(E value)
    {
        out_.varint(static_cast<std::uint64_t>(value));
    }
    template <typename T>
        requires std::is_class_v<T>
    void put(T& value);
    template <typename Tag, typename Value>
    void put(StrongId<Tag, Value>& id)
    {
        put(id.value);
    }
    template <typename A, typename B>
    void put(std::pair<A, B>& pair)
    {
        (*this)(pair.first, pair.second);
    }
    template <typename T>
    void put(std::vector<T>& items)
    {
        out_.varint(items.size());
        for (auto& item : items)
            put(item);
    }
    template <typename T>
    void put(std::optional<T>& item)
    {
        out_.varint(item ? 1 : 0);
        if (item)
            put(*item);
    }

    std::uint8_t version_;
    ByteWriter out_;
};

class Reading {
public:
    Reading(std::uint8_t version, ByteView input) : version_(version), in_(input) { }
    std::uint8_t version() const { return version_; }
    template <typename... Fields>
    void operator()(Fields&... fields)
    {
        (get(fields), ...);
    }
    Result<void> finish()
    {
        if (!error_ && in_.left() != 0)
            error_ = Error(Errc::corrupt, "a record is followed by something else");
        if (error_)
            return std::move(*error_);
        return {};
    }

private:
    // The value of a step of reading, or `fallback` once anything has gone wrong.
    template <typename T>
    T value_of(Result<T> step, T fallback)
    {
        if (!step.ok()) {
            fail(step.take_error());
            return fallback;
        }
        return step.take();
    }
    void fail(Error error)
    {
        if (!error_)
            error_ = std::move(error);
        in_ = ByteReader({});
    }
    template <typename T>
    T narrowed(auto value)
    {
        if (!std::in_range<T>(value)) {
            fail(Error(Errc::corrupt, "a number in a record is out of range"));
            return T{};
        }
        return static_cast<T>(value);
    }

    void get(bool& value) { value = value_of(in_.varint(), std::uint64_t{0}) != 0; }
    template <std::unsigned_integral T>
    void get(T& value)
    {
        value = narrowed<T>(value_of(in_.varint(), std::uint64_t{0}));
    }
    template <std::signed_integral T>
    void get(T& value)
    {
        value = narrowed<T>(value_of(in_.signed_varint(), std::int64_t{0}));
    }
    void get(float& value)
    {
        value = std::bit_cast<float>(value_of(in_.fixed<std::uint32_t>(), std::uint32_t{0}));
    }
    void get(double& value)
    {
        value = std::bit_cast<double>(value_of(in_.fixed<std::uint64_t>(), std::uint64_t{0}));
    }
    void get(std::string& text) { text = value_of(in_.text(), std::string()); }
    void get(Bytes& bytes) { bytes = to_bytes(value_of(in_.sized(), ByteView{})); }
    void get(Sha256& digest)
    {
        auto raw = value_of(in_.raw(digest.bytes.size()), ByteView{});
        if (raw.size() == digest.bytes.size())
            std::memcpy(digest.bytes.data(), raw.data(), raw.size());
    }
    void get(Sketch& sketch)
    {
        for (auto& value : sketch)
            value = value_of(in_.fixed<std::uint32_t>(), std::uint32_t{0});
    }
    void get(WallTime& time) { time = from_nanoseconds(value_of(in_.signed_varint(), std::int64_t{0})); }
    template <typename E>
        requires std::is_enum_v<E>
    void get(E& value)
    {
        value = static_cast<E>(narrowed<std::underlying_type_t<E>>(value_of(in_.varint(), std::uint64_t{0})));
    }
    template <typename T>
        requires std::is_class_v<T>
    void get(T& value);
    template <typename Tag, typename Value>
    void get(StrongId<Tag, Value>& id)
    {
        get(id.value);
    }
    template <typename A, typename B>
    void get(std::pair<A, B>& pair)
    {
        (*this)(pair.first, pair.second);
    }
    template <typename T>
    void get(std::vector<T>& items)
    {
        auto count = value_of(in_.count(1), std::size_t{0}); // every item takes a byte at least
        for (std::size_t i = 0; i < count && !error_; ++i)
            get(items.emplace_back());
    }
    template <typename T>
    void get(std::optional<T>& item)
    {
        if (value_of(in_.varint(), std::uint64_t{0}) != 0)
            get(item.emplace());
    }

    std::uint8_t version_;
    ByteReader in_;
    std::optional<Error> error_;
};

// New fields go to the end of a value and raise newest_version; none is ever taken out.

void fields(auto& a, sys::FileHandle& v)
{
    a(v.type, v.bytes);
}
void fields(auto& a, ObjectKey& v)
{
    a(v.filesystem, v.handle);
}
void fields(auto& a, Place& v)
{
    a(v.parent, v.name);
}
void fields(auto& a, ProcessKey& v)
{
    a(v.pid, v.start_ticks);
}
void fields(auto& a, Extent& v)
{
    a(v.offset, v.length);
}
void fields(auto& a, ContentFacts& v)
{
    a(v.type, v.entropy, v.ends_well, v.unpacked_size, v.sketch);
}

void fields(auto& a, Metadata& v)
{
    a(v.mode, v.uid, v.gid, v.links, v.size, v.blocks, v.inode, v.device, v.mtime_ns, v.ctime_ns, v.atime_ns,
        v.btime_ns, v.inode_flags, v.xattrs, v.link_target);
}

void fields(auto& a, RootChange& v)
{
    a(v.root, v.time, v.path, v.object, v.is_protected, v.excludes);
    if (a.version() >= 5)
        a(v.is_partly_known);
}
void fields(auto& a, GuardChange& v)
{
    a(v.time, v.state, v.reason);
}

void fields(auto& a, Process& v)
{
    a(v.key, v.parent, v.uid, v.session, v.cgroup_id, v.cgroup, v.executable, v.command, v.is_kernel_thread);
}

void fields(auto& a, Version& v)
{
    a(v.id, v.object, v.key, v.root, v.time, v.occasion, v.writer, v.path, v.metadata, v.content, v.digest,
        v.extents, v.facts);
}

void fields(auto& a, Activity& v)
{
    a(v.id, v.time, v.kind, v.process, v.object, v.key, v.object_kind, v.root, v.place, v.target, v.path,
        v.target_path, v.displaced, v.metadata);
}

void fields(auto& a, Actor& v)
{
    a(v.kind, v.top, v.user, v.address, v.command, v.cgroup, v.processes);
}

void fields(auto& a, Errand& v)
{
    a(v.process, v.since, v.until);
}
void fields(auto& a, Incident& v)
{
    a(v.id, v.opened, v.state, v.actor, v.score, v.reasons, v.objects_changed, v.objects_deleted,
        v.objects_created, v.bytes_exposed, v.first_activity, v.last_activity);
    if (a.version() >= 4)
        a(v.errands);
}

void fields(auto& a, Finding& v)
{
    a(v.incident, v.time, v.signal, v.points, v.reason, v.objects);
}
void fields(auto& a, ClientAddress& v)
{
    a(v.address, v.port, v.network);
}
void fields(auto& a, Action& v)
{
    a(v.incident, v.time, v.kind, v.by, v.processes, v.outcome);
    if (a.version() >= 2)
        a(v.client);
}

void fields(auto& a, Executable& v)
{
    a(v.incident, v.time, v.path, v.digest, v.why_not);
}
void fields(auto& a, Exposure& v)
{
    a(v.incident, v.time, v.executable, v.unit, v.address, v.port, v.is_udp, v.files, v.bytes_read,
        v.bytes_sent);
}

template <typename T>
    requires std::is_class_v<T>
void Writing::put(T& value)
{
    fields(*this, value);
}

template <typename T>
    requires std::is_class_v<T>
void Reading::get(T& value)
{
    fields(*this, value);
}

// The value's alternative number is its tag on disk: append to Record, never reorder it.
template <std::size_t I>
Record blank(std::size_t tag)
{
    if constexpr (I + 1 < std::variant_size_v<Record>) {
        if (tag != I)
            return blank<I + 1>(tag);
    }
    return Record(std::in_place_index<I>);
}

} // namespace

Bytes encode(Record const& record)
{
    Writing archive(version_for(record));
    archive.out().fixed(archive.version());
    archive.out().fixed(static_cast<std::uint8_t>(record.index()));
    auto copy = record; // archives take fields as lvalues; writing changes none
    std::visit([&](auto& value) { fields(archive, value); }, copy);
    return archive.take();
}

Result<Record> decode(ByteView bytes)
{
    if (bytes.size() > 16 * 1024 * 1024)
        return Error(Errc::corrupt, "a record is larger than 16 MiB");
    ByteReader head(bytes);
    auto version = TRY(head.fixed<std::uint8_t>());
    auto tag = TRY(head.fixed<std::uint8_t>());
    if (version == 0 || version > newest_version)
        return Error(Errc::unsupported, "a record has a format version that this program does not know");
    if (tag >= std::variant_size_v<Record>)
        return Error(Errc::corrupt, "a record is of a kind that does not exist");
    auto record = blank<0>(tag);
    Reading archive(version, bytes.subspan(2));
    std::visit([&](auto& value) { fields(archive, value); }, record);
    TRY(archive.finish());
    return record;
}

} // namespace tocsin::event
