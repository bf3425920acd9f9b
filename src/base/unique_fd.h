// SPDX-License-Identifier: Apache-2.0
// base/unique_fd.h -- owns one file descriptor.
#pragma once

#include <unistd.h>
#include <utility>

namespace tocsin {

class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) { }
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) { }
    UniqueFd& operator=(UniqueFd&& other) noexcept
    {
        if (this != &other) {
            reset();
            fd_ = other.release();
        }
        return *this;
    }
    ~UniqueFd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }

    // Never retried on EINTR: on Linux the descriptor is gone either way.
    void reset()
    {
        if (int old = release(); old >= 0)
            (void)::close(old);
    }

private:
    int fd_ = -1;
};

} // namespace tocsin
