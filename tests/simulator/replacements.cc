// SPDX-License-Identifier: Apache-2.0
#include "simulator/replacements.h"

#include <algorithm>
#include <fcntl.h>
#include <linux/fs.h>

#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

constexpr std::uint64_t largest_copy_bytes = 1ULL << 30;

Result<Bytes> changed_content(Worker& worker, std::string const& path)
{
    auto file = TRY(worker.sandbox.open_file(path, O_RDONLY));
    auto const status = TRY(sys::stat_fd(file.get()));
    if (status.stx_size > largest_copy_bytes)
        return Error(Errc::full, "'" + path + "' is too large to copy");
    TRY(worker.budget.take_bytes(status.stx_size));
    Bytes content(status.stx_size);
    auto const count = TRY(sys::read_at(file.get(), content, 0));
    content.resize(count);
    for (auto const& range : ranges_of(worker.change.pattern, content.size()))
        transform(
            worker.change.transform, std::span(content).subspan(range.offset, range.size), range.offset);
    return content;
}

Result<void> write_changed_copy(Worker& worker, std::string const& path, std::string const& to)
{
    auto const content = TRY(changed_content(worker, path));
    auto file = TRY(worker.sandbox.create(to, O_WRONLY, 0600));
    auto const unit = worker.change.pattern.unit_bytes;
    for (auto rest = ByteView(content); !rest.empty();) {
        auto const step = rest.first(std::min<std::size_t>(rest.size(), unit));
        TRY(sys::write_all(file.get(), step));
        rest = rest.subspan(step.size());
    }
    return {};
}

// Names of temporary files differ, as those of the originals do.
std::string temp_for(Worker& worker, std::string const& path)
{
    auto const name = ".tmp-" + name_of(path);
    return worker.change.temp_in == TempIn::root ? name : folder_of(path) + "/" + name;
}

} // namespace

Result<void> unlink_file(Sandbox const& sandbox, std::string const& path)
{
    auto const place = TRY(sandbox.place_of(path));
    return sys::remove_at(place.folder.get(), place.name, 0);
}

Result<void> rename_file(Sandbox const& sandbox, std::string const& from, std::string const& to)
{
    auto const old_place = TRY(sandbox.place_of(from));
    auto const new_place = TRY(sandbox.place_of(to));
    return sys::rename_at(old_place.folder.get(), old_place.name, new_place.folder.get(), new_place.name);
}

Result<void> write_new_and_unlink(Worker& worker, std::string const& path)
{
    TRY(write_changed_copy(worker, path, path + new_ending));
    if (worker.change.deletion == Deletion::at_end)
        return {};
    return unlink_file(worker.sandbox, path);
}

Result<void> rename_temp_over(Worker& worker, std::string const& path)
{
    auto const temp = temp_for(worker, path);
    TRY(write_changed_copy(worker, path, temp));
    return rename_file(worker.sandbox, temp, path);
}

Result<void> exchange_with_temp(Worker& worker, std::string const& path)
{
    auto const temp = temp_for(worker, path);
    TRY(write_changed_copy(worker, path, temp));
    auto const new_place = TRY(worker.sandbox.place_of(temp));
    auto const old_place = TRY(worker.sandbox.place_of(path));
    TRY(sys::rename_at2(
        new_place.folder.get(), new_place.name, old_place.folder.get(), old_place.name, RENAME_EXCHANGE));
    return sys::remove_at(new_place.folder.get(), new_place.name, 0);
}

} // namespace tocsin::simulator
