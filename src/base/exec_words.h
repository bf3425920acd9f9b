// SPDX-License-Identifier: Apache-2.0
// base/exec_words.h -- a command's words as execv(2) takes them.
#pragma once

#include <string>
#include <vector>

namespace tocsin {

// Made before fork(2), because nothing may be allocated after it. Borrows `words`.
inline std::vector<char*> pointers_to(std::vector<std::string>& words)
{
    std::vector<char*> out;
    for (auto& word : words)
        out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

} // namespace tocsin
