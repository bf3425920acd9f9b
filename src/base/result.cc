// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/result.h"

#include <cstdio>
#include <system_error>

namespace tocsin {
namespace {

Errc code_of(int number)
{
    switch (number) {
    case ENOENT:
    case ESRCH:
    case ENODATA:
    case ESTALE:
        return Errc::not_found;
    case EEXIST:
        return Errc::exists;
    case EPERM:
    case EACCES:
    case EROFS:
        return Errc::denied;
    case EINVAL:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return Errc::invalid;
    case EOPNOTSUPP:
    case ENOSYS:
    case ENOTTY:
    case EXDEV:
        return Errc::unsupported;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
        return Errc::full;
    case EAGAIN:
    case EBUSY:
    case ETIMEDOUT:
        return Errc::again;
    default:
        return Errc::failed;
    }
}

} // namespace

Error Error::from_errno(int number, std::string_view call)
{
    Error error(code_of(number), std::string(call) + ": " + std::generic_category().message(number));
    error.errno_ = number;
    return error;
}

void abort_on_error(Error const& error)
{
    std::fprintf(stderr, "tocsin: bug: took the value of a failed result: %s\n", error.message().c_str());
    std::abort();
}

} // namespace tocsin
