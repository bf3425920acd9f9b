// SPDX-License-Identifier: Apache-2.0
#include "simulator/change.h"

#include "simulator/contents.h"
#include "simulator/holes.h"
#include "simulator/replacements.h"
#include "simulator/ring_change.h"

namespace tocsin::simulator {

Result<void> change_file(Worker& worker, std::string const& path)
{
    TRY(worker.budget.take_file());
    switch (worker.change.how) {
    case How::in_place:
        return change_in_place(worker, path);
    case How::mmap_none:
        return change_mapped(worker, path, Flush::none);
    case How::mmap_async:
        return change_mapped(worker, path, Flush::async);
    case How::mmap_sync:
        return change_mapped(worker, path, Flush::sync);
    case How::io_uring:
        return change_by_ring(worker, path);
    case How::direct:
        return change_directly(worker, path);
    case How::truncate_regrow:
        return truncate_and_regrow(worker, path);
    case How::new_and_unlink:
        return write_new_and_unlink(worker, path);
    case How::temp_and_rename:
        return rename_temp_over(worker, path);
    case How::exchange:
        return exchange_with_temp(worker, path);
    case How::clone_zeros:
        return clone_zeros_over(worker, path);
    case How::copy_zeros:
        return copy_zeros_over(worker, path);
    case How::punch:
        return punch_holes(worker, path);
    }
    std::unreachable();
}

} // namespace tocsin::simulator
