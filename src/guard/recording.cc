// SPDX-License-Identifier: Apache-2.0
#include "tocsin/guard/recording.h"

namespace tocsin::guard {

Result<Recording> Recording::create(std::string const& path)
{
    Recording out;
    out.fd_ = TRY(sys::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
    out.buffer_ = to_bytes(as_bytes(verdict::recording_magic));
    return out;
}

void Recording::write()
{
    if (fd_ && !sys::write_all(fd_.get(), buffer_).ok())
        fd_.reset();
    buffer_.clear();
}

} // namespace tocsin::guard
