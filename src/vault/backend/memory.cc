// SPDX-License-Identifier: Apache-2.0
#include "tocsin/vault/backend/memory.h"

namespace tocsin::vault {
namespace {

Result<Bytes> range_of(Bytes const& bytes, std::uint64_t offset, std::size_t length)
{
    if (offset > bytes.size() || length > bytes.size() - offset)
        return Error(Errc::corrupt, "the range lies past the end of the file");
    return to_bytes(ByteView(bytes).subspan(offset, length));
}

Result<void> take_room_locked(MemoryDisk& disk, std::uint64_t bytes)
{
    if (bytes > disk.capacity_bytes || disk.used_bytes > disk.capacity_bytes - bytes)
        return Error(Errc::full, "no space left in memory store");
    disk.used_bytes += bytes;
    return {};
}

Error absent(std::string_view what)
{
    return Error(Errc::not_found, std::string(what) + " is not there");
}

class MemoryStagedFile final : public StagedFile {
public:
    MemoryStagedFile(std::shared_ptr<MemoryDisk> disk, std::string name, std::shared_ptr<Bytes> bytes)
        : disk_(std::move(disk)), name_(std::move(name)), bytes_(std::move(bytes))
    {
    }
    ~MemoryStagedFile() override
    {
        std::lock_guard lock(disk_->mutex);
        if (!gone_)
            disk_->held.erase(name_);
    }

    Result<void> append(ByteView bytes) override
    {
        std::lock_guard lock(disk_->mutex);
        TRY(take_room_locked(*disk_, bytes.size()));
        bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
        return {};
    }
    Result<void> truncate(std::uint64_t size) override
    {
        std::lock_guard lock(disk_->mutex);
        disk_->used_bytes -= bytes_->size();
        bytes_->resize(size);
        disk_->used_bytes += size;
        return {};
    }
    std::uint64_t size() const override
    {
        std::lock_guard lock(disk_->mutex);
        return bytes_->size();
    }
    Result<Bytes> read_at(std::uint64_t offset, std::size_t length) const override
    {
        std::lock_guard lock(disk_->mutex);
        return range_of(*bytes_, offset, length);
    }
    Result<void> publish(FileKind kind, std::string const& name) override
    {
        TRY(check_file_name(kind, name));
        std::lock_guard lock(disk_->mutex);
        if (!disk_->files.emplace(std::pair(kind, name), bytes_).second)
            return Error(Errc::exists, "the name is taken");
        let_go_locked();
        return {};
    }
    Result<void> discard() override
    {
        std::lock_guard lock(disk_->mutex);
        disk_->used_bytes -= bytes_->size();
        let_go_locked();
        return {};
    }

private:
    void let_go_locked()
    {
        disk_->staged.erase(name_);
        disk_->held.erase(name_);
        gone_ = true;
    }

    std::shared_ptr<MemoryDisk> disk_;
    std::string name_;
    std::shared_ptr<Bytes> bytes_;
    bool gone_ = false;
};

} // namespace

Result<void> MemoryStore::put(FileKind kind, std::string const& name, ByteView bytes)
{
    TRY(check_file_name(kind, name));
    std::lock_guard lock(disk_->mutex);
    if (disk_->files.contains({kind, name}))
        return Error(Errc::exists, "the name is taken");
    TRY(take_room_locked(*disk_, bytes.size()));
    disk_->files.emplace(std::pair(kind, name), std::make_shared<Bytes>(to_bytes(bytes)));
    return {};
}

Result<Bytes> MemoryStore::get(FileKind kind, std::string const& name) const
{
    TRY(check_file_name(kind, name));
    std::lock_guard lock(disk_->mutex);
    auto found = disk_->files.find({kind, name});
    if (found == disk_->files.end())
        return absent(name);
    return Bytes(*found->second);
}

Result<Bytes> MemoryStore::get_range(
    FileKind kind, std::string const& name, std::uint64_t offset, std::size_t length) const
{
    auto const bytes = TRY(get(kind, name));
    return range_of(bytes, offset, length);
}

Result<std::uint64_t> MemoryStore::size(FileKind kind, std::string const& name) const
{
    auto const bytes = TRY(get(kind, name));
    return bytes.size();
}

Result<std::vector<FileInfo>> MemoryStore::list(FileKind kind) const
{
    std::lock_guard lock(disk_->mutex);
    std::vector<FileInfo> out;
    for (auto const& [key, bytes] : disk_->files) {
        if (key.first == kind)
            out.push_back({key.second, bytes->size()});
    }
    return out;
}

Result<void> MemoryStore::remove(FileKind kind, std::string const& name)
{
    TRY(check_file_name(kind, name));
    std::lock_guard lock(disk_->mutex);
    auto found = disk_->files.find({kind, name});
    if (found == disk_->files.end())
        return absent(name);
    disk_->used_bytes -= found->second->size();
    disk_->files.erase(found);
    return {};
}

Result<std::unique_ptr<StagedFile>> MemoryStore::create_staged(std::string const& name)
{
    TRY(check_staged_name(name));
    std::lock_guard lock(disk_->mutex);
    auto [entry, is_new] = disk_->staged.emplace(name, std::make_shared<Bytes>());
    if (!is_new)
        return Error(Errc::exists, "the name is taken");
    disk_->held.insert(name);
    return std::unique_ptr<StagedFile>(std::make_unique<MemoryStagedFile>(disk_, name, entry->second));
}

Result<std::unique_ptr<StagedFile>> MemoryStore::open_staged(std::string const& name)
{
    TRY(check_staged_name(name));
    std::lock_guard lock(disk_->mutex);
    auto found = disk_->staged.find(name);
    if (found == disk_->staged.end())
        return absent(name);
    if (!disk_->held.insert(name).second)
        return Error(Errc::again, "another holds " + name);
    return std::unique_ptr<StagedFile>(std::make_unique<MemoryStagedFile>(disk_, name, found->second));
}

Result<Bytes> MemoryStore::read_staged(
    std::string const& name, std::uint64_t offset, std::size_t length) const
{
    TRY(check_staged_name(name));
    std::lock_guard lock(disk_->mutex);
    auto found = disk_->staged.find(name);
    if (found == disk_->staged.end())
        return absent(name);
    return range_of(*found->second, offset, length);
}

Result<std::vector<FileInfo>> MemoryStore::list_staged() const
{
    std::lock_guard lock(disk_->mutex);
    std::vector<FileInfo> out;
    for (auto const& [name, bytes] : disk_->staged)
        out.push_back({name, bytes->size()});
    return out;
}

} // namespace tocsin::vault
