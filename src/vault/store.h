// SPDX-License-Identifier: Apache-2.0
// vault/store.h -- where a repository's bytes live: the interface of all backends.
//
// A store keeps whole files that are written once and never changed, and staged files that
// grow at their end until they are published under a final name. A staged file outlives the
// process that wrote it: whoever comes next lists, opens and finishes it.
// Threads: any, on one store. A StagedFile has one writer; read_at() may run beside it.
// Errors: `not_found`, `exists`, `full`, `denied`; `again` for a staged file that another
// living holder has open; `invalid` for a name that could lead elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/base/bytes.h"

namespace tocsin::vault {

enum class FileKind : std::uint8_t { config, key, snapshot, index, lock, pack };

std::string_view to_string(FileKind kind);

struct FileInfo {
    std::string name;
    std::uint64_t size = 0;
};

// Held by one owner at a time; destruction lets go of it and leaves it where it is.
class StagedFile {
public:
    virtual ~StagedFile() = default;

    // On error the file is as before.
    virtual Result<void> append(ByteView bytes) = 0;
    virtual Result<void> truncate(std::uint64_t size) = 0;
    virtual std::uint64_t size() const = 0;

    // Exactly `length` bytes; `corrupt` past the end. Also after publish().
    virtual Result<Bytes> read_at(std::uint64_t offset, std::size_t length) const = 0;

    // Durable under its final name, or as before. `exists` when the name is taken.
    virtual Result<void> publish(FileKind kind, std::string const& name) = 0;

    // Removes it. REQUIRES: not published.
    virtual Result<void> discard() = 0;
};

class Store {
public:
    virtual ~Store() = default;

    // Durable on return. Refuses to replace: `exists`.
    virtual Result<void> put(FileKind kind, std::string const& name, ByteView bytes) = 0;
    virtual Result<Bytes> get(FileKind kind, std::string const& name) const = 0;
    // Exactly `length` bytes; `corrupt` past the end.
    virtual Result<Bytes> get_range(
        FileKind kind, std::string const& name, std::uint64_t offset, std::size_t length) const = 0;
    virtual Result<std::uint64_t> size(FileKind kind, std::string const& name) const = 0;
    virtual Result<std::vector<FileInfo>> list(FileKind kind) const = 0; // in no order
    virtual Result<void> remove(FileKind kind, std::string const& name) = 0;

    virtual Result<std::unique_ptr<StagedFile>> create_staged(std::string const& name) = 0;
    virtual Result<std::unique_ptr<StagedFile>> open_staged(std::string const& name) = 0;
    // For those who only look, beside a living holder.
    virtual Result<Bytes> read_staged(
        std::string const& name, std::uint64_t offset, std::size_t length) const = 0;
    virtual Result<std::vector<FileInfo>> list_staged() const = 0;
};

// A final name is 64 lower-case hexadecimal digits ("config" for the config); a staged one
// has 1 to 100 characters of a-z, 0-9, '.' and '-', and does not begin with a dot.
Result<void> check_file_name(FileKind kind, std::string_view name);
Result<void> check_staged_name(std::string_view name);

// What the config file is called.
inline constexpr std::string_view config_name = "config";

} // namespace tocsin::vault
