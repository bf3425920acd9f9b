// SPDX-License-Identifier: Apache-2.0
// vault/pack_table.h -- which file each pack number stands for, at this moment.
//
// A pack begins as one that we write (or that another process writes, when we only look) and
// becomes a file with a name. Index entries keep the number and never change.
// Threads: none of its own; the repository guards it with its lock.
// Bounds: 56 bytes a pack, and the open packs.
#pragma once

#include <unordered_map>
#include <variant>

#include "tocsin/vault/staged_pack.h"

namespace tocsin::vault {

// Another process's open pack, by its stem in staging/.
struct ForeignPack {
    std::string stem;
};

using PackFile = std::variant<PackId, std::shared_ptr<StagedPack>, ForeignPack>;

class PackTable {
public:
    PackNumber add(PackFile file)
    {
        auto const number = static_cast<PackNumber>(files_.size());
        if (auto const* id = std::get_if<PackId>(&file))
            numbers_.emplace(*id, number);
        files_.push_back(std::move(file));
        return number;
    }
    void publish(PackNumber number, PackId const& id)
    {
        files_[number] = id;
        numbers_.emplace(id, number);
    }
    PackFile const& operator[](PackNumber number) const { return files_[number]; }
    std::optional<PackNumber> find(PackId const& id) const
    {
        auto const found = numbers_.find(id);
        return found == numbers_.end() ? std::optional<PackNumber>() : found->second;
    }
    std::size_t published() const { return numbers_.size(); }

private:
    std::vector<PackFile> files_;
    std::unordered_map<PackId, PackNumber> numbers_;
};

} // namespace tocsin::vault
