// SPDX-License-Identifier: Apache-2.0
#include "simulator/ring_change.h"

#include <fcntl.h>

#include "tocsin/base/sys.h"

namespace tocsin::simulator {
namespace {

// No open of a descriptor's: only the ring shall open.
Result<std::uint64_t> size_of_file(Place const& place)
{
    auto const status = TRY(sys::stat_at(place.folder.get(), place.name, AT_SYMLINK_NOFOLLOW));
    if (!S_ISREG(status.stx_mode))
        return Error(Errc::denied, "'" + place.name + "' is not a regular file");
    return status.stx_size;
}

Result<void> overwrite(Worker& worker, std::uint64_t size)
{
    Bytes unit;
    for (auto const& range : ranges_of(worker.change.pattern, size)) {
        TRY(worker.budget.take_bytes(range.size));
        unit.resize(range.size);
        auto const count = TRY(worker.ring->read(unit, range.offset));
        auto const there = std::span(unit).first(count);
        transform(worker.change.transform, there, range.offset);
        TRY(worker.ring->write(there, range.offset));
    }
    return {};
}

Result<void> change_open_file(Worker& worker, std::uint64_t size)
{
    if (worker.change.ring_does == RingDoes::write)
        return overwrite(worker, size);
    TRY(worker.budget.take_bytes(size));
    return worker.ring->truncate(0);
}

} // namespace

Result<void> change_by_ring(Worker& worker, std::string const& path)
{
    auto const place = TRY(worker.sandbox.place_of(path));
    auto const size = TRY(size_of_file(place));
    switch (worker.change.ring_does) {
    case RingDoes::unlink:
        return worker.ring->unlink(place);
    case RingDoes::rename: {
        auto const to = TRY(worker.sandbox.place_of(path + new_ending));
        return worker.ring->rename(place, to);
    }
    case RingDoes::write:
    case RingDoes::truncate:
        break;
    }
    TRY(worker.ring->open(worker.sandbox.root(), path, O_RDWR));
    auto changed = change_open_file(worker, size);
    TRY(worker.ring->close());
    return changed;
}

} // namespace tocsin::simulator
