// SPDX-License-Identifier: Apache-2.0
// base/result.h -- what a fallible function returns: a value, or an Error that says what to do.
//
// An error carries a code that a caller can act on, the errno behind it, and one
// sentence built outermost first: "open pack 'ab12': openat: Permission denied".
// `abort()` is for our bugs; a Result is for the world's. Dropping one does not compile.
#pragma once

#include <cerrno>
#include <concepts>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace tocsin {

// What a caller can do about it. The numbers leave the process nowhere: a refusal that travels has the
// code's name (answers/protocol.h).
enum class Errc {
    not_found = 1, // it is not there: make it, or go on without
    exists = 2, // it is there already
    denied = 3, // missing right: tell the person
    invalid = 4, // the caller or the person asked for nonsense
    corrupt = 5, // bytes from outside are not what their format says
    unsupported = 6, // this kernel, file system or version does not offer it
    full = 7, // no space, or a bound was reached: stop adding
    again = 8, // busy or timed out: the same call may work later
    failed = 9, // anything else from the system
};

class Error {
public:
    Error(Errc code, std::string message) : code_(code), message_(std::move(message)) { }

    // From a system call that failed: "openat 'x': No such file or directory".
    static Error from_errno(int number, std::string_view call);

    Errc code() const { return code_; }
    int errno_value() const { return errno_; }
    std::string const& message() const { return message_; }

    // The same error, told from one step further out.
    Error context(std::string_view doing) &&
    {
        message_.insert(0, std::string(doing) + ": ");
        return std::move(*this);
    }

private:
    Errc code_;
    int errno_ = 0;
    std::string message_;
};

[[noreturn]] void abort_on_error(Error const& error);

template <typename T>
class [[nodiscard]] Result {
public:
    Result()
        requires std::is_void_v<T>
    {
    }
    template <typename U = T>
        requires(!std::is_void_v<T> && std::constructible_from<T, U>
            && !std::same_as<std::remove_cvref_t<U>, Result> && !std::same_as<std::remove_cvref_t<U>, Error>)
    Result(U&& value) // NOLINT: a value converts to success
        : held_(std::in_place_index<0>, std::forward<U>(value))
    {
    }
    Result(Error error) // NOLINT: an error converts to failure
        : held_(std::in_place_index<1>, std::move(error))
    {
    }

    bool ok() const { return held_.index() == 0; }

    // REQUIRES: ok(); anything else is a bug of ours and aborts with the error's words.
    T take()
    {
        if (!ok()) [[unlikely]]
            abort_on_error(std::get<1>(held_));
        if constexpr (!std::is_void_v<T>)
            return std::move(std::get<0>(held_));
    }

    // REQUIRES: !ok().
    Error const& error() const { return std::get<1>(held_); }
    Error take_error() { return std::move(std::get<1>(held_)); }

    Result context(std::string_view doing) &&
    {
        if (!ok())
            return std::move(std::get<1>(held_)).context(doing);
        return std::move(*this);
    }

private:
    using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
    std::variant<Stored, Error> held_; // not std::expected: see docs/decisions/0002-result-type.md
};

} // namespace tocsin

// A whole statement, a whole initialiser or the whole of a `return`, never inside a larger
// expression: there g++ 12 leaks what was built before it. `lint/try` enforces it.
#define TRY(expr)                                                                                            \
    __extension__({                                                                                          \
        auto try_result_ = (expr);                                                                           \
        if (!try_result_.ok()) [[unlikely]]                                                                  \
            return try_result_.take_error();                                                                 \
        try_result_.take();                                                                                  \
    })
