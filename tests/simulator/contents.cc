// SPDX-License-Identifier: Apache-2.0
#include "simulator/contents.h"

#include <cstdlib>
#include <fcntl.h>
#include <memory>

#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

constexpr std::uint64_t block_bytes = 4096; // what O_DIRECT wants everything to be a multiple of
constexpr std::uint64_t page_bytes = 4096;

struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
};
using Aligned = std::unique_ptr<std::byte, Free>;

Result<void> look_again(Worker& worker, std::string const& path)
{
    if (worker.change.look_again == LookAgain::yes)
        TRY(worker.sandbox.open_file(path, O_RDONLY));
    return {};
}

// The descriptor is closed at the end: what is stored afterwards belongs to no open file.
Result<Mapping> map_file(Worker& worker, std::string const& path)
{
    auto file = TRY(worker.sandbox.open_file(path, O_RDWR));
    auto const status = TRY(sys::stat_fd(file.get()));
    if (status.stx_size == 0)
        return Mapping(nullptr, Unmap{0});
    void* const memory = ::mmap(nullptr, status.stx_size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED)
        return Error::from_errno(errno, "mmap '" + path + "'");
    return Mapping(static_cast<std::byte*>(memory), Unmap{status.stx_size});
}

Result<void> change_blocks(Worker& worker, int file, Range const& range, std::span<std::byte> buffer)
{
    auto const begin = range.offset / block_bytes * block_bytes;
    auto const end = (range.offset + range.size + block_bytes - 1) / block_bytes * block_bytes;
    auto const blocks = buffer.first(end - begin);
    if (::pread(file, blocks.data(), blocks.size(), static_cast<off_t>(begin)) < 0)
        return Error::from_errno(errno, "pread with O_DIRECT");
    transform(worker.change.transform, blocks.subspan(range.offset - begin, range.size), range.offset);
    if (::pwrite(file, blocks.data(), blocks.size(), static_cast<off_t>(begin)) < 0)
        return Error::from_errno(errno, "pwrite with O_DIRECT");
    return {};
}

} // namespace

Result<void> change_in_place(Worker& worker, std::string const& path)
{
    auto file = TRY(worker.sandbox.open_file(path, O_RDWR));
    auto const status = TRY(sys::stat_fd(file.get()));
    Bytes unit;
    for (auto const& range : ranges_of(worker.change.pattern, status.stx_size)) {
        TRY(worker.budget.take_bytes(range.size));
        unit.resize(range.size);
        auto const count = TRY(sys::read_at(file.get(), unit, range.offset));
        auto const there = std::span(unit).first(count);
        transform(worker.change.transform, there, range.offset);
        TRY(sys::write_all_at(file.get(), there, range.offset));
    }
    TRY(look_again(worker, path));
    if (worker.change.let_go == LetGo::at_end)
        worker.kept.emplace_back(std::move(file));
    return {};
}

Result<void> change_mapped(Worker& worker, std::string const& path, Flush flush)
{
    auto mapping = TRY(map_file(worker, path));
    auto const size = mapping.get_deleter().size;
    std::span const memory(mapping.get(), size);
    for (auto const& range : ranges_of(worker.change.pattern, size)) {
        TRY(worker.budget.take_bytes(range.size));
        transform(worker.change.transform, memory.subspan(range.offset, range.size), range.offset);
        if (flush == Flush::none)
            continue;
        auto const begin = range.offset / page_bytes * page_bytes;
        if (::msync(memory.data() + begin, range.offset + range.size - begin,
                flush == Flush::sync ? MS_SYNC : MS_ASYNC)
            != 0)
            return Error::from_errno(errno, "msync '" + path + "'");
    }
    TRY(look_again(worker, path));
    if (worker.change.let_go == LetGo::at_end)
        worker.kept.emplace_back(std::move(mapping));
    return {};
}

Result<void> change_directly(Worker& worker, std::string const& path)
{
    auto file = TRY(worker.sandbox.open_file(path, O_RDWR | O_DIRECT));
    auto const status = TRY(sys::stat_fd(file.get()));
    auto const most = (worker.change.pattern.unit_bytes + 2 * block_bytes) / block_bytes * block_bytes;
    Aligned const memory(static_cast<std::byte*>(std::aligned_alloc(block_bytes, most)));
    if (!memory)
        return Error(Errc::full, "no memory for a unit");
    for (auto const& range : ranges_of(worker.change.pattern, status.stx_size)) {
        TRY(worker.budget.take_bytes(range.size));
        TRY(change_blocks(worker, file.get(), range, {memory.get(), most}));
    }
    return sys::truncate(file.get(), status.stx_size); // the last block went past the end
}

} // namespace tocsin::simulator
