// SPDX-License-Identifier: Apache-2.0
// vault/base64.h -- RFC 4648 base64 with padding, as Go writes byte strings into JSON.
#pragma once

#include <string>
#include <string_view>

#include "tocsin/base/bytes.h"

namespace tocsin::vault {

std::string to_base64(ByteView bytes);

// Anything that to_base64() would not have written is `corrupt`.
Result<Bytes> from_base64(std::string_view text);

} // namespace tocsin::vault
